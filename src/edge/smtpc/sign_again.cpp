#include "smtpc/sign_again.hpp"

#include <algorithm>
#include <utility>

#include "dkim/sign.hpp"
#include "mime/header.hpp"
#include "smtpc/content.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::smtpc {
namespace {

/// Our signatures are no longer, all together.
constexpr std::uint64_t kMaxSignatures = std::uint64_t{16} * 1024;
constexpr std::string_view kField = "DKIM-Signature:";

/// How many octets at the top of the message are DKIM-Signature fields. Those that came with what
/// was handed in stand below our Received.
std::uint64_t signatures_end(std::string_view top) {
  std::size_t at = 0;
  while (text::istarts_with(top.substr(at), kField)) {
    auto end = at;
    do {
      end = top.find("\r\n", end);
      if (end == std::string_view::npos) return at;
      end += 2;
    } while (end < top.size() && (top[end] == ' ' || top[end] == '\t'));
    at = end;
  }
  return at;
}

}  // namespace

Task<Result<std::vector<Edit>>> sign_again(const queue::Job& job, std::vector<Edit> edits,
                                           signing::Signer* signer) {
  const auto look = std::min(job.size, kMaxSignatures);
  POSTERN_CO_TRY(const auto top, co_await job.read(0, look));
  Edit replace{.begin = 0, .end = signatures_end(top), .how = Edit::How::replace};
  if (replace.end == 0 && signer == nullptr) co_return edits;
  edits.insert(edits.begin(), replace);
  if (signer == nullptr) co_return edits;
  dkim::MessageReader reader{{.bodies = {dkim::kSignedBody}}};
  Content content{job, edits};
  for (bool more = true; more;) {
    POSTERN_CO_TRY(const auto piece, co_await content.next());
    reader.feed(piece);
    more = !piece.empty();
  }
  const auto message = reader.finish();
  POSTERN_CO_TRY(auto fresh, co_await signer->sign(message));
  edits.front().text = std::move(fresh.fields);
  co_return edits;
}

}  // namespace postern::smtpc
