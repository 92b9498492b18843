#include "layout/records.hpp"

namespace postern::layout {
namespace {

using record::Reader;
using record::Writer;

constexpr std::uint8_t kVersion = 1;

std::string pair_of(std::uint64_t a, std::uint64_t b) {
  std::string out;
  record::put_varint(out, a);
  record::put_varint(out, b);
  return out;
}

/// LEB128 at the front of `bytes`, as put_varint wrote it.
bool take_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

std::pair<std::uint64_t, std::uint64_t> read_pair(Reader& in) {
  auto bytes = in.text();
  std::pair<std::uint64_t, std::uint64_t> out;
  if (!take_varint(bytes, out.first) || !take_varint(bytes, out.second) || !bytes.empty())
    in.fault("bad pair");
  return out;
}

Timestamp read_time(Reader& in) {
  return from_micros(in.signed_number());
}

std::int16_t read_offset(Reader& in) {
  const auto value = in.signed_number();
  if (value < -1440 || value > 1440) in.fault("bad zone offset");
  return static_cast<std::int16_t>(value);
}

BlobId read_blob(Reader& in) {
  BlobId id{};
  const auto bytes = in.text();
  if (bytes.size() != id.size()) {
    in.fault("bad blob id");
    return id;
  }
  for (std::size_t i = 0; i < id.size(); ++i) id.at(i) = static_cast<std::uint8_t>(bytes[i]);
  return id;
}

std::string_view blob_bytes(const BlobId& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

void read_ranges(Reader& in, std::vector<Uid>& uids) {
  auto ranges = in.text();
  while (!ranges.empty()) {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    if (!take_varint(ranges, first) || !take_varint(ranges, count) || first == 0 ||
        first + count > 0x100000000U || uids.size() + count > 10'000'000)
      return in.fault("bad uid range");
    for (std::uint64_t i = 0; i < count; ++i)
      uids.emplace_back(static_cast<std::uint32_t>(first + i));
  }
}

template <class Value>
Result<Value> finished(Reader& in, Value&& value) {
  if (auto done = in.finish(); !done) return std::unexpected(std::move(done).error());
  return std::forward<Value>(value);
}

}  // namespace

std::string encode(const StateRecord& value) {
  std::string out;
  Writer{out, kVersion}
      .number(1, value.counter)
      .number(2, value.uid_validity)
      .number_unless_zero(3, value.quota)
      .number(4, value.used)
      .signed_number(5, to_micros(value.full_since))
      .unknown(value.unknown);
  return out;
}

Result<StateRecord> decode_state(std::string_view bytes) {
  StateRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.counter = in.number(); break;
      case 2:  out.uid_validity = in.number<std::uint32_t>(); break;
      case 3:  out.quota = in.number(); break;
      case 4:  out.used = in.number(); break;
      case 5:  out.full_since = read_time(in); break;
      default: in.keep(out.unknown);
    }
  }
  return finished(in, std::move(out));
}

std::string encode(const MailboxRecord& value) {
  std::string out;
  Writer writer{out, kVersion};
  writer.text(1, value.name)
      .number_unless_zero(2, value.special_use)
      .boolean(3, value.subscribed)
      .number(4, value.uid_validity.value())
      .number(5, value.uid_next.value())
      .number(6, value.highest_modseq.value())
      .number(7, value.messages)
      .number(8, value.unseen)
      .number_unless_zero(9, value.deleted)
      .number(10, value.octets);
  for (const auto& keyword : value.keywords) writer.text(11, keyword);
  writer.unknown(value.unknown);
  return out;
}

Result<MailboxRecord> decode_mailbox(std::string_view bytes) {
  MailboxRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.name = in.text(); break;
      case 2:  out.special_use = in.number<std::uint8_t>(); break;
      case 3:  out.subscribed = in.boolean(); break;
      case 4:  out.uid_validity = UidValidity{in.number<std::uint32_t>()}; break;
      case 5:  out.uid_next = Uid{in.number<std::uint32_t>()}; break;
      case 6:  out.highest_modseq = ModSeq{in.number()}; break;
      case 7:  out.messages = in.number<std::uint32_t>(); break;
      case 8:  out.unseen = in.number<std::uint32_t>(); break;
      case 9:  out.deleted = in.number<std::uint32_t>(); break;
      case 10: out.octets = in.number(); break;
      case 11: out.keywords.emplace_back(in.text()); break;
      default: in.keep(out.unknown);
    }
  }
  return finished(in, std::move(out));
}

std::string encode(const EntryRecord& value) {
  std::string out;
  Writer{out, kVersion}
      .number(1, value.message.value())
      .number_unless_zero(2, value.flags)
      .number(3, value.modseq.value())
      .number(4, value.size)
      .signed_number(5, to_micros(value.internal_date))
      .signed_number(6, value.internal_offset)
      .signed_number(7, to_micros(value.save_date))
      .number_unless_zero(8, value.shared ? 1 : 0)
      .unknown(value.unknown);
  return out;
}

