#include "dkim/canon.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "text/ascii.hpp"

namespace postern::dkim {
namespace {

constexpr std::string_view kCrlf = "\r\n";
/// How much is gathered before it is given on: hashing many small pieces costs more.
constexpr std::size_t kGather = 4096;
/// What is not worth copying for that.
constexpr std::size_t kLarge = 512;

std::string_view without_break(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Whether a run of text ends before this octet.
constexpr auto kStops = [] {
  std::array<bool, 256> stops{};
  for (const char c : {' ', '\t', '\r', '\n'}) stops.at(static_cast<unsigned char>(c)) = true;
  return stops;
}();

bool stops(char c) {
  return kStops.at(static_cast<unsigned char>(c));
}

/// How many octets are looked at together.
constexpr std::size_t kBlock = 64;
using Block = std::span<const char, kBlock + 1>;

/// Whether a block, and that another follows it which begins with its last octet, is its own
/// relaxed form: no two blanks, breaks or both in a row but CRLF, no HTAB, no CR or LF alone.
/// Without branches, so that it is done for many octets at once: most text is of this kind.
bool is_relaxed(Block block) {
  bool odd = false;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    const auto next = static_cast<unsigned char>(block[i + 1]);
    const bool cr = c == '\r';
    // All controls count as blanks here: one comparison, and text holds no others.
    odd |= (c == '\t') | (cr != (next == '\n')) | (!cr & (c <= ' ') & (next <= ' '));
  }
  return !odd;
}

/// Takes off the front what is its own relaxed form: words with single blanks and line breaks
/// between them. Begins and ends with a word.
std::string_view take_words(std::string_view& bytes) {
  std::size_t end = 0;
  const std::span all{bytes};
  while (all.size() - end > kBlock && is_relaxed(all.subspan(end).first<kBlock + 1>()))
    end += kBlock;
  while (end > 0 && stops(bytes.at(end - 1))) --end;  // a blank or a line break
  while (end < bytes.size()) {
    const auto stop = std::ranges::find_if(bytes.substr(end), stops);
    end += static_cast<std::size_t>(stop - bytes.substr(end).begin());
    const auto rest = bytes.substr(end, 3);
    const std::size_t gap = rest.starts_with(' ') ? 1 : rest.starts_with(kCrlf) ? 2 : 0;
    if (gap == 0 || rest.size() <= gap || stops(rest.at(gap))) break;
    end += gap;
  }
  const auto words = bytes.substr(0, end);
  bytes.remove_prefix(end);
  return words;
}

/// Takes the first line off a field's value, without its break.
std::string_view take_line(std::string_view& value) {
  const auto lf = value.find('\n');
  auto line = value.substr(0, lf);
  value.remove_prefix(lf == value.npos ? value.size() : lf + 1);
  if (lf != value.npos && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void append_relaxed(std::string& out, std::string_view raw) {
  const std::size_t colon = std::min(raw.find(':'), raw.size());
  const std::size_t name = out.size();
  out += text::trim(raw.substr(0, colon));
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(name), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(name), text::to_lower);
  out += ':';
  bool blank = false;
  bool any = false;
  raw.remove_prefix(std::min(colon + 1, raw.size()));
  while (!raw.empty()) {
    auto line = take_line(raw);
    while (!line.empty()) {
      const char c = line.front();
      if (text::is_wsp(c)) {
        blank = true;
        line.remove_prefix(1);
        continue;
      }
      if (blank && any) out += ' ';
      blank = false;
      any = true;
      if (stops(c)) {  // a CR that breaks no line is an octet like another
        out += c;
        line.remove_prefix(1);
      } else {
        out += take_words(line);
      }
    }
  }
}

}  // namespace

std::string_view to_string(Canon canon) {
  return canon == Canon::simple ? "simple" : "relaxed";
}

void append_field(std::string& out, std::string_view raw, Canon canon) {
  raw = without_break(raw);
  if (canon == Canon::simple) {
    out += raw;
  } else {
    append_relaxed(out, raw);
  }
  out += kCrlf;
}

void BodyCanon::flush() {
  if (!out_.empty()) sink_(std::exchange(out_, {}));
}

void BodyCanon::begin_text() {
  for (; empty_lines_ > 0; --empty_lines_) {
    out_ += kCrlf;
    if (out_.size() >= kGather) {
      sink_(out_);
      out_.clear();
    }
  }
  any_ = in_line_ = true;
}

void BodyCanon::put(std::string_view bytes) {
  begin_text();
  if (blank_ && canon_ == Canon::relaxed) out_ += ' ';
  blank_ = false;
  if (bytes.size() >= kLarge) {
    sink_(out_);
    out_.clear();
    sink_(bytes);
    return;
  }
  out_ += bytes;
  if (out_.size() < kGather) return;
  sink_(out_);
  out_.clear();
}

void BodyCanon::lone_cr() {
  if (!std::exchange(cr_, false)) return;
  put("\r");
}

void BodyCanon::end_line() {
  cr_ = blank_ = false;
  if (std::exchange(in_line_, false)) {
    out_ += kCrlf;
  } else {
    ++empty_lines_;
  }
}

void BodyCanon::relaxed(std::string_view bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    if (c == '\n' && cr_) {
      end_line();
      bytes.remove_prefix(1);
      continue;
    }
    lone_cr();
    if (!stops(c)) {
      put(take_words(bytes));
      continue;
    }
    bytes.remove_prefix(1);
    if (c == '\n') put("\n");
    cr_ = c == '\r';
    blank_ = text::is_wsp(c) || (blank_ && cr_);
  }
}

void BodyCanon::simple(std::string_view bytes) {
  if (cr_ && bytes.starts_with('\n')) {
    end_line();
    bytes.remove_prefix(1);
  }
  // All but line breaks at the end is given on as it is.
  const auto text = bytes.substr(0, bytes.find_last_not_of(kCrlf) + 1);
  if (!text.empty()) {
    lone_cr();
    put(text);
    bytes.remove_prefix(text.size());
  }
  while (!bytes.empty()) {
    if (bytes.front() == '\n' && cr_) {
      end_line();
      bytes.remove_prefix(1);
      continue;
    }
    lone_cr();
    const std::size_t stop = std::min(bytes.find('\r'), bytes.size());
    if (stop > 0) put(bytes.substr(0, stop));
    cr_ = stop < bytes.size();
    bytes.remove_prefix(std::min(stop + 1, bytes.size()));
  }
}

void BodyCanon::feed(std::string_view bytes) {
  if (canon_ == Canon::simple) {
    simple(bytes);
  } else {
    relaxed(bytes);
  }
}

void BodyCanon::finish() {
  lone_cr();
  if (in_line_) out_ += kCrlf;
  if (canon_ == Canon::simple && !any_) out_ += kCrlf;
  flush();
}

}  // namespace postern::dkim
