#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "delivery/delivery.hpp"
#include "dkim/message.hpp"
#include "mailauth/reception.hpp"
#include "reports/collector.hpp"
#include "smtp/data.hpp"
#include "smtp/reply.hpp"
#include "store/draft.hpp"

namespace postern::smtpd {

struct Session;

/// One message on its way in, by DATA or BDAT. Whatever happens it takes all that is given to it:
/// the first reason to refuse the message is remembered, what follows is thrown away, and the
/// answer comes at the end.
class Incoming {
 public:
  /// `session` outlives it.
  explicit Incoming(Session& session);

  /// The next octets of the message, dots undone; the caller keeps them till the task ends.
  Task<> take(std::string_view octets);
  /// It will not be accepted, whatever comes. The first reason stands.
  void refuse(smtp::Reply why);
  [[nodiscard]] const std::optional<smtp::Reply>& refused() const { return refused_; }
  /// It holds memory that others wait for.
  [[nodiscard]] bool memory_scarce() const { return draft_ && draft_->memory_scarce(); }

  /// The end: the message is committed for the session's transaction, or not. What to answer.
  Task<smtp::Reply> finish(std::optional<smtp::DataFlaw> flaw);

 private:
  Task<> feed(std::string_view octets);
  Task<> take_header(std::string_view octets);
  Task<> end_header(std::size_t size);
  Task<smtp::Reply> commit();
  void tell(delivery::Transaction& transaction, const mailauth::Findings& found) const;
  /// An ARC set over the message as it came (RFC 8617 §5.1); empty: it is passed on without.
  Task<std::string> seal(std::string domain, const mailauth::Findings& found, bool utf8) const;
  Task<Result<void>> sign(delivery::Transaction& transaction);
  smtp::Reply refuse_judged(smtp::Reply why, const mailauth::Findings& found,
                            std::optional<reports::SeenMessage> seen);
  Task<> describe(delivery::Transaction& transaction, const store::Draft& draft,
                  const mailauth::Findings& found);
  smtp::Reply not_taken(const Error& why);

  Session& session_;
  std::unique_ptr<store::Draft> draft_;             ///< Null once the message is refused.
  std::unique_ptr<mailauth::Reception> reception_;  ///< Mail of strangers alone.
  std::optional<dkim::MessageReader> signing_;      ///< Submissions alone.
  std::optional<smtp::Reply> refused_;
  std::uint64_t size_ = 0;
  bool in_header_;      ///< Submission: the header is gathered here, to be completed.
  std::string header_;  ///< At most mime::kMaxHeader and one piece.
};

}  // namespace postern::smtpd
