#include "search/search.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "mime/encoded_word.hpp"
#include "mime/header.hpp"
#include "mime/text_decoder.hpp"
#include "search/facts.hpp"
#include "search/fold.hpp"
#include "vocab/try.hpp"

namespace postern::search {
namespace {

/// Records read at a time; also how often other work of the core gets its turn.
constexpr std::size_t kBatch = 64;
constexpr std::uint64_t kPiece = std::uint64_t{256} * 1024;

/// One message whose answer needs more than its entry.
struct Open {
  std::size_t index = 0;
  const store::Entry* entry = nullptr;
};

/// Octets [begin, end) of the message as served, at most `most`.
Task<Result<std::string>> read_range(store::AccountSession& session,
                                     const store::StoredMessage& message, std::uint64_t begin,
                                     std::uint64_t end) {
  std::string out;
  while (begin + out.size() < end) {
    const auto want = std::min(kPiece, end - begin - out.size());
    POSTERN_CO_TRY(const auto piece, co_await session.read(message, begin + out.size(), want));
    if (piece.empty()) break;
    out += piece;
  }
  co_return out;
}

/// What of a message's body people can read, in its order.
struct Readable {
  std::vector<const mime::Part*> texts;   ///< Leaves.
  std::vector<const mime::Part*> inside;  ///< Enclosed messages, whose headers count too.
};

void collect(const mime::Part& part, Readable& out) {
  if (part.kind == mime::Part::Kind::leaf) {
    if (part.type == "text") out.texts.push_back(&part);
    return;
  }
  for (const auto& child : part.children) {
    if (part.kind == mime::Part::Kind::message) out.inside.push_back(&child);
    collect(child, out);
  }
}

/// "Name: value" lines, the values as people read them.
Task<Result<void>> read_headers(store::AccountSession& session, const store::StoredMessage& message,
                                const std::vector<const mime::Part*>& inside, std::string& text) {
  for (const auto* const part : inside) {
    if (text.size() >= kMaxBody) break;
    const auto begin = message.to_served(part->header_begin);
    const auto end = std::min(message.to_served(part->body_begin), begin + kMaxBody);
    POSTERN_CO_TRY(const auto raw, co_await read_range(session, message, begin, end));
    for (const auto& field : mime::Header{raw}) {
      text.append(field.name).append(": ").append(mime::decode_header_text(field.value));
      text += '\n';
    }
  }
  co_return Result<void>{};
}

Task<Result<std::string>> read_texts(store::AccountSession& session,
                                     const store::StoredMessage& message, const mime::Part& root) {
  Readable readable;
  collect(root, readable);
  std::string text;
  POSTERN_CO_CHECK(co_await read_headers(session, message, readable.inside, text));
  for (const auto* part : readable.texts) {
    mime::TextDecoder decoder{*part};
    const auto begin = message.to_served(part->body_begin);
    const auto end = std::min(message.to_served(part->body_end), begin + kMaxBody);
    for (auto at = begin; at < end && text.size() < kMaxBody;) {
      POSTERN_CO_TRY(const auto piece,
                     co_await session.read(message, at, std::min(kPiece, end - at)));
      if (piece.empty()) break;
      decoder.feed(piece, text);
      at += piece.size();
    }
    decoder.finish(text);
    text += '\n';
  }
  co_return fold(text);
}

/// Reads, step by step, what the answer needs.
Task<Result<bool>> settle(store::AccountSession& session, const Query& query,
                          const store::Entry& entry, const store::StoredMessage& message) {
  Facts facts{.entry = &entry, .record = &message};
  if (const auto answer = judge(query, facts); answer != Answer::unknown)
    co_return answer == Answer::yes;
  POSTERN_CO_TRY(const auto root, message.structure());
  POSTERN_CO_TRY(const auto header,
                 co_await read_range(session, message, 0, message.to_served(root.body_begin)));
  facts.header = header;
  if (const auto answer = judge(query, facts); answer != Answer::unknown)
    co_return answer == Answer::yes;
  POSTERN_CO_TRY(const auto body, co_await read_texts(session, message, root));
  facts.body = body;
  co_return judge(query, facts) == Answer::yes;
}

Task<Result<void>> settle_batch(store::AccountSession& session, const Query& query,
                                std::vector<Open> open, std::vector<std::size_t>& found) {
  std::vector<MessageId> ids;
  for (const auto& one : open) ids.push_back(one.entry->message);
  POSTERN_CO_TRY(const auto records, co_await session.messages(std::move(ids)));
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!records.at(i)) continue;
    POSTERN_CO_TRY(const bool yes, co_await settle(session, query, *open[i].entry, *records.at(i)));
    if (yes) found.push_back(open[i].index);
  }
  const Executor here = co_await this_executor();
  co_await asio::post(here, use_task);
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<std::size_t>>> find(store::AccountSession& session,
                                            std::shared_ptr<const store::MailboxView> view,
                                            Query query) {
  const Query wanted = folded(std::move(query));
  std::vector<std::size_t> found;
  std::vector<Open> open;
  std::size_t index = 0;
  for (const auto& chunk : view->chunks()) {
    for (const auto& entry : *chunk) {
      const auto answer = judge(wanted, {.entry = &entry});
      if (answer == Answer::yes) found.push_back(index);
      if (answer == Answer::unknown) open.push_back({.index = index, .entry = &entry});
      ++index;
      if (open.size() < kBatch) continue;
      POSTERN_CO_CHECK(co_await settle_batch(session, wanted, std::exchange(open, {}), found));
    }
  }
  if (!open.empty())
    POSTERN_CO_CHECK(co_await settle_batch(session, wanted, std::move(open), found));
  std::ranges::sort(found);
  co_return found;
}

}  // namespace postern::search
