#include "store/bodies.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "layout/keys.hpp"
#include "store/chunk.hpp"
#include "vocab/try.hpp"

namespace postern::store {

Task<Result<std::string>> read_body(const kv::Engine& engine, BlobId blob, std::uint64_t offset,
                                    std::uint64_t length) {
  std::string out;
  if (length == 0) co_return out;
  length = std::min(length, kMaxRead);
  std::vector<std::string> keys;
  for (auto n = offset / kChunkOctets; n <= (offset + length - 1) / kChunkOctets; ++n)
    keys.push_back(layout::chunk_key(blob, static_cast<std::uint32_t>(n)));
  const auto reader = engine.published();
  POSTERN_CO_TRY(const auto chunks, co_await reader->get(std::move(keys)));
  auto skip = static_cast<std::size_t>(offset % kChunkOctets);
  for (const auto& stored : chunks) {
    if (!stored) co_return fail(Errc::corrupt, "a chunk of a body is missing");
    POSTERN_CO_TRY(const auto octets, decode_chunk(*stored));
    if (skip > octets.size()) co_return fail(Errc::corrupt, "a body is shorter than its record");
    out += std::string_view{octets}.substr(skip, length - out.size());
    skip = 0;
  }
  if (out.size() != length) co_return fail(Errc::corrupt, "a body is shorter than its record");
  co_return out;
}

Task<Result<std::string>> read_served(const kv::Engine& engine, StoredMessage message,
                                      std::uint64_t offset, std::uint64_t length) {
  const auto size = message.served_size();
  offset = std::min(offset, size);
  length = std::min({length, size - offset, kMaxRead});
  std::string out;
  if (offset < message.prefix.size()) out = message.prefix.substr(offset, length);
  const auto into_body = offset + out.size() - message.prefix.size();
  const auto slices = length > out.size() ? body_slices(message, into_body, length - out.size())
                                          : std::vector<BodySlice>{};
  for (const auto& slice : slices) {
    POSTERN_CO_TRY(const auto piece,
                   co_await read_body(engine, message.blob, slice.offset, slice.length));
    out += piece;
  }
  co_return out;
}

}  // namespace postern::store
