#include "smtpc/content.hpp"

#include <algorithm>
#include <utility>

#include "vocab/try.hpp"

namespace postern::smtpc {

Content::Content(const queue::Job& job, std::vector<Edit> edits)
    : job_{job}, edits_{std::move(edits)} {}

std::uint64_t Content::end_of_piece() const {
  auto end = std::min(job_.size, at_ + kPiece);
  if (edit_ < edits_.size()) {
    const Edit& edit = edits_.at(edit_);
    end = std::min(end, inside_ ? edit.end : edit.begin);
  }
  return end;
}

void Content::leave_edit(std::string& out) {
  encoder_.finish(out);
  inside_ = false;
  ++edit_;
}

Task<Result<std::string>> Content::next() {
  std::string out;
  while (out.empty()) {
    if (!inside_ && edit_ < edits_.size() && at_ == edits_.at(edit_).begin) {
      const Edit& edit = edits_.at(edit_);
      if (edit.how == Edit::How::replace) {
        out += edit.text;
        at_ = edit.end;
        ++edit_;
        continue;
      }
      encoder_.begin(edit.how);
      inside_ = true;
    }
    const auto end = end_of_piece();
    if (end > at_) {
      POSTERN_CO_TRY(auto octets, co_await job_.read(at_, end - at_));
      if (octets.size() != end - at_) co_return fail(Errc::corrupt, "the message is cut short");
      at_ = end;
      if (!inside_) co_return octets;
      encoder_.add(octets, out);
    }
    if (inside_ && at_ == edits_.at(edit_).end) {
      leave_edit(out);
    } else if (at_ >= job_.size && edit_ >= edits_.size()) {
      break;
    }
  }
  co_return out;
}

Task<Result<std::string>> Content::rest() {
  std::string out;
  while (true) {
    POSTERN_CO_TRY(const auto piece, co_await next());
    if (piece.empty()) co_return out;
    out += piece;
  }
}

}  // namespace postern::smtpc
