#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "feedback/aggregate.hpp"
#include "feedback/words.hpp"
#include "feedback/xml_text.hpp"

namespace postern::feedback {
namespace {

class Printer {
 public:
  std::string print(const AggregateReport& report) {
    out_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
        "  <version>1.0</version>\n";
    indent_ = 2;
    print_metadata(report.metadata);
    print_policy(report.policy);
    for (const auto& record : report.records)
      if (record.source_ip) print_record(record);
    out_ += "</feedback>\n";
    return std::move(out_);
  }

 private:
  void open(std::string_view name) {
    out_.append(indent_, ' ').append("<").append(name).append(">\n");
    indent_ += 2;
  }
  void close(std::string_view name) {
    indent_ -= 2;
    out_.append(indent_, ' ').append("</").append(name).append(">\n");
  }
  void element(std::string_view name, std::string_view value) {
    out_.append(indent_, ' ').append("<").append(name).append(">");
    append_escaped(out_, clean_value(value, kMaxText));
    out_.append("</").append(name).append(">\n");
  }
  void optional(std::string_view name, std::string_view value) {
    if (!value.empty()) element(name, value);
  }
  /// For what the schema demands.
  template <class E>
  void word(std::string_view name, E value, std::string_view otherwise) {
    const auto known = word_of(value);
    element(name, known.empty() ? otherwise : known);
  }

  void print_metadata(const ReportMetadata& metadata) {
    open("report_metadata");
    element("org_name", metadata.org_name);
    element("email", metadata.email);
    optional("extra_contact_info", metadata.extra_contact_info);
    element("report_id", metadata.report_id);
    open("date_range");
    element("begin", std::to_string(metadata.begin.time_since_epoch().count()));
    element("end", std::to_string(metadata.end.time_since_epoch().count()));
    close("date_range");
    optional("error", fmt::format("{}", fmt::join(metadata.errors, "; ")));
    optional("generator", metadata.generator);
    close("report_metadata");
  }

  void print_policy(const PolicyPublished& policy) {
    open("policy_published");
    element("domain", policy.domain);
    optional("discovery_method", word_of(policy.discovery_method));
    optional("adkim", word_of(policy.adkim));
    optional("aspf", word_of(policy.aspf));
    word("p", policy.p, "none");
    optional("sp", word_of(policy.sp));
    optional("np", word_of(policy.np));
    optional("fo", policy.fo);
    if (policy.testing) element("testing", *policy.testing ? "y" : "n");
    close("policy_published");
  }

  void print_row(const AggregateRecord& record) {
    open("row");
    if (record.source_ip) element("source_ip", record.source_ip->to_string());
    element("count", std::to_string(record.count));
    open("policy_evaluated");
    word("disposition", record.disposition, "none");
    word("dkim", record.dkim, "fail");
    word("spf", record.spf, "fail");
    for (const auto& reason : record.reasons) {
      open("reason");
      word("type", reason.type, "other");
      optional("comment", reason.comment);
      close("reason");
    }
    close("policy_evaluated");
    close("row");
  }

  void print_auth(const AggregateRecord& record) {
    open("auth_results");
    for (const auto& dkim : record.dkim_results) {
      open("dkim");
      element("domain", dkim.domain);
      element("selector", dkim.selector);
      word("result", dkim.result, "none");
      optional("human_result", dkim.human_result);
      close("dkim");
    }
    auto spf = std::ranges::find_if(record.spf_results,
                                    [](const SpfAuth& s) { return s.scope != SpfScope::helo; });
    if (spf == record.spf_results.end()) spf = record.spf_results.begin();
    if (spf != record.spf_results.end()) {
      open("spf");
      element("domain", spf->domain);
      if (spf->scope == SpfScope::mfrom) element("scope", word_of(spf->scope));
      word("result", spf->result, "none");
      optional("human_result", spf->human_result);
      close("spf");
    }
    close("auth_results");
  }

  void print_record(const AggregateRecord& record) {
    open("record");
    print_row(record);
    open("identifiers");
    if (record.envelope_to) element("envelope_to", *record.envelope_to);
    if (record.envelope_from) element("envelope_from", *record.envelope_from);
    element("header_from", record.header_from);
    close("identifiers");
    print_auth(record);
    close("record");
  }

  std::string out_;
  std::size_t indent_ = 0;
};

}  // namespace

std::string print_aggregate(const AggregateReport& report) {
  return Printer{}.print(report);
}

}  // namespace postern::feedback
