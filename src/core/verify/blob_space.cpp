#include "verify/blob_space.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "layout/keys.hpp"
#include "record/key.hpp"
#include "store/chunk.hpp"

namespace postern::verify {
namespace {

using layout::BlobKind;

std::tuple<std::uint16_t, BlobId, AccountId> place_of(const BodyRef& ref) {
  return {layout::shard_of(ref.blob), ref.blob, ref.account};
}

std::string name_of(AccountId account) {
  return account == layout::kQueueAccount ? "the queue" : "account " + hex(account.value());
}

}  // namespace

BlobSpace::BlobSpace(Context& context) : context_{context} {
  std::ranges::sort(context_.refs, {}, place_of);
}

void BlobSpace::add(const BlobId& blob, std::string what) {
  context_.report.add("body " + to_text(blob), std::move(what));
}

void BlobSpace::take(const kv::Pair& pair) {
  record::KeyReader in{std::string_view{pair.key}.substr(2)};
  const auto shard = in.u16();
  if (shard >= layout::kBlobShards) return unknown_key(context_, pair.key);
  while (shard_ < shard) finish_shard();
  switch (static_cast<BlobKind>(octet(pair.key, kShardKindAt))) {
    case BlobKind::chunk:   return take_chunk(pair);
    case BlobKind::link:    return take_link(pair);
    case BlobKind::pending:
    case BlobKind::erase:   return take_mark(pair);
  }
  unknown_key(context_, pair.key);
}

bool BlobSpace::in_its_shard(const kv::Pair& pair, const BlobId& blob, const Result<void>& key) {
  if (key && layout::shard_of(blob) == shard_) return true;
  unknown_key(context_, pair.key);
  return false;
}

void BlobSpace::take_chunk(const kv::Pair& pair) {
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  const auto blob = in.blob();
  const auto n = in.u32();
  if (!in_its_shard(pair, blob, in.finish())) return;
  ++context_.report.counts.chunks;
  auto& body = bodies_[blob];
  if (n != body.chunks || body.ended)
    add(blob, fmt::format("chunk {} stands where chunk {} should", n, body.chunks));
  body.chunks = n + 1;
  const auto octets = store::decode_chunk(pair.value);
  if (!octets) return add(blob, fmt::format("chunk {}: {}", n, why(octets.error())));
  body.octets += octets->size();
  body.ended = octets->size() != store::kChunkOctets;
}

void BlobSpace::take_link(const kv::Pair& pair) {
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  const auto blob = in.blob();
  const auto account = in.account();
  if (in_its_shard(pair, blob, in.finish())) bodies_[blob].links.push_back(account);
}

void BlobSpace::take_mark(const kv::Pair& pair) {
  const bool pending = octet(pair.key, kShardKindAt) == std::to_underlying(BlobKind::pending);
  record::KeyReader in{std::string_view{pair.key}.substr(kShardKindAt + 1)};
  if (!pending) in.i64();
  const auto blob = in.blob();
  if (!in_its_shard(pair, blob, in.finish())) return;
  if (pending) ++context_.report.counts.pending;
  (pending ? bodies_[blob].pending : bodies_[blob].to_erase) = true;
}

void BlobSpace::check_size(const BlobId& blob, const Body& body, std::span<const BodyRef> refs) {
  for (const auto& ref : refs) {
    if (ref.size != body.octets) {
      add(blob, fmt::format("has {} octets, and {} needs {}", body.octets, name_of(ref.account),
                            ref.size));
    }
  }
}

void BlobSpace::check(const BlobId& blob, const Body& body, std::span<const BodyRef> refs) {
  if (body.chunks != 0 || !refs.empty()) ++context_.report.counts.bodies;
  context_.report.counts.octets += body.octets;
  check_size(blob, body, refs);
  const auto needs = [&](AccountId account) {
    return std::ranges::binary_search(refs, account, {}, &BodyRef::account);
  };
  for (const auto account : body.links) {
    if (!needs(account)) add(blob, name_of(account) + " has a link to it, and no message");
  }
  for (const auto& ref : refs) {
    if (!std::ranges::binary_search(body.links, ref.account))
      add(blob, name_of(ref.account) + " has no link to it, and a message");
  }
  if (!refs.empty() && body.pending) add(blob, "is in use, and will be erased at the next start");
  if (refs.empty() && body.links.empty() && !body.pending && !body.to_erase)
    add(blob, "nobody needs it, and nobody will erase it");
}

/// Both sides are in order of blobs: walks them together.
void BlobSpace::finish_shard() {
  const std::span all{context_.refs};
  const auto refs_of = [&](const BlobId& blob) {
    const auto begin = next_ref_;
    while (next_ref_ < all.size() && all[next_ref_].blob == blob) ++next_ref_;
    return all.subspan(begin, next_ref_ - begin);
  };
  const auto before = [&](const BlobId* blob) {  // needed and not here at all
    while (next_ref_ < all.size() && layout::shard_of(all[next_ref_].blob) == shard_ &&
           (blob == nullptr || all[next_ref_].blob < *blob)) {
      const auto missing = all[next_ref_].blob;
      check(missing, {}, refs_of(missing));
    }
  };
  for (const auto& [blob, body] : bodies_) {
    before(&blob);
    check(blob, body, refs_of(blob));
  }
  before(nullptr);
  bodies_.clear();
  ++shard_;
}

void BlobSpace::finish() {
  while (shard_ < layout::kBlobShards) finish_shard();
}

}  // namespace postern::verify
