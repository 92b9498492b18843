#include "mailauth/path_codec.hpp"

#include "layout/keys.hpp"
#include "record/record.hpp"
#include "vocab/try.hpp"

namespace postern::mailauth {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kDay = 1;

}  // namespace

std::string path_prefix() {
  return layout::strangers_key(layout::StrangersKind::path).done();
}

std::string path_key(std::string_view author, std::string_view path) {
  std::string text{author};
  text.push_back('\0');
  text += path;
  return layout::strangers_key(layout::StrangersKind::path).text(text).done();
}

bool is_path_key(std::string_view key) {
  const auto prefix = path_prefix();
  if (!key.starts_with(prefix)) return false;
  const auto text = key.substr(prefix.size());
  const auto nul = text.find('\0');
  return nul != std::string_view::npos && nul > 0 && nul + 1 < text.size();
}

std::string encode_path_day(std::uint32_t day) {
  std::string out;
  record::Writer{out, kVersion}.number(kDay, day);
  return out;
}

Result<std::uint32_t> decode_path_day(std::string_view value) {
  std::uint32_t day = 0;
  record::Reader in{value, kVersion};
  while (in.next()) {
    if (in.tag() == kDay) day = in.number<std::uint32_t>();
  }
  POSTERN_CHECK(in.finish());
  return day;
}

}  // namespace postern::mailauth
