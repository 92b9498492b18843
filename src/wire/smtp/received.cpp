#include "smtp/received.hpp"

#include <array>

#include <fmt/format.h>

#include "text/ascii.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxComment = 64;

/// `text` as it can stand in a comment (RFC 5322 §3.2.2).
std::string in_comment(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxComment)) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += text::is_control(c) || text::is_8bit(c) ? '?' : c;
  }
  return out;
}

std::string literal(const text::IpAddress& ip) {
  return fmt::format("[{}{}]", ip.is_v6() ? "IPv6:" : "", ip.to_string());
}

std::string from_clause(const Received::Client& client) {
  const auto hello = parse_domain(client.hello);
  const auto name = client.name && parse_domain(*client.name) ? *client.name + ' ' : std::string{};
  auto out =
      fmt::format("from {} ({}{})", hello ? hello->text : "unknown", name, literal(client.ip));
  if (!hello) out += fmt::format(" (said {})", in_comment(client.hello));
  return out + "\r\n\t";
}

/// Atom of the ID clause.
std::string atom(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (text::is_alnum(c) || c == '-' || c == '_') out += c;
  }
  return out;
}

}  // namespace

std::string to_string(WithProtocol with) {
  if (!with.lmtp && !with.extended) return "SMTP";
  std::string out = with.smtputf8 ? "UTF8" : "";
  out += with.lmtp ? "LMTP" : with.smtputf8 ? "SMTP" : "ESMTP";
  if (with.tls) out += 'S';
  if (with.authenticated) out += 'A';
  return out;
}

std::string received_field(const Received& received) {
  std::string out = "Received: ";
  if (received.client) out += from_clause(*received.client);
  out += fmt::format("by {} with {}", received.by, to_string(received.with));
  if (!received.tls.empty()) out += fmt::format("\r\n\t({})", in_comment(received.tls));
  out += fmt::format("\r\n\tid {}", atom(received.id));
  if (received.recipient)
    out += fmt::format("\r\n\tfor {}", to_path(received.recipient, received.with.smtputf8));
  return out + fmt::format(";\r\n\t{}\r\n", to_date(received.time, received.utc_offset));
}

std::string to_date(Timestamp time, std::chrono::minutes utc_offset) {
  using namespace std::chrono;
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto local = floor<seconds>(time) + utc_offset;
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss clock{local - day};
  const auto offset = abs(utc_offset);
  return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kDays.at(weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), utc_offset < minutes{0} ? '-' : '+',
                     offset.count() / 60, offset.count() % 60);
}

}  // namespace postern::smtp
