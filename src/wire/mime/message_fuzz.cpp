// libFuzzer: any cut of the input gives the same message; every offset lies in its parent; limits
// hold; the structure survives the store's form. The first octet says where to cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mime/message.hpp"
#include "mime/text_decoder.hpp"

namespace {

using namespace postern::mime;

void require(bool promise) {
  if (!promise) std::abort();
}

struct Counts {
  std::size_t parts = 0;
  int depth = 0;
};

void check(const Part& part, int depth, Counts& counts) {
  ++counts.parts;
  counts.depth = std::max(counts.depth, depth);
  require(part.header_begin <= part.body_begin && part.body_begin <= part.body_end);
  require(part.lines <= part.size());
  require(!part.type.empty() && !part.subtype.empty());
  require((part.kind == Part::Kind::leaf) == part.children.empty());
  if (part.kind == Part::Kind::message) require(part.envelope && part.children.size() == 1);
  std::uint64_t from = part.body_begin;
  for (const Part& child : part.children) {
    require(child.header_begin >= from && child.body_end <= part.body_end);
    from = child.body_end;
    check(child, depth + 1, counts);
  }
}

std::string fingerprint(const Message& m) {
  return encode(m.root) + encode(m.envelope) + m.header + m.message_id.value_or("-");
}

void decode_texts(std::string_view bytes, const Part& part) {
  for (const Part& child : part.children) decode_texts(bytes, child);
  if (part.kind != Part::Kind::leaf) return;
  std::string out;
  TextDecoder decoder{part};
  decoder.feed(bytes.substr(part.body_begin, part.size()), out);
  decoder.finish(out);
  static_cast<void>(part.file_name());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = std::size_t{data[0]} + 1;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const Message whole = *parse(bytes);
  MessageParser parser;
  for (std::size_t at = 0; at < bytes.size(); at += step) parser.feed(bytes.substr(at, step));
  require(fingerprint(*parser.finish()) == fingerprint(whole));

  require(whole.root.header_begin == 0 && whole.root.body_end == bytes.size());
  require(bytes.starts_with(whole.header) && whole.header.size() <= kMaxHeader);
  Counts counts;
  check(whole.root, 1, counts);
  require(counts.parts <= kMaxParts && counts.depth <= kMaxDepth);
  require(*decode_part(encode(whole.root)) == whole.root);
  require(*decode_envelope(encode(whole.envelope)) == whole.envelope);
  for (const Field& field : whole.fields())
    require(field.begin < field.value_begin && field.value_begin <= field.end &&
            field.end <= whole.header.size());
  decode_texts(bytes, whole.root);
  return 0;
}
