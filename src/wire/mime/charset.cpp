#include "mime/charset.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <unicode/ucnv.h>

#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace postern::mime {
namespace {

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

struct Alias {
  std::string_view label;  // lower case, letters and digits only
  std::string_view name;
};

// Where ICU does not know a label that mail holds, or where what is so labelled is in truth the
// larger set that browsers read too (the WHATWG Encoding Standard's labels).
constexpr std::array kAliases = {
    Alias{"ansix341968", ""},
    Alias{"ansix341986", ""},
    Alias{"ascii", ""},
    Alias{"usascii", ""},
    Alias{"iso646us", ""},
    Alias{"646", ""},
    Alias{"7bit", ""},
    Alias{"8bit", ""},
    Alias{"unknown8bit", ""},
    Alias{"xunknown", ""},
    Alias{"unknown", ""},
    Alias{"default", ""},
    Alias{"none", ""},
    Alias{"utf8", "utf-8"},
    Alias{"utf8mb4", "utf-8"},
    Alias{"unicode11utf8", "utf-8"},
    Alias{"utf81", "utf-8"},
    Alias{"unicode11utf7", "utf-7"},
    Alias{"iso88591", "windows-1252"},
    Alias{"latin1", "windows-1252"},
    Alias{"iso8859", "windows-1252"},
    Alias{"iso885911", "windows-874"},
    Alias{"tis620", "windows-874"},
    Alias{"iso88599", "windows-1254"},
    Alias{"iso88598i", "iso-8859-8"},
    Alias{"iso88598e", "iso-8859-8"},
    Alias{"iso88596i", "iso-8859-6"},
    Alias{"gb2312", "gb18030"},
    Alias{"gbk", "gb18030"},
    Alias{"xgbk", "gb18030"},
    Alias{"euccn", "gb18030"},
    Alias{"ksc56011987", "windows-949"},
    Alias{"ksc5601", "windows-949"},
    Alias{"euckr", "windows-949"},
    Alias{"xeucjp", "euc-jp"},
    Alias{"xsjis", "shift_jis"},
    Alias{"shiftjis", "windows-31j"},
    Alias{"sjis", "windows-31j"},
    Alias{"big5", "big5-hkscs"},
    Alias{"xbig5", "big5-hkscs"},
    Alias{"cp932", "windows-31j"},
    Alias{"ms932", "windows-31j"},
    Alias{"macintosh", "macintosh"},
    Alias{"xmacroman", "macintosh"},
    Alias{"iso2022jpms", "iso-2022-jp"},
    Alias{"cp50220", "iso-2022-jp"},
};

// What ICU is asked for; "" means the fallback. Nothing if the label cannot be a name at all: ICU
// reads options after a comma, and looks for files by names it does not know.
std::optional<std::string> icu_name(std::string_view label) {
  label = text::trim(label);
  if (label.size() > 60) return std::nullopt;
  std::string key;
  for (const char c : label) {
    if (text::is_alnum(c))
      key += text::to_lower(c);
    else if (std::string_view{"-_.:+()"}.find(c) == std::string_view::npos)
      return std::nullopt;
  }
  const auto alias = std::ranges::find(kAliases, std::string_view{key}, &Alias::label);
  if (alias != kAliases.end()) return std::string{alias->name};
  if (key.empty()) return std::string{};
  std::string name{label};
  UErrorCode status = U_ZERO_ERROR;
  if (ucnv_countAliases(name.c_str(), &status) == 0 || U_FAILURE(status) != 0) return std::nullopt;
  return name;
}

// 0x80..0x9f of windows-1252; the five it leaves open stay C1 controls, as browsers do.
constexpr std::array<char16_t, 32> kCp1252 = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

char32_t from_cp1252(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet >= 0x80 && octet < 0xa0 ? kCp1252.at(octet - 0x80U) : char32_t{octet};
}

// How many octets the UTF-8 character that begins with `c` has, if it is one.
std::size_t length_by_lead(char c) {
  const auto octet = static_cast<unsigned char>(c);
  if (octet >= 0xf0 && octet <= 0xf4) return 4;
  if (octet >= 0xe0 && octet < 0xf0) return 3;
  return octet >= 0xc2 && octet < 0xe0 ? 2 : 1;
}

// Whether `bytes` may be a character's beginning whose rest is still to come.
bool may_grow(std::string_view bytes) {
  if (bytes.empty() || bytes.size() >= length_by_lead(bytes.front())) return false;
  return std::ranges::all_of(
      bytes.substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
}

}  // namespace

class CharsetDecoder::Impl {
 public:
  explicit Impl(std::string_view label) {
    const std::string name = icu_name(label).value_or(std::string{});
    if (name.empty() || name == "utf-8") {
      strict_ = !name.empty();
      return;
    }
    UErrorCode status = U_ZERO_ERROR;
    converter_.reset(ucnv_open(name.c_str(), &status));
    if (U_FAILURE(status) != 0) converter_.reset();
  }

