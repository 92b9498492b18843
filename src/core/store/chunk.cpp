#include "store/chunk.hpp"

#include <cstdint>
#include <memory>

#include <zstd.h>

#include "crypto/checksum.hpp"

namespace postern::store {
namespace {

constexpr char kVersion = 1;
constexpr char kRaw = 0;
constexpr char kZstd = 1;
constexpr std::size_t kHeader = 10;
constexpr std::size_t kWorthTrying = 256;  // below, a frame's header eats the gain
constexpr int kLevel = 1;  // ingest pays for it: level 3 costs twice the time for 5 % of the size

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
}

std::uint32_t get_u32(std::string_view in) {
  std::uint32_t value = 0;
  for (const char c : in.substr(0, 4)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

/// Compression contexts are half a megabyte and dear to make: one per thread, reused. Holds no
/// state between calls.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context{ZSTD_createCCtx()};
  return context.get();
}

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// The same for reading: making one costs more than most messages take to unpack.
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context{ZSTD_createDCtx()};
  return context.get();
}

/// Empty when it does not pay.
std::string compressed(std::string_view octets) {
  if (octets.size() < kWorthTrying || compressor() == nullptr) return {};
  std::string out(ZSTD_compressBound(octets.size()), '\0');
  const auto size =
      ZSTD_compressCCtx(compressor(), out.data(), out.size(), octets.data(), octets.size(), kLevel);
  if (ZSTD_isError(size) != 0 || size >= octets.size() - octets.size() / 16) return {};
  out.resize(size);
  return out;
}

}  // namespace

std::string encode_chunk(std::string_view octets) {
  const std::string packed = compressed(octets);
  const std::string_view data = packed.empty() ? octets : std::string_view{packed};
  std::string out;
  out.reserve(kHeader + data.size());
  out.push_back(kVersion);
  out.push_back(packed.empty() ? kRaw : kZstd);
  put_u32(out, crypto::crc32c(data));
  put_u32(out, static_cast<std::uint32_t>(octets.size()));
  out += data;
  return out;
}

Result<std::string> decode_chunk(std::string_view stored) {
  if (stored.size() < kHeader || stored[0] != kVersion)
    return fail(Errc::corrupt, "body chunk: bad header");
  const char codec = stored[1];
  const auto size = get_u32(stored.substr(6));
  const auto data = stored.substr(kHeader);
  if (get_u32(stored.substr(2)) != crypto::crc32c(data))
    return fail(Errc::corrupt, "body chunk: checksum differs");
  if (size > kChunkOctets) return fail(Errc::corrupt, "body chunk: too large");
  if (codec == kRaw) {
    if (data.size() != size) return fail(Errc::corrupt, "body chunk: size differs");
    return std::string{data};
  }
  if (codec != kZstd) return fail(Errc::unsupported, "body chunk: unknown codec");
  std::string out(size, '\0');
  if (decompressor() == nullptr) return fail(Errc::limit_reached, "body chunk: no memory");
  const auto got =
      ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), data.data(), data.size());
  if (ZSTD_isError(got) != 0 || got != size) return fail(Errc::corrupt, "body chunk: bad frame");
  return out;
}

}  // namespace postern::store
