#include "search/search.hpp"

#include <algorithm>
#include <optional>
#include <string>
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

/// Read of every message at once: all of most of them, and no more chunks than their header takes.
constexpr std::uint64_t kBeginning = std::uint64_t{128} * 1024;

Task<> let_others_run() {
  const Executor here = co_await this_executor();
  co_await asio::post(here, use_task);
}

/// One message whose answer needs more than its entry.
struct Open {
  std::size_t index = 0;
  const store::Entry* entry = nullptr;
};

/// A message as served, of which the beginning is here.
class Served {
 public:
  /// `record` outlives it.
  Served(store::AccountSession& session, const store::StoredMessage& record, std::string beginning)
      : session_{session}, record_{record}, beginning_{std::move(beginning)} {}

  [[nodiscard]] const store::StoredMessage& record() const { return record_; }
  /// Octets [at, at + length), or some of the first of them; nothing at its end. What is not at
  /// hand is read in large pieces, each kept till another is needed: every read unpacks whole
  /// chunks, and a message may have thousands of small parts.
  Task<Result<std::string>> read(std::uint64_t at, std::uint64_t length) {
    if (at < beginning_.size()) co_return beginning_.substr(at, length);
    if (at < held_at_ || at - held_at_ >= held_.size()) {
      held_at_ = at;
      POSTERN_CO_TRY(held_, co_await session_.read(record_, at, kPiece));
    }
    co_return held_.substr(at - held_at_, length);
  }
  /// Octets [begin, end).
  Task<Result<std::string>> read_whole(std::uint64_t begin, std::uint64_t end) {
    std::string out;
    while (begin + out.size() < end) {
      const auto want = std::min(kPiece, end - begin - out.size());
      POSTERN_CO_TRY(const auto piece, co_await read(begin + out.size(), want));
      if (piece.empty()) break;
      out += piece;
    }
    co_return out;
  }

 private:
  store::AccountSession& session_;
  const store::StoredMessage& record_;
  std::string beginning_;
  std::uint64_t held_at_ = 0;
  std::string held_;
};

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
Task<Result<void>> read_headers(Served& message, const std::vector<const mime::Part*>& inside,
                                std::string& text) {
  for (const auto* const part : inside) {
    if (text.size() >= kMaxBody) break;
    const auto begin = message.record().to_served(part->header_begin);
    const auto end = std::min(message.record().to_served(part->body_begin), begin + kMaxBody);
    POSTERN_CO_TRY(const auto raw, co_await message.read_whole(begin, end));
    for (const auto& field : mime::Header{raw}) {
      text.append(field.name).append(": ").append(mime::decode_header_text(field.value));
      text += '\n';
    }
  }
  co_return Result<void>{};
}

Task<Result<std::string>> read_texts(Served& message, const mime::Part& root) {
  Readable readable;
  collect(root, readable);
  std::string text;
  POSTERN_CO_CHECK(co_await read_headers(message, readable.inside, text));
  for (const auto* part : readable.texts) {
    mime::TextDecoder decoder{*part};
    const auto begin = message.record().to_served(part->body_begin);
    const auto end = std::min(message.record().to_served(part->body_end), begin + kMaxBody);
    for (auto at = begin; at < end && text.size() < kMaxBody;) {
      POSTERN_CO_TRY(const auto piece, co_await message.read(at, std::min(kPiece, end - at)));
      if (piece.empty()) break;
      decoder.feed(piece, text);
      at += piece.size();
    }
    decoder.finish(text);
    text += '\n';
  }
  co_return fold(text);
}

/// Looks, step by step, at what the answer needs.
Task<Result<bool>> settle(Served& message, const Query& query, const store::Entry& entry) {
  const auto& record = message.record();
  POSTERN_CO_TRY(const auto root, record.structure());
  POSTERN_CO_TRY(const auto header,
                 co_await message.read_whole(0, record.to_served(root.body_begin)));
  Facts facts{.entry = &entry, .record = &record, .header = header};
  if (const auto answer = judge(query, facts); answer != Answer::unknown)
    co_return answer == Answer::yes;
  POSTERN_CO_TRY(const auto body, co_await read_texts(message, root));
  facts.body = body;
  co_await let_others_run();
  co_return judge(query, facts) == Answer::yes;
}

/// What reading takes of a record.
store::StoredMessage shape_of(const store::StoredMessage& record) {
  store::StoredMessage out;
  out.blob = record.blob;
  out.body_size = record.body_size;
  out.prefix = record.prefix;
  out.elided = record.elided;
  return out;
}

/// One that its record alone does not settle; both belong to the batch.
struct Unsettled {
  const Open* one = nullptr;
  const store::StoredMessage* record = nullptr;
};

std::vector<Unsettled> unsettled(const Query& query, const std::vector<Open>& open,
                                 const std::vector<std::optional<store::StoredMessage>>& records,
                                 std::vector<std::size_t>& found) {
  std::vector<Unsettled> out;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto& record = records.at(i);
    if (!record) continue;
    const auto answer = judge(query, {.entry = open[i].entry, .record = &*record});
    if (answer == Answer::yes) found.push_back(open[i].index);
    if (answer == Answer::unknown) out.push_back({&open[i], &*record});
  }
  return out;
}

Task<Result<void>> settle_batch(store::AccountSession& session, const Query& query,
                                std::vector<Open> open, std::vector<std::size_t>& found) {
  std::vector<MessageId> ids;
  ids.reserve(open.size());
  for (const auto& one : open) ids.push_back(one.entry->message);
  POSTERN_CO_TRY(const auto records, co_await session.messages(std::move(ids)));
  const auto left = unsettled(query, open, records, found);
  std::vector<store::StoredMessage> wanted;
  wanted.reserve(left.size());
  for (const auto& each : left) wanted.push_back(shape_of(*each.record));
  POSTERN_CO_TRY(auto beginnings, co_await session.read_beginnings(std::move(wanted), kBeginning));
  for (std::size_t n = 0; n < left.size(); ++n) {
    const auto& [one, record] = left[n];
    Served message{session, *record, std::move(beginnings.at(n))};
    POSTERN_CO_TRY(const bool yes, co_await settle(message, query, *one->entry));
    if (yes) found.push_back(one->index);
  }
  co_await let_others_run();
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
