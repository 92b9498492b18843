// libFuzzer: any text as a DKIM-Signature, an ARC-Message-Signature and a key record. What is read
// without a flaw is complete, and lies within the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dkim/key_record.hpp"
#include "dkim/signature.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text, dkim::SignatureKind kind) {
  const auto signature = dkim::parse_signature(text, kind);
  require(signature.b_begin <= signature.b_end && signature.b_end <= text.size());
  require(signature.start.size() <= 12);
  if (signature.flaw) {
    require(!signature.flaw->reason.empty() && signature.flaw->verdict != dkim::Verdict::pass);
    return;
  }
  require(!signature.fields.empty() && !signature.domain.empty() && !signature.selector.empty());
  require(!signature.signature.empty() && !signature.body_hash.empty());
  require(signature.key == dkim::key_name(signature.selector, signature.domain).value());
  require(signature.algorithm != dkim::Algorithm::rsa_sha1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto tags = dkim::TagList::parse(text)) {
    require(!tags->tags().empty() && tags->tags().size() <= dkim::kMaxTags);
    std::size_t at = 0;
    for (const auto& tag : tags->tags()) {
      require(tag.begin > at && tag.end >= tag.begin && tag.end <= text.size());
      require(tags->find(tag.name) == &tag);
      at = tag.end;
    }
  }
  check(text, dkim::SignatureKind::dkim);
  check(text, dkim::SignatureKind::arc);
  return 0;
}