  void feed(std::string_view bytes, std::string& out, bool last) {
    if (converter_)
      convert(bytes, out, last);
    else
      pass_utf8(bytes, out, last);
  }

 private:
  void convert(std::string_view bytes, std::string& out, bool last) {
    const char* from = bytes.data();
    const char* const end = from + bytes.size();
    while (true) {
      std::array<char16_t, 2048> units{};
      char16_t* to = units.data();
      UErrorCode status = U_ZERO_ERROR;
      ucnv_toUnicode(converter_.get(), &to, units.data() + units.size(), &from, end, nullptr,
                     static_cast<UBool>(last), &status);
      append_utf16({units.data(), to}, out);
      if (status != U_BUFFER_OVERFLOW_ERROR) break;
    }
    if (last) {
      if (high_ != 0) text::append_utf8(out, U'\ufffd');
      high_ = 0;
      ucnv_reset(converter_.get());
    }
  }

  void append_utf16(std::u16string_view units, std::string& out) {
    for (const char16_t unit : units) {
      const bool low = unit >= 0xdc00 && unit < 0xe000;
      if (high_ != 0) {
        const char32_t pair = 0x10000U + ((char32_t{high_} - 0xd800U) << 10U) + (unit - 0xdc00U);
        text::append_utf8(out, low ? pair : U'\ufffd');
        high_ = 0;
        if (low) continue;
      }
      if (unit >= 0xd800 && unit < 0xdc00)
        high_ = unit;
      else
        text::append_utf8(out, unit);  // a lone low half becomes U+FFFD there
    }
  }

  void pass_utf8(std::string_view bytes, std::string& out, bool last) {
    if (!waiting_.empty()) {
      waiting_ += bytes;  // at most three octets longer than `bytes`
      const std::string joined = std::exchange(waiting_, {});
      take(joined, out, last);
    } else {
      take(bytes, out, last);
    }
  }

  void take(std::string_view bytes, std::string& out, bool last) {
    while (!bytes.empty()) {
      const auto* const eight = std::ranges::find_if(bytes, text::is_8bit);
      const auto ascii = static_cast<std::size_t>(eight - bytes.begin());
      out += bytes.substr(0, ascii);
      bytes.remove_prefix(ascii);
      if (bytes.empty()) return;
      const std::string_view before = bytes;
      if (text::take_code_point(bytes)) {
        out += before.substr(0, before.size() - bytes.size());
        continue;
      }
      if (!last && may_grow(bytes)) {
        waiting_ = bytes;
        return;
      }
      text::append_utf8(out, strict_ ? U'\ufffd' : from_cp1252(bytes.front()));
      bytes.remove_prefix(1);
    }
  }

  Converter converter_;  // none: UTF-8
  bool strict_ = false;  // labelled as UTF-8: what is not is replaced, not guessed
  char16_t high_ = 0;    // a surrogate's first half, waiting
  std::string waiting_;
};

bool is_known_charset(std::string_view label) {
  return icu_name(label).has_value();
}

CharsetDecoder::CharsetDecoder(std::string_view label) : impl_{std::make_unique<Impl>(label)} {}
CharsetDecoder::~CharsetDecoder() = default;
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;

void CharsetDecoder::feed(std::string_view bytes, std::string& out) {
  impl_->feed(bytes, out, false);
}

void CharsetDecoder::finish(std::string& out) {
  impl_->feed({}, out, true);
}

std::string to_utf8(std::string_view label, std::string_view bytes) {
  std::string out;
  CharsetDecoder decoder{label};
  decoder.feed(bytes, out);
  decoder.finish(out);
  return out;
}

}  // namespace postern::mime
