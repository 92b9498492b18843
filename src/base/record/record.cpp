#include "record/record.hpp"

#include <cassert>

namespace postern::record {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

namespace {

void put_head(std::string& out, std::uint32_t tag, Reader::Type type) {
  assert(tag > 0 && tag <= kMaxTag);
  put_varint(out, (std::uint64_t{tag} << 1U) | static_cast<std::uint64_t>(type));
}

}  // namespace

Writer& Writer::number(std::uint32_t tag, std::uint64_t value) {
  put_head(out_, tag, Reader::Type::number);
  put_varint(out_, value);
  return *this;
}

Writer& Writer::signed_number(std::uint32_t tag, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return number(tag, (bits << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

Writer& Writer::text(std::uint32_t tag, std::string_view bytes) {
  put_head(out_, tag, Reader::Type::bytes);
  put_varint(out_, bytes.size());
  out_.append(bytes);
  return *this;
}

Reader::Reader(std::string_view record, std::uint8_t newest) {
  if (record.empty() || record.front() == 0) {
    fault("no version");
    return;
  }
  version_ = static_cast<std::uint8_t>(record.front());
  rest_ = record.substr(1);
  if (version_ > newest) {
    too_new_ = true;
    fault("written by a newer release");
  }
}

bool Reader::varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    const std::uint64_t part = byte & 0x7fU;
    if (shift == 63 && part > 1) break;  // beyond 64 bits
    if (shift > 0 && byte == 0) break;   // not the shortest form
    value |= part << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  fault("bad varint");
  return false;
}

bool Reader::content() {
  std::uint64_t length = 0;
  if (type_ == Type::number) return varint(number_);
  if (!varint(length)) return false;
  if (length > rest_.size()) {
    fault("field longer than its record");
    return false;
  }
  bytes_ = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return true;
}

bool Reader::next() {
  if (faulty_ || rest_.empty()) return false;
  const std::string_view begin = rest_;
  std::uint64_t head = 0;
  if (!varint(head)) return false;
  if (head >> 1U == 0 || head >> 1U > kMaxTag) {
    fault("bad tag");
    return false;
  }
  tag_ = static_cast<std::uint32_t>(head >> 1U);
  type_ = (head & 1U) != 0 ? Type::bytes : Type::number;
  if (!content()) return false;
  field_ = begin.substr(0, begin.size() - rest_.size());
  return true;
}

std::int64_t Reader::signed_number() {
  const auto bits = number<std::uint64_t>();
  return static_cast<std::int64_t>((bits >> 1U) ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0));
}

bool Reader::boolean() {
  const auto value = number<std::uint64_t>();
  if (value > 1) fault("neither true nor false");
  return value == 1;
}

std::string_view Reader::text() {
  if (type_ == Type::bytes) return bytes_;
  fault("a number where bytes belong");
  return {};
}

Result<void> Reader::finish() const {
  if (!faulty_) return {};
  return fail(too_new_ ? Errc::unsupported : Errc::corrupt, "record: " + std::string{why_});
}

}  // namespace postern::record
