#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "queue/transport.hpp"
#include "vocab/result.hpp"

// Row D13: our own mail is put into a form that the next host takes, which is allowed only as long
// as nobody has signed it.
namespace postern::smtpc {

/// A change of the octets [begin, end) of a message.
struct Edit {
  enum class How : std::uint8_t { replace, quoted_printable, base64 };
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  How how = How::replace;
  std::string text = {};  ///< For `replace`.
};

/// Encodes one body that comes in pieces (RFC 2045 §6.7, §6.8). Keeps back at most a line.
class BodyEncoder {
 public:
  void begin(Edit::How how);
  void add(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  static constexpr std::size_t kLongestText = 4096;
  void add_text(std::string& out);
  void add_binary(bool last, std::string& out);

  Edit::How how_ = Edit::How::replace;
  std::string held_;
};

/// What the next host cannot take.
struct Unfit {
  bool eight_bit = false;   ///< Octets above 127 (RFC 6152).
  bool long_lines = false;  ///< Lines of more than 998 octets (RFC 5321 §4.5.3.1.6).
};

/// How to make the message fit, in order: every part that does not becomes quoted-printable (text)
/// or base64. Failures: `unsupported` when that cannot be done without breaking it (8-bit in a
/// header, in a signed or encrypted part, in an enclosed message); those of reading.
Task<Result<std::vector<Edit>>> plan_rewrite(const queue::Job& job, Unfit unfit);

}  // namespace postern::smtpc
