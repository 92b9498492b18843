// libFuzzer: dates, encoded words, parameters, transfer encodings, charsets. The first octet
// chooses the charset and the cut. Decoders give the same however they are fed; texts are valid
// UTF-8.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mime/charset.hpp"
#include "mime/date.hpp"
#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "mime/params.hpp"
#include "mime/transfer.hpp"
#include "text/utf8.hpp"

namespace {

using namespace postern::mime;

void require(bool promise) {
  if (!promise) std::abort();
}

template <class Decoder>
std::string run(Decoder decoder, std::string_view text, std::size_t step) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) decoder.feed(text.substr(at, step), out);
  decoder.finish(out);
  return out;
}

void check_dates(std::string_view text) {
  if (const auto date = parse_date(text)) {
    const std::string printed = print_date(*date);
    require(parse_date(printed).has_value());
  }
  if (const auto date = parse_internal_date(text))
    require(parse_internal_date(print_internal_date(*date)) == date);
}

void check_words(std::string_view text) {
  const std::string decoded = decode_header_text(text);
  require(postern::text::is_utf8(decoded));
  const std::string words = encode_words(decoded);
  require(words.find_first_of("\r\n") == std::string::npos ||
          decoded.find_first_of("\r\n") != std::string::npos);
  if (words != decoded) require(decode_header_text(words) == decoded);
  static_cast<void>(first_message_id(text));
  static_cast<void>(without_comments(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t step = data[0] % 7U + 1U;
  static constexpr std::array<const char*, 8> kLabels = {
      "", "utf-8", "iso-2022-jp", "utf-16", "gb2312", "utf-7", "shift_jis", "windows-1252"};
  const char* const label = kLabels.at(data[0] % kLabels.size());

  check_dates(text);
  check_words(text);
  const ParamField field = parse_params(text);
  require(field.params.size() <= kMaxParams);
  for (const Param& param : field.params)
    require(param.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos);
  require(run(Base64Decoder{}, text, step) == run(Base64Decoder{}, text, size));
  require(run(QuotedPrintableDecoder{}, text, step) == run(QuotedPrintableDecoder{}, text, size));
  const std::string whole = to_utf8(label, text);
  require(postern::text::is_utf8(whole));
  require(run(CharsetDecoder{label}, text, step) == whole);
  static_cast<void>(is_known_charset(text));
  return 0;
}
