#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "queue/transport.hpp"
#include "smtpc/rewrite.hpp"
#include "vocab/result.hpp"

namespace postern::smtpc {

/// The octets of a message as they are sent, one piece after the other. Holds one piece at a time.
class Content {
 public:
  static constexpr std::uint64_t kPiece = std::uint64_t{128} * 1024;

  /// `job` outlives it. `edits`: in order, not overlapping.
  Content(const queue::Job& job, std::vector<Edit> edits);

  /// The next piece; empty at the end. Failures: those of reading the store.
  Task<Result<std::string>> next();
  /// All that is left, at once: for small messages. Failures as of `next`.
  Task<Result<std::string>> rest();
  /// Whether the message goes out as it is stored.
  [[nodiscard]] bool as_stored() const { return edits_.empty(); }

 private:
  [[nodiscard]] std::uint64_t end_of_piece() const;
  void leave_edit(std::string& out);

  const queue::Job& job_;
  std::vector<Edit> edits_;
  std::size_t edit_ = 0;  ///< The next, or the one we are in.
  std::uint64_t at_ = 0;
  bool inside_ = false;
  BodyEncoder encoder_;
};

}  // namespace postern::smtpc
