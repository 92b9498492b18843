#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "feedback/aggregate.hpp"
#include "feedback/words.hpp"
#include "feedback/xml_text.hpp"
#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

constexpr std::string_view kNamespace = "urn:ietf:params:xml:ns:dmarc-2.0";
constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999

/// Without a namespace's prefix. Borrowed from the document.
std::string_view local_name(pugi::xml_node node) {
  const std::string_view name{node.name()};
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

/// Calls `visit(name, child)` for each element within `node`.
template <class F>
void each_child(pugi::xml_node node, const F& visit) {
  for (const auto child : node.children())
    if (child.type() == pugi::node_element) visit(local_name(child), child);
}

std::string text_of(pugi::xml_node node, std::size_t limit = kMaxText) {
  return clean_value(node.child_value(), limit);
}

class Reader {
 public:
  explicit Reader(ParsedAggregate& out) : out_{out} {}

  void note(std::string words) {
    if (out_.notes.size() < kMaxNotes) out_.notes.push_back(std::move(words));
  }

  /// Of the records only the first `whole` are read.
  void read(pugi::xml_node feedback, std::size_t whole) {
    out_.rfc9990 = is_rfc9990(feedback);
    std::size_t seen = 0;
    each_child(feedback, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "report_metadata")) {
        read_metadata(child);
      } else if (text::iequals(name, "policy_published")) {
        read_policy(child);
      } else if (text::iequals(name, "record")) {
        if (seen++ < whole) add_record(child);
      }
    });
  }

 private:
  static bool is_rfc9990(pugi::xml_node feedback) {
    return std::ranges::any_of(feedback.attributes(), [](const pugi::xml_attribute& attribute) {
      return std::string_view{attribute.name()}.starts_with("xmlns") &&
             std::string_view{attribute.value()} == kNamespace;
    });
  }

  template <class E>
  E word(pugi::xml_node node) {
    const auto text = text_of(node, 100);
    const auto value = value_of<E>(text);
    if (value == E::unspecified && !text.empty())
      note(fmt::format("{} is '{}', which is no word for it", local_name(node), text));
    return value;
  }

  std::optional<std::uint64_t> number(pugi::xml_node node) {
    auto text = text_of(node, 100);
    // Some write seconds with a fraction.
    const auto point = text.find('.');
    if (point != text.npos && text.find_first_not_of('0', point + 1) == text.npos)
      text.resize(point);
    const auto value = text::parse_number<std::uint64_t>(text);
    if (!value) note(fmt::format("{} is '{}', which is no number", local_name(node), text));
    return value;
  }

  std::chrono::sys_seconds time(pugi::xml_node node) {
    const auto seconds = number(node).value_or(0);
    if (seconds <= kLastSecond)
      return std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(seconds)}};
    note(fmt::format("{} is beyond the calendar", local_name(node)));
    return {};
  }

  void read_metadata(pugi::xml_node node) {
    auto& metadata = out_.report.metadata;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "org_name")) metadata.org_name = text_of(child);
      if (text::iequals(name, "email")) metadata.email = text_of(child);
      if (text::iequals(name, "extra_contact_info")) metadata.extra_contact_info = text_of(child);
      if (text::iequals(name, "report_id")) metadata.report_id = text_of(child);
      if (text::iequals(name, "generator")) metadata.generator = text_of(child);
      if (text::iequals(name, "date_range")) read_range(child);
      if (text::iequals(name, "error") && metadata.errors.size() < kMaxNotes) {
        auto text = text_of(child);
        if (!text.empty()) metadata.errors.push_back(std::move(text));
      }
    });
  }

  void read_range(pugi::xml_node node) {
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "begin")) out_.report.metadata.begin = time(child);
      if (text::iequals(name, "end")) out_.report.metadata.end = time(child);
    });
  }

  void read_testing(pugi::xml_node node) {
    const auto text = text_of(node, 100);
    const bool yes = text::iequals(text, "y");
    const bool known = yes || text::iequals(text, "n");
    if (known) out_.report.policy.testing = yes;
    if (!known && !text.empty()) note(fmt::format("testing is '{}', neither y nor n", text));
  }

  void read_pct(pugi::xml_node node) {
    const auto value = number(node);
    if (value && *value <= 100) out_.report.policy.pct = static_cast<std::uint8_t>(*value);
  }

  void read_policy_rest(std::string_view name, pugi::xml_node child) {
    auto& policy = out_.report.policy;
    if (text::iequals(name, "fo")) policy.fo = text_of(child);
    if (text::iequals(name, "testing") || text::iequals(name, "t")) read_testing(child);
    if (text::iequals(name, "discovery_method")) policy.discovery_method = word<Discovery>(child);
    if (text::iequals(name, "pct")) read_pct(child);
    if (text::iequals(name, "psd")) policy.psd = text_of(child);
  }

  void read_policy(pugi::xml_node node) {
    auto& policy = out_.report.policy;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "domain")) policy.domain = text_of(child);
      if (text::iequals(name, "p")) policy.p = word<Policy>(child);
      if (text::iequals(name, "sp")) policy.sp = word<Policy>(child);
      if (text::iequals(name, "np")) policy.np = word<Policy>(child);
      if (text::iequals(name, "adkim")) policy.adkim = word<Alignment>(child);
      if (text::iequals(name, "aspf")) policy.aspf = word<Alignment>(child);
      read_policy_rest(name, child);
    });
  }

  void add_record(pugi::xml_node node) {
    if (out_.report.records.size() >= kMaxRecords) {
      if (!out_.partial)
        note(fmt::format("more than {} records; the rest is left out", kMaxRecords));
      out_.partial = true;
      return;
    }
    AggregateRecord record;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "row")) read_row(child, record);
      if (text::iequals(name, "identifiers")) read_identifiers(child, record);
      if (text::iequals(name, "auth_results")) read_auth(child, record);
    });
    if (record.count > 0) {
      out_.report.records.push_back(std::move(record));
    } else {
      note("a record counts no messages and is left out");
    }
  }

  void read_row(pugi::xml_node node, AggregateRecord& record) {
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "source_ip")) {
        const auto text = text_of(child, 100);
        record.source_ip = text::IpAddress::parse(text);
        if (!record.source_ip) note(fmt::format("source_ip is '{}', which is no address", text));
      }
      if (text::iequals(name, "count")) record.count = number(child).value_or(0);
      if (text::iequals(name, "policy_evaluated")) read_evaluated(child, record);
    });
  }

  void read_evaluated(pugi::xml_node node, AggregateRecord& record) {
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "disposition")) record.disposition = word<Disposition>(child);
      if (text::iequals(name, "dkim")) record.dkim = word<Aligned>(child);
      if (text::iequals(name, "spf")) record.spf = word<Aligned>(child);
      if (text::iequals(name, "reason")) read_reason(child, record);
    });
  }

  void read_reason(pugi::xml_node node, AggregateRecord& record) {
    OverrideReason reason;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "type")) reason.type = word<Override>(child);
      if (text::iequals(name, "comment")) reason.comment = text_of(child);
    });
    // Some write an empty one where there is none.
    if (reason != OverrideReason{}) keep(record.reasons, std::move(reason), kMaxReasons);
  }

  static void read_identifiers(pugi::xml_node node, AggregateRecord& record) {
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "header_from")) record.header_from = text_of(child);
      if (text::iequals(name, "envelope_from")) record.envelope_from = text_of(child);
      if (text::iequals(name, "envelope_to")) record.envelope_to = text_of(child);
    });
  }

  void read_auth(pugi::xml_node node, AggregateRecord& record) {
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "dkim")) read_dkim(child, record);
      if (text::iequals(name, "spf")) read_spf(child, record);
    });
  }

  void read_dkim(pugi::xml_node node, AggregateRecord& record) {
    DkimAuth dkim;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "domain")) dkim.domain = text_of(child);
      if (text::iequals(name, "selector")) dkim.selector = text_of(child);
      if (text::iequals(name, "result")) dkim.result = word<AuthResult>(child);
      if (text::iequals(name, "human_result")) dkim.human_result = text_of(child);
    });
    if (dkim != DkimAuth{}) keep(record.dkim_results, std::move(dkim), kMaxDkimResults);
  }

  void read_spf(pugi::xml_node node, AggregateRecord& record) {
    SpfAuth spf;
    each_child(node, [&](std::string_view name, pugi::xml_node child) {
      if (text::iequals(name, "domain")) spf.domain = text_of(child);
      if (text::iequals(name, "scope")) spf.scope = word<SpfScope>(child);
      if (text::iequals(name, "result")) spf.result = word<AuthResult>(child);
      if (text::iequals(name, "human_result")) spf.human_result = text_of(child);
    });
    if (spf != SpfAuth{}) keep(record.spf_results, std::move(spf), kMaxReasons);
  }

  template <class T>
  void keep(std::vector<T>& list, T value, std::size_t most) {
    if (list.size() >= most) {
      out_.partial = true;
      return;
    }
    list.push_back(std::move(value));
  }

  ParsedAggregate& out_;
};

