#include "feedback/archive.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include <zlib.h>

#include "text/ascii.hpp"

namespace postern::feedback {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::size_t kChunk = std::size_t{64} * 1024;
constexpr int kGzipWindow = MAX_WBITS + 16;  // gzip's header and checksum
constexpr int kRawWindow = -MAX_WBITS;       // bare deflate, as in a zip

const Bytef* octets_of(std::string_view bytes) {
  return reinterpret_cast<const Bytef*>(bytes.data());
}
/// Sizes here are within kMaxPacked and kMaxUnpacked.
uInt count_of(std::size_t size) {
  return static_cast<uInt>(size);
}

class Inflater {
 public:
  explicit Inflater(int window) : chunk_(kChunk, '\0') {
    if (inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc{};
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Appends to `out` what `bytes` hold, and takes them off up to the end of the stream.
  Result<void> run(std::string_view& bytes, std::string& out) {
    stream_.next_in = octets_of(bytes);
    stream_.avail_in = count_of(bytes.size());
    int status = Z_OK;
    while (status == Z_OK) {
      if (out.size() > kMaxUnpacked) return fail(Errc::too_large, "unpacks beyond its limit");
      stream_.next_out = reinterpret_cast<Bytef*>(chunk_.data());
      stream_.avail_out = count_of(kChunk);
      status = inflate(&stream_, Z_NO_FLUSH);
      out.append(chunk_, 0, kChunk - stream_.avail_out);
    }
    bytes.remove_prefix(bytes.size() - stream_.avail_in);
    if (out.size() > kMaxUnpacked) return fail(Errc::too_large, "unpacks beyond its limit");
    if (status == Z_MEM_ERROR) throw std::bad_alloc{};
    if (status != Z_STREAM_END)
      return fail(Errc::bad_syntax, status == Z_BUF_ERROR ? "cut off" : "damaged");
    return {};
  }
  void reset() { inflateReset(&stream_); }

 private:
  z_stream stream_{};
  std::string chunk_;
};

/// All members one behind the other are one file (RFC 1952 §2.2).
Result<std::string> unpack_gzip(std::string_view bytes) {
  Inflater inflater{kGzipWindow};
  std::string out;
  for (;;) {
    if (auto done = inflater.run(bytes, out); !done)
      return fail(done.error().code, "gzip: " + done.error().detail);
    if (!bytes.starts_with(kGzipMagic)) return out;
    inflater.reset();
  }
}

/// Little-endian numbers; the caller sees to the size.
std::uint32_t u16(std::string_view bytes, std::size_t at) {
  const auto low = static_cast<unsigned char>(bytes.at(at));
  const auto high = static_cast<unsigned char>(bytes.at(at + 1));
  return low | (static_cast<std::uint32_t>(high) << 8U);
}
std::uint32_t u32(std::string_view bytes, std::size_t at) {
  return u16(bytes, at) | (u16(bytes, at + 2) << 16U);
}

/// A member by its local header (PKWARE's APPNOTE, 4.3.7).
struct Member {
  bool encrypted = false;
  bool streamed = false;  ///< Sizes and checksum follow the data instead.
  std::uint32_t method = 0;
  std::uint32_t checksum = 0;
  std::uint32_t packed = 0;
  std::uint32_t size = 0;
  std::string_view name;
  std::string_view data;  ///< From the first octet of the data to the end of the archive.

  [[nodiscard]] bool is_folder() const { return name.ends_with('/'); }
  [[nodiscard]] bool is_report() const {
    const auto ends = [this](std::string_view end) {
      return name.size() > end.size() && text::iequals(name.substr(name.size() - end.size()), end);
    };
    return ends(".xml") || ends(".json");
  }
  /// What follows it; nothing if only unpacking could tell.
  [[nodiscard]] std::optional<std::string_view> next() const {
    if (streamed || packed > data.size()) return std::nullopt;
    return data.substr(packed);
  }
};

std::optional<Member> read_member(std::string_view bytes) {
  constexpr std::size_t kFixed = 30;
  if (!bytes.starts_with(kZipMagic) || bytes.size() < kFixed) return std::nullopt;
  const auto flags = u16(bytes, 6);
  const std::size_t name = u16(bytes, 26);
  const std::size_t extra = u16(bytes, 28);
  if (bytes.size() < kFixed + name + extra) return std::nullopt;
  return Member{.encrypted = (flags & 0x41U) != 0,
                .streamed = (flags & 0x8U) != 0,
                .method = u16(bytes, 8),
                .checksum = u32(bytes, 14),
                .packed = u32(bytes, 18),
                .size = u32(bytes, 22),
                .name = bytes.substr(kFixed, name),
                .data = bytes.substr(kFixed + name + extra)};
}

Result<std::string> unpack_member(const Member& member) {
  constexpr std::uint32_t kStored = 0;
  constexpr std::uint32_t kDeflated = 8;
  if (member.encrypted) return fail(Errc::unsupported, "zip: encrypted");
  if (member.packed == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::unsupported, "zip: ZIP64");
  std::string out;
  if (member.method == kDeflated) {
    auto rest = member.data;
    if (auto done = Inflater{kRawWindow}.run(rest, out); !done)
      return fail(done.error().code, "zip: " + done.error().detail);
  } else if (member.method == kStored && !member.streamed) {
    if (member.packed > member.data.size()) return fail(Errc::bad_syntax, "zip: cut off");
    out = member.data.substr(0, member.packed);
  } else {
    return fail(Errc::unsupported, "zip: a method that is not known");
  }
  if (!member.streamed && crc32(0, octets_of(out), count_of(out.size())) != member.checksum)
    return fail(Errc::bad_syntax, "zip: wrong checksum");
  return out;
}

Result<std::string> unpack_zip(std::string_view bytes) {
  std::optional<Member> chosen;
  for (int i = 0; i < kMaxZipMembers; ++i) {
    const auto member = read_member(bytes);
    if (!member) break;
    if (!member->is_folder() && (!chosen || member->is_report())) chosen = member;
    if (chosen && chosen->is_report()) break;
    const auto next = member->next();
    if (!next) break;
    bytes = *next;
  }
  if (!chosen) return fail(Errc::bad_syntax, "zip: no file within");
  return unpack_member(*chosen);
}

bool is_wrapped(std::string_view bytes) {
  return bytes.starts_with(kGzipMagic) || bytes.starts_with(kZipMagic);
}

}  // namespace

Result<std::string> unpack(std::string_view bytes) {
  if (bytes.size() > kMaxPacked) return fail(Errc::too_large, "attachment beyond its limit");
  std::string out{bytes};
  for (int i = 0; is_wrapped(out); ++i) {
    if (i == kMaxWrappings) return fail(Errc::bad_syntax, "wrapped too often");
    auto inner = out.starts_with(kGzipMagic) ? unpack_gzip(out) : unpack_zip(out);
    if (!inner) return inner;
    out = *std::move(inner);
  }
  return out;
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int kMemory = 8;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc{};
  std::string out;
  out.resize(deflateBound(&stream, bytes.size()));
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = count_of(out.size());
  stream.next_in = octets_of(bytes);
  stream.avail_in = count_of(bytes.size());
  deflate(&stream, Z_FINISH);  // `out` is as large as it can get
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace postern::feedback
