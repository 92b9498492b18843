#include "imapd/output.hpp"

#include "vocab/try.hpp"

namespace postern::imapd {

Task<Result<void>> Output::drain_if_large() {
  if (text_.size() < kLarge) co_return Result<void>{};
  co_return co_await flush();
}

Task<Result<void>> Output::flush() {
  if (text_.empty()) co_return Result<void>{};
  const auto sent = co_await stream_.write(text_, limit_);
  sent_ += text_.size();
  text_.clear();
  co_return sent;
}

bool Output::roll_back(std::uint64_t position) {
  if (position < sent_) return false;
  text_.resize(static_cast<std::size_t>(position - sent_));
  return true;
}

void Output::shrink() {
  if (text_.empty()) std::string{}.swap(text_);
}

}  // namespace postern::imapd