/// The element `feedback`: the root, or within a root that somebody put around it.
pugi::xml_node find_feedback(const pugi::xml_document& document) {
  const auto is_feedback = [](pugi::xml_node node) {
    return text::iequals(local_name(node), "feedback");
  };
  for (const auto root : document.children())
    if (is_feedback(root)) return root;
  for (const auto root : document.children()) {
    for (const auto child : root.children())
      if (is_feedback(child)) return child;
  }
  return {};
}

/// How many records are closed in `xml`, which goes as far as it could be read.
std::size_t count_closed(std::string_view xml, pugi::xml_node feedback) {
  const std::string_view name{feedback.name()};
  const auto colon = name.rfind(':');
  const std::string end =
      fmt::format("</{}record", colon == name.npos ? "" : name.substr(0, colon + 1));
  std::size_t count = 0;
  for (auto at = xml.find(end); at != xml.npos; at = xml.find(end, at + end.size())) ++count;
  return count;
}

}  // namespace

Result<ParsedAggregate> parse_aggregate(std::string_view xml) {
  if (xml.size() > kMaxXml) return fail(Errc::too_large, "XML beyond its limit");
  const std::string text = decode_xml(xml);
  const auto marks = static_cast<std::ptrdiff_t>(kMaxXmlMarks);
  if (std::ranges::count(text, '<') > marks || std::ranges::count(text, '=') > marks)
    return fail(Errc::too_large, "XML of too many pieces");

  pugi::xml_document document;
  constexpr unsigned kFlags =
      pugi::parse_escapes | pugi::parse_eol | pugi::parse_cdata | pugi::parse_embed_pcdata;
  const auto status = document.load_buffer(text.data(), text.size(), kFlags, pugi::encoding_utf8);
  const auto feedback = find_feedback(document);
  const auto why = [&] {
    return fmt::format("XML breaks at octet {}: {}", status.offset, status.description());
  };
  if (!feedback) return fail(Errc::bad_syntax, status ? "no element 'feedback'" : why());

  ParsedAggregate out;
  Reader reader{out};
  std::size_t whole = kMaxRecords + 1;
  if (!status) {
    reader.note(why());
    const auto end = std::clamp<std::ptrdiff_t>(status.offset, 0, std::ssize(text));
    const auto read = std::string_view{text}.substr(0, static_cast<std::size_t>(end));
    whole = count_closed(read, feedback);
    out.partial = read.find("</feedback") == read.npos;
  }
  reader.read(feedback, whole);
  if (out.report.records.empty()) {
    if (!status) return fail(Errc::bad_syntax, why());
    if (out.report.policy.domain.empty())
      return fail(Errc::bad_syntax, "neither a policy nor a record");
    reader.note("no record");
  }
  return out;
}

}  // namespace postern::feedback
