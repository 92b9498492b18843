#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "store/flags.hpp"
#include "vocab/ids.hpp"
#include "vocab/time.hpp"

// What to look for in a mailbox, in nobody's protocol. Texts are UTF-8 and compared without case.
namespace postern::search {

struct Query;

struct All {};
struct And {
  std::vector<Query> of;
};
struct Or {
  std::vector<Query> of;
};
struct Not {
  std::vector<Query> of;  ///< One.
};
/// UIDs as inclusive ranges, ascending and apart.
struct Uids {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
};
struct HasFlags {
  std::uint64_t bits = 0;  ///< Any of them; 0: none, a flag that the mailbox has never seen.
};
struct Size {
  bool larger = false;
  std::uint64_t octets = 0;
};
/// Days as their writer saw them: time and zone are disregarded (RFC 9051 §6.4.4).
struct Day {
  enum class Of : std::uint8_t { internal, sent, saved };
  enum class Is : std::uint8_t { before, on, since };
  Of of = Of::internal;
  Is is = Is::on;
  std::chrono::sys_days day;
};
/// INTERNALDATE before or not before a moment.
struct Moment {
  bool before = false;
  Timestamp time{};
};
struct SinceModSeq {
  ModSeq least;
};
struct Message {
  MessageId id;
};
struct Thread {
  std::uint64_t id = 0;
};
/// Some header field of that name holds the text; empty: the field is there.
struct Header {
  std::string field;
  std::string text;
};
/// The subject that the envelope has (the last, where there are several) holds the text; empty:
/// there is one.
struct Subject {
  std::string text;
};
/// The text of the body's parts, with `header` the header too.
struct Text {
  bool header = false;
  std::string text;
};

struct Query {
  std::variant<All, And, Or, Not, Uids, HasFlags, Size, Day, Moment, SinceModSeq, Message, Thread,
               Header, Subject, Text>
      is;
};

}  // namespace postern::search