Result<EntryRecord> decode_entry(std::string_view bytes) {
  EntryRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.message = MessageId{in.number()}; break;
      case 2:  out.flags = in.number(); break;
      case 3:  out.modseq = ModSeq{in.number()}; break;
      case 4:  out.size = in.number(); break;
      case 5:  out.internal_date = read_time(in); break;
      case 6:  out.internal_offset = read_offset(in); break;
      case 7:  out.save_date = read_time(in); break;
      case 8:  out.shared = in.boolean(); break;
      default: in.keep(out.unknown);
    }
  }
  return finished(in, std::move(out));
}

std::string encode(const MessageRecord& value) {
  std::string out;
  Writer writer{out, kVersion};
  writer.text(1, blob_bytes(value.blob)).number(2, value.body_size).text(3, value.prefix);
  for (const auto& [begin, end] : value.elided) writer.text(4, pair_of(begin, end));
  writer.number(5, value.thread)
      .text(6, value.envelope)
      .text(7, value.structure)
      .text_unless_empty(8, value.wrapped_key)
      .unknown(value.unknown);
  return out;
}

Result<MessageRecord> decode_message(std::string_view bytes) {
  MessageRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.blob = read_blob(in); break;
      case 2:  out.body_size = in.number(); break;
      case 3:  out.prefix = in.text(); break;
      case 4:  out.elided.push_back(read_pair(in)); break;
      case 5:  out.thread = in.number(); break;
      case 6:  out.envelope = in.text(); break;
      case 7:  out.structure = in.text(); break;
      case 8:  out.wrapped_key = in.text(); break;
      default: in.keep(out.unknown);
    }
  }
  std::uint64_t last = 0;
  for (const auto& [begin, end] : out.elided) {
    if (begin < last || end < begin || end > out.body_size) in.fault("bad elided range");
    last = end;
  }
  return finished(in, std::move(out));
}

std::string encode(const PlacesRecord& value) {
  std::string out;
  Writer writer{out, kVersion};
  for (const auto& [mailbox, uid] : value.living)
    writer.text(1, pair_of(mailbox.value(), uid.value()));
  writer.number_unless_zero(2, value.gone).unknown(value.unknown);
  return out;
}

Result<PlacesRecord> decode_places(std::string_view bytes) {
  PlacesRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1: {
        const auto [mailbox, uid] = read_pair(in);
        if (uid == 0 || uid > 0xFFFFFFFFU) in.fault("bad uid");
        out.living.emplace_back(mailbox, static_cast<std::uint32_t>(uid));
        break;
      }
      case 2:  out.gone = in.number<std::uint32_t>(); break;
      default: in.keep(out.unknown);
    }
  }
  return finished(in, std::move(out));
}

std::string encode(const GoneRecord& value) {
  std::string out;
  Writer writer{out, kVersion};
  writer.number(1, value.message.value())
      .number_unless_zero(2, value.flags)
      .signed_number(3, to_micros(value.internal_date))
      .signed_number(4, value.internal_offset)
      .signed_number(5, to_micros(value.expunged))
      .text(6, value.mailbox_name);
  for (const auto& keyword : value.keywords) writer.text(7, keyword);
  writer.unknown(value.unknown);
  return out;
}

Result<GoneRecord> decode_gone(std::string_view bytes) {
  GoneRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  out.message = MessageId{in.number()}; break;
      case 2:  out.flags = in.number(); break;
      case 3:  out.internal_date = read_time(in); break;
      case 4:  out.internal_offset = read_offset(in); break;
      case 5:  out.expunged = read_time(in); break;
      case 6:  out.mailbox_name = in.text(); break;
      case 7:  out.keywords.emplace_back(in.text()); break;
      default: in.keep(out.unknown);
    }
  }
  return finished(in, std::move(out));
}

std::string encode(const VanishedRecord& value) {
  const auto& uids = value.uids;
  std::string ranges;
  for (std::size_t i = 0; i < uids.size();) {
    std::size_t end = i + 1;
    while (end < uids.size() && uids[end].value() == uids[i].value() + (end - i)) ++end;
    record::put_varint(ranges, uids[i].value());
    record::put_varint(ranges, end - i);
    i = end;
  }
  std::string out;
  Writer{out, kVersion}.text(1, ranges).signed_number(2, to_micros(value.when));
  return out;
}

Result<VanishedRecord> decode_vanished(std::string_view bytes) {
  VanishedRecord out;
  Reader in{bytes, kVersion};
  while (in.next()) {
    switch (in.tag()) {
      case 1:  read_ranges(in, out.uids); break;
      case 2:  out.when = read_time(in); break;
      default: break;
    }
  }
  return finished(in, std::move(out));
}

std::string encode_count(std::uint64_t count) {
  std::string out;
  Writer{out, kVersion}.number(1, count);
  return out;
}

Result<std::uint64_t> decode_count(std::string_view bytes) {
  std::uint64_t count = 0;
  Reader in{bytes, kVersion};
  while (in.next()) {
    if (in.tag() == 1) count = in.number();
  }
  return finished(in, std::move(count));
}

}  // namespace postern::layout
