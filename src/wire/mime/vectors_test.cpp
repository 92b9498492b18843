// Messages with the answers of other programs: tests/data/mime-imap, -mailparser, -headers (each
// has a README). Where an answer of ours differs on purpose the case stands in a file
// `exceptions.txt` with the reason; an exception that no longer differs fails too.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/encoded_word.hpp"
#include "mime/message.hpp"
#include "mime/text_decoder.hpp"
#include "text/ascii.hpp"

namespace postern::mime {
namespace {

namespace fs = std::filesystem;

const fs::path kData{POSTERN_TEST_DATA};

std::string slurp(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream in{slurp(path)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// `CASE reason` per line.
std::set<std::string> exceptions(const fs::path& dir) {
  std::set<std::string> names;
  for (const std::string& line : lines_of(dir / "exceptions.txt"))
    if (!line.empty() && line[0] != '#') names.insert(line.substr(0, line.find(' ')));
  return names;
}

std::string escaped(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  static const std::map<char, std::string> kNamed = {
      {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'"', "\\\""}};
  std::string out;
  for (const char c : text) {
    const auto named = kNamed.find(c);
    const auto octet = static_cast<unsigned char>(c);
    if (named != kNamed.end())
      out += named->second;
    else if (text::is_control(c) || text::is_8bit(c))
      out += std::string{"\\x"} + kHex[octet >> 4U] + kHex[octet & 0xfU];
    else
      out += c;
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x') {
      out += static_cast<char>(text::hex_value(text[i + 1]) * 16 + text::hex_value(text[i + 2]));
      i += 2;
    } else {
      out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

// --- IMAP ----------------------------------------------------------------------------------------

// What a server prints where an address lacks a part.
struct Habits {
  std::string no_local;
  std::string no_domain;
  bool text_has_charset = false;  // adds charset=us-ascii to text parts that name none
};

std::string str(std::string_view text) {
  return '"' + escaped(text::lower(text)) + '"';
}

std::string nstr(std::string_view text) {
  return text.empty() ? "NIL" : str(text);
}

class ImapPrinter {
 public:
  explicit ImapPrinter(Habits habits) : habits_{std::move(habits)} {}

  [[nodiscard]] std::string envelope(const Envelope& e) const {
    return "(" + opt(e.date) + " " + opt(e.subject) + " " + list(e.from) + " " +
           list(e.sender_or_from()) + " " + list(e.reply_to_or_from()) + " " + list(e.to) + " " +
           list(e.cc) + " " + list(e.bcc) + " " + opt(e.in_reply_to) + " " + opt(e.message_id) +
           ")";
  }

  [[nodiscard]] std::string structure(const Part& part) const {
    if (part.kind == Part::Kind::multipart) {
      std::string out = "(";
      for (const Part& child : part.children) out += structure(child) + " ";
      return out + str(part.subtype) + " " + params(part.params) + " " + extension(part) + ")";
    }
    std::vector<Param> shown = part.params;
    if (habits_.text_has_charset && part.type == "text" && !part.param("charset"))
      shown.push_back({"charset", "us-ascii"});
    std::string out = "(" + str(part.type) + " " + str(part.subtype) + " " + params(shown) + " " +
                      nstr(part.id) + " " + nstr(part.description) + " " +
                      (part.encoding.empty() ? "\"7bit\"" : str(part.encoding)) + " " +
                      std::to_string(part.size()) + " ";
    if (part.kind == Part::Kind::message)
      out += envelope(*part.envelope) + " " + structure(part.children.front()) + " ";
    if (part.kind == Part::Kind::message || part.type == "text")
      out += std::to_string(part.lines) + " ";
    return out + nstr(part.md5) + " " + extension(part) + ")";
  }

 private:
  static std::string opt(const std::optional<std::string>& text) {
    return text ? str(*text) : "NIL";
  }

  [[nodiscard]] std::string mailbox(const Mailbox& m) const {
    return "(" + nstr(m.name) + " " + nstr(m.route) + " " +
           str(m.local.empty() ? habits_.no_local : m.local) + " " +
           str(m.domain.empty() ? habits_.no_domain : m.domain) + ")";
  }

  [[nodiscard]] std::string list(const AddressList& addresses) const {
    if (addresses.empty()) return "NIL";
    std::vector<std::string> shown;
    for (const Address& address : addresses) {
      if (const auto* m = std::get_if<Mailbox>(&address)) {
        shown.push_back(mailbox(*m));
        continue;
      }
      const auto& group = std::get<Group>(address);
      shown.push_back("(NIL NIL " + str(group.name) + " NIL)");
      for (const Mailbox& m : group.members) shown.push_back(mailbox(m));
      shown.emplace_back("(NIL NIL NIL NIL)");
    }
    std::string out = "(";
    for (const std::string& one : shown) out += (out.size() > 1 ? " " : "") + one;
    return out + ")";
  }

  static std::string params(const std::vector<Param>& list) {
    if (list.empty()) return "NIL";
    std::string out = "(";
    for (const Param& param : list)
      out += (out.size() > 1 ? " " : "") + str(param.name) + " " + str(param.value);
    return out + ")";
  }

  static std::string extension(const Part& part) {
    std::string out = "NIL";
    if (!part.disposition.empty())
      out = "(" + str(part.disposition) + " " + params(part.disposition_params) + ")";
    if (part.languages.empty()) {
      out += " NIL";
    } else {
      out += " (";
      for (const std::string& language : part.languages)
        out += (out.ends_with('(') ? "" : " ") + str(language);
      out += ")";
    }
    return out + " " + nstr(part.location);
  }

  Habits habits_;
};

// The answers to one question: all that servers gave.
using Answers = std::map<std::string, std::map<std::string, std::string>>;  // item, server

Answers answers_of(const fs::path& path) {
  Answers answers;
  for (const std::string& line : lines_of(path)) {
    const std::size_t item = line.find(' ');
    const std::size_t server = line.find(' ', item + 1);
    answers[line.substr(0, item)][line.substr(item + 1, server - item - 1)] =
        line.substr(server + 1);
  }
  return answers;
}

const std::map<std::string, Habits> kServers = {
    {"dovecot",
     {.no_local = "MISSING_MAILBOX", .no_domain = "MISSING_DOMAIN", .text_has_charset = true}},
    {"cyrus", {.no_local = "", .no_domain = "unspecified-domain", .text_has_charset = false}}};

std::string ours(const Message& message, const std::string& item, const std::string& server) {
  const ImapPrinter printer{kServers.at(server)};
  return item == "envelope" ? printer.envelope(message.envelope) : printer.structure(message.root);
}

// Agrees with one of the servers, in that one's habits: where both say the same, with both.
bool agrees(const Message& message, const std::string& item,
            const std::map<std::string, std::string>& by_server) {
  return std::ranges::any_of(by_server, [&](const auto& answer) {
    return ours(message, item, answer.first) == answer.second;
  });
}

TEST(Vectors, ImapServersSeeTheSameEnvelopeAndStructure) {
  const fs::path dir = kData / "mime-imap";
  const std::set<std::string> excepted = exceptions(dir);
  std::set<std::string> differing;
  int compared = 0;
  for (const auto& entry : fs::directory_iterator{dir}) {
    if (entry.path().extension() != ".eml") continue;
    const auto message = parse(slurp(entry.path()));
    ASSERT_TRUE(message);
    fs::path expected = entry.path();
    for (const auto& [item, by_server] : answers_of(expected.replace_extension(".expect"))) {
      ++compared;
      if (agrees(*message, item, by_server)) continue;
      const std::string name = entry.path().stem().string() + "/" + item;
      differing.insert(name);
      if (excepted.contains(name)) continue;
      std::string all;
      for (const auto& [server, answer] : by_server)
        all += server + " " + answer + "\n   ours " + ours(*message, item, server) + "\n";
      ADD_FAILURE() << name << "\n" << all;
    }
  }
  EXPECT_GT(compared, 330);
  EXPECT_THAT(excepted, testing::IsSubsetOf(differing));
}

// --- decoded text
// ----------------------------------------------------------------------------------

std::string without_cr(std::string text) {
  std::erase(text, '\r');
  return text;
}

void flatten(std::string_view bytes, const Part& part, std::vector<std::string>& out) {
  const std::string_view body = bytes.substr(part.body_begin, part.size());
  if (part.kind == Part::Kind::multipart) {
    out.push_back("multipart " + std::to_string(part.children.size()));
  } else if (part.kind == Part::Kind::message) {
    out.emplace_back("message");
  } else if (part.type == "text") {
    std::string text;
    TextDecoder decoder{part};
    decoder.feed(body, text);
    decoder.finish(text);
    out.push_back("text \"" + escaped(without_cr(text)) + "\"");
  } else {
    std::string octets;
    TransferDecoder decoder{transfer_of(part.encoding).value_or(Transfer::identity)};
    decoder.feed(body, octets);
    decoder.finish(octets);
    out.push_back("binary " + std::to_string(octets.size()));
  }
  for (const Part& child : part.children) flatten(bytes, child, out);
}

TEST(Vectors, MailParserSeesTheSamePartsAndText) {
  const fs::path dir = kData / "mime-mailparser";
  const std::set<std::string> excepted = exceptions(dir);
  std::set<std::string> differing;
  int compared = 0;
  for (const auto& entry : fs::directory_iterator{dir}) {
    if (entry.path().extension() != ".expect") continue;
    const std::string name = entry.path().stem().string();
    const std::string bytes = slurp(kData / "mime-imap" / ("mime-mailparser__" + name + ".eml"));
    const auto message = parse(bytes);
    ASSERT_TRUE(message);
    std::vector<std::string> parts;
    flatten(bytes, message->root, parts);
    ++compared;
    const std::vector<std::string> expected = lines_of(entry.path());
    if (parts == expected) continue;
    differing.insert(name);
    if (excepted.contains(name)) continue;
    EXPECT_EQ(parts, expected) << name;
  }
  EXPECT_GT(compared, 60);
  EXPECT_THAT(excepted, testing::IsSubsetOf(differing));
}

// --- header values -------------------------------------------------------------------------------

std::string show(const Mailbox& m) {
  std::string address = m.route.empty() ? "" : m.route + ":";
  address += m.local + (m.domain.empty() ? "" : "@" + m.domain);
  return "<" + decode_header_text(m.name) + "|" + address + ">";
}

std::string show_addresses(std::string_view value) {
  std::string out;
  for (const Address& address : parse_addresses(value)) {
    if (!out.empty()) out += ' ';
    if (const auto* m = std::get_if<Mailbox>(&address)) {
      out += show(*m);
      continue;
    }
    const auto& group = std::get<Group>(address);
    out += "{" + decode_header_text(group.name) + "}";
    for (const Mailbox& m : group.members) out += " " + show(m);
    out += " {}";
  }
  return out;
}

std::string show_content_type(std::string_view value) {
  const ParamField field = parse_params(value);
  if (field.value.empty() || field.value.starts_with('/')) return "";
  std::string out = text::lower(field.value);
  if (!out.empty() && out.find('/') == std::string::npos) out += '/';
  for (const Param& param : field.params)
    out += " " + param.name + "=" + decode_header_text(param.value);
  return out;
}

std::string show_date(std::string_view value) {
  const auto date = parse_date(value);
  if (!date) return "";
  const std::chrono::year_month_day day{date->local_day()};
  const std::string printed = print_internal_date(*date);  // dd-Mon-yyyy hh:mm:ss +zzzz
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data() + printed.substr(11);
}

std::string show_id(std::string_view value) {
  const std::string id = first_message_id(value).value_or("");
  return id.empty() || id.starts_with('<') ? id : "<" + id + ">";
}

TEST(Vectors, HeaderValues) {
  const std::map<std::string, std::function<std::string(std::string_view)>> kinds = {
      {"address", show_addresses},
      {"content_type", show_content_type},
      {"date", show_date},
      {"received_date", show_date},
      {"unstructured", [](std::string_view value) { return decode_header_text(value); }},
      {"id", show_id}};
  const fs::path dir = kData / "mime-headers";
  const std::set<std::string> excepted = exceptions(dir);
  std::set<std::string> differing;
  for (const auto& [kind, read] : kinds) {
    int number = 0;
    for (const std::string& line : lines_of(dir / (kind + ".txt"))) {
      const std::string name = kind + "/" + std::to_string(++number);
      const std::size_t tab = line.find('\t');
      const std::string got = read(unescaped(line.substr(0, tab)));
      if (escaped(got) == line.substr(tab + 1)) continue;
      differing.insert(name);
      if (excepted.contains(name)) continue;
      EXPECT_EQ(escaped(got), line.substr(tab + 1)) << name << line;
    }
    EXPECT_GT(number, 5);
  }
  EXPECT_THAT(excepted, testing::IsSubsetOf(differing));
}

}  // namespace
}  // namespace postern::mime
