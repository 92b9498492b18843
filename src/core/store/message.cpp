#include "store/message.hpp"

#include <algorithm>

namespace postern::store {

Result<mime::Envelope> StoredMessage::envelope() const {
  return mime::decode_envelope(envelope_record);
}

Result<mime::Part> StoredMessage::structure() const {
  return mime::decode_part(structure_record);
}

std::uint64_t StoredMessage::to_served(std::uint64_t offset) const {
  std::uint64_t hidden = 0;
  for (const auto& [begin, end] : elided) {
    if (offset >= end) {
      hidden += end - begin;
    } else if (offset > begin) {
      hidden += offset - begin;
    }
  }
  return prefix.size() + offset - hidden;
}

std::uint64_t StoredMessage::served_size() const {
  return to_served(body_size);
}

std::vector<BodySlice> body_slices(const StoredMessage& message, std::uint64_t offset,
                                   std::uint64_t length) {
  std::vector<BodySlice> out;
  std::uint64_t at = 0;                            // position in the served body, from its start
  std::uint64_t body = 0;                          // position in the stored body
  const auto take = [&](std::uint64_t body_end) {  // served without a gap: [body, body_end)
    const std::uint64_t size = body_end - body;
    const std::uint64_t first = offset > at ? std::min(offset - at, size) : 0;
    const std::uint64_t left = std::min(length, size - first);
    if (left > 0) out.push_back({body + first, left});
    length -= left;
    at += size;
  };
  for (const auto& [begin, end] : message.elided) {
    take(begin);
    body = end;
  }
  take(message.body_size);
  return out;
}

}  // namespace postern::store
