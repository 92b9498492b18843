#include "store/bodies.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "layout/keys.hpp"
#include "store/chunk.hpp"
#include "vocab/try.hpp"

namespace postern::store {

namespace {

/// The chunks that hold octets [offset, offset+length) of a body, which are some.
void add_chunk_keys(const BlobId& blob, std::uint64_t offset, std::uint64_t length,
                    std::vector<std::string>& keys) {
  for (auto n = offset / kChunkOctets; n <= (offset + length - 1) / kChunkOctets; ++n)
    keys.push_back(layout::chunk_key(blob, static_cast<std::uint32_t>(n)));
}

using Stored = std::span<const std::optional<std::string>>;

/// Those octets, of the first of `chunks`, which are taken away.
Result<void> append_octets(Stored& chunks, std::uint64_t offset, std::uint64_t length,
                           std::string& out) {
  const auto whole = out.size() + length;
  auto skip = static_cast<std::size_t>(offset % kChunkOctets);
  for (; out.size() < whole && !chunks.empty(); chunks = chunks.subspan(1)) {
    if (!chunks.front()) return fail(Errc::corrupt, "a chunk of a body is missing");
    POSTERN_TRY(const auto octets, decode_chunk(*chunks.front()));
    if (skip > octets.size()) return fail(Errc::corrupt, "a body is shorter than its record");
    out += std::string_view{octets}.substr(skip, whole - out.size());
    skip = 0;
  }
  if (out.size() != whole) return fail(Errc::corrupt, "a body is shorter than its record");
  return {};
}

}  // namespace

Task<Result<std::string>> read_body(const kv::Engine& engine, BlobId blob, std::uint64_t offset,
                                    std::uint64_t length) {
  std::string out;
  if (length == 0) co_return out;
  length = std::min(length, kMaxRead);
  std::vector<std::string> keys;
  add_chunk_keys(blob, offset, length, keys);
  const auto reader = engine.published();
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(keys)));
  Stored chunks{found};
  POSTERN_CO_CHECK(append_octets(chunks, offset, length, out));
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

namespace {

std::vector<BodySlice> slices_of_beginning(const StoredMessage& message, std::uint64_t most) {
  const auto wanted = std::min({most, message.served_size(), kMaxRead});
  if (wanted <= message.prefix.size()) return {};
  return body_slices(message, 0, wanted - message.prefix.size());
}

}  // namespace

Task<Result<std::vector<std::string>>> read_beginnings(const kv::Engine& engine,
                                                       std::vector<StoredMessage> messages,
                                                       std::uint64_t most) {
  std::vector<std::string> keys;
  for (const auto& message : messages) {
    for (const auto& slice : slices_of_beginning(message, most))
      add_chunk_keys(message.blob, slice.offset, slice.length, keys);
  }
  const auto reader = engine.published();
  POSTERN_CO_TRY(const auto found, co_await reader->get(std::move(keys)));
  Stored chunks{found};
  std::vector<std::string> out;
  out.reserve(messages.size());
  for (const auto& message : messages) {
    auto& octets = out.emplace_back(message.prefix.substr(0, std::min(most, kMaxRead)));
    for (const auto& slice : slices_of_beginning(message, most))
      POSTERN_CO_CHECK(append_octets(chunks, slice.offset, slice.length, octets));
  }
  co_return out;
}

}  // namespace postern::store
