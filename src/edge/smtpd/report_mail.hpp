#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "async/task.hpp"
#include "delivery/delivery.hpp"
#include "mailauth/findings.hpp"
#include "mime/message.hpp"
#include "reports/reports.hpp"

// What mail from strangers has to do with reports: it is told of in ours, and may bring others'.
namespace postern::smtpd {

struct Session;

/// Whether the session's message goes to an address where reports come in.
[[nodiscard]] bool is_for_reports(const Session& session);

/// Keeps the octets of such a message till its end, if there is room: then they are read.
class ReportMail {
 public:
  /// `inbox` outlives it.
  explicit ReportMail(reports::Inbox& inbox) : inbox_{inbox} {}
  ReportMail(const ReportMail&) = delete;
  ReportMail& operator=(const ReportMail&) = delete;
  ~ReportMail() { release(); }

  void feed(std::string_view octets);
  /// Adds what the report is to the commit, and a line about it to the trace. Once.
  Task<> read(const mailauth::Findings& found, delivery::Transaction& transaction);

 private:
  void release() { inbox_.release(std::exchange(held_, 0)); }

  reports::Inbox& inbox_;
  std::string octets_;
  std::size_t held_ = 0;    ///< Of the inbox' room; given back whatever happens.
  bool too_large_ = false;  ///< Or there was no room.
};

/// What the message's author's domain will be told of it; nothing where it is told nothing, and of
/// what is a report itself: reports about reports would have no end. What only looks like one, by
/// somebody who is not its author, is told of, and so is what is refused. `refused`: the message is
/// not taken, for what DMARC asks or for something else, which is not DMARC's matter.
[[nodiscard]] std::optional<reports::SeenMessage> to_tell(const Session& session,
                                                          const mailauth::Findings& found,
                                                          const mime::Message& message,
                                                          bool refused);

}  // namespace postern::smtpd
