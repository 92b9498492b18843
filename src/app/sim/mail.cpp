#include "sim/mail.hpp"

#include <fmt/format.h>

#include "sim/chance.hpp"
#include "text/ascii.hpp"

namespace postern::sim {
namespace {

constexpr std::string_view kSubject = "sim ";
constexpr std::size_t kLine = 72;

std::size_t body_size(Chance& chance) {
  if (chance.once_in(3000)) return std::size_t{1200} << 10U;  // streamed while it comes in
  if (chance.once_in(300)) return std::size_t{150} << 10U;    // two chunks
  return chance.between(1, 500);
}

}  // namespace

std::string subject_of(Tag tag) {
  return fmt::format("{}{}", kSubject, tag.value());
}

std::optional<Tag> tag_of_subject(std::string_view subject) {
  if (!subject.starts_with(kSubject)) return std::nullopt;
  const auto number = text::parse_number<std::uint64_t>(subject.substr(kSubject.size()));
  if (!number) return std::nullopt;
  return Tag{*number};
}

std::string make_mail(Tag tag) {
  Chance chance{tag.value() * 0x9E3779B97F4A7C15ULL};
  std::string out = fmt::format(
      "From: Sim <sim@a.example>\r\nTo: sim@a.example\r\nSubject: {}\r\n"
      "Message-ID: <{}@sim.example>\r\nDate: Fri, 20 Nov 2026 00:00:00 +0000\r\n\r\n",
      subject_of(tag), tag.value());
  const std::size_t end = out.size() + body_size(chance);
  out.reserve(end + kLine + 2);
  while (out.size() < end) {
    const char letter = static_cast<char>('a' + chance.below(26));
    out.append(kLine, letter);
    out += "\r\n";
  }
  return out;
}

}  // namespace postern::sim
