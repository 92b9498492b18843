#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "queue/message.hpp"
#include "queue/pace.hpp"
#include "queue/transport.hpp"
#include "text/ascii.hpp"
#include "vocab/ids.hpp"

namespace postern::queue {

struct Active;

/// Recipients of one message that go to one destination together.
struct Work {
  Active* active = nullptr;
  std::vector<std::size_t> recipients;  ///< Indexes into the message's.
};

/// One domain that mail waits for.
struct Destination {
  Destination(std::string name, Pace how) : domain{std::move(name)}, pace{how} {}
  std::string domain;
  Pace pace;
  std::deque<Work> ready;
  /// Messages that are due and not in memory, because many for this domain already are.
  std::deque<QueueId> parked;
  std::uint32_t running = 0;
  bool listed = false;    ///< In the line of those who may start.
  RecipientOutcome last;  ///< Why it is paused.
};

/// All destinations that mail is due for, and whose turn it is. Nothing here searches.
class Destinations {
 public:
  explicit Destinations(Pace fresh) : fresh_{fresh} {}

  /// Stays where it is till `leave` or `sweep`.
  Destination& at(std::string_view domain);
  /// Null if nothing is known of it.
  [[nodiscard]] Destination* find(std::string_view domain);
  /// Puts `destination` in the line, if it has work and room and is not there.
  void offer(Destination& destination);
  /// The next whose turn it is; the caller offers it again. Null: nobody.
  Destination* next();
  /// Forgets it if nothing is left to do and nothing bad to remember.
  void leave(Destination& destination);
  /// Forgets old pauses once there are many. Cheap otherwise.
  void sweep(Instant now);
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  Pace fresh_;
  std::unordered_map<std::string, Destination, text::ViewHash, std::equal_to<>> all_;
  std::deque<Destination*> line_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace postern::queue
