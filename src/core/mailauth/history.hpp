#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "kv/engine.hpp"

namespace postern::mailauth {

/// By which paths (a peer's net, an envelope domain that SPF proved) mail of a domain passed DMARC
/// before: whoever fails it by such a path is more likely a forwarder that changes mail than a
/// stranger. Kept in the store, renewed at most once a day, forgotten after kPathDays. Losing some
/// of it in a crash costs nothing but kindness: nothing waits for the disk. Any core.
class History {
 public:
  virtual ~History() = default;
  /// Also true when the store cannot tell: nobody is refused for that.
  virtual Task<bool> has_passed(std::string author, std::vector<std::string> paths) = 0;
  virtual Task<> note_pass(std::string author, std::vector<std::string> paths) = 0;
  /// Erases what is too old, if there is anything to be done today.
  virtual Task<> sweep() = 0;
};

inline constexpr std::uint32_t kPathDays = 180;

/// Both outlive it.
[[nodiscard]] std::unique_ptr<History> make_history(kv::Engine& engine, const Clock& clock);

}  // namespace postern::mailauth
