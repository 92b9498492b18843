#include "record/key.hpp"

#include <algorithm>

namespace postern::record {

std::string KeyWriter::account_prefix(std::uint8_t space, AccountId account) {
  KeyWriter out;
  return out.u8(kKeyFormat).u8(space).u64(account.value()).done();
}

std::string KeyWriter::shard_prefix(std::uint8_t space, std::uint16_t shard) {
  KeyWriter out;
  return out.u8(kKeyFormat).u8(space).u16(shard).done();
}

KeyWriter& KeyWriter::fixed(std::uint64_t value, unsigned bytes) {
  for (unsigned shift = bytes * 8; shift > 0; shift -= 8)
    key_.push_back(static_cast<char>(value >> (shift - 8)));
  return *this;
}

KeyWriter& KeyWriter::blob(const BlobId& id) {
  for (const auto byte : id) key_.push_back(static_cast<char>(byte));
  return *this;
}

std::uint64_t KeyReader::fixed(std::size_t bytes) {
  if (rest_.size() < bytes) {
    faulty_ = true;
    rest_ = {};
    return 0;
  }
  std::uint64_t value = 0;
  for (const char c : rest_.substr(0, bytes)) value = (value << 8U) | static_cast<std::uint8_t>(c);
  rest_.remove_prefix(bytes);
  return value;
}

BlobId KeyReader::blob() {
  BlobId id{};
  for (auto& byte : id) byte = u8();
  return id;
}

std::string_view KeyReader::text() {
  return std::exchange(rest_, {});
}

KeyReader& KeyReader::skip(std::string_view prefix) {
  if (rest_.starts_with(prefix)) {
    rest_.remove_prefix(prefix.size());
  } else {
    faulty_ = true;
  }
  return *this;
}

Result<void> KeyReader::finish() const {
  if (faulty_) return fail(Errc::corrupt, "key: too short or of another kind");
  if (!rest_.empty()) return fail(Errc::corrupt, "key: bytes after its end");
  return {};
}

std::string prefix_end(std::string_view prefix) {
  const auto last = prefix.find_last_not_of('\xff');
  if (last == std::string_view::npos) return {};
  std::string end{prefix.substr(0, last + 1)};
  end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1U);
  return end;
}

}  // namespace postern::record
