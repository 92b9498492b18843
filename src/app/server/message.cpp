#include "server/message.hpp"

namespace postern::server {
namespace {

using Kind = Message::Kind;

bool known(Kind kind) {
  switch (kind) {
    case Kind::config:
    case Kind::file:
    case Kind::socket:
    case Kind::log:
    case Kind::end:
    case Kind::stop:
    case Kind::hurry:
    case Kind::ready:
    case Kind::reloaded:
    case Kind::refused:
    case Kind::stopping: return true;
  }
  return false;
}

}  // namespace

bool carries_descriptor(Kind kind) {
  return kind == Kind::config || kind == Kind::file || kind == Kind::socket || kind == Kind::log;
}

std::string encode(const Message& message) {
  std::string out(1, static_cast<char>(message.kind));
  out += std::string_view{message.text}.substr(0, kMaxMessage - 1);
  return out;
}

Result<Message> decode(std::string_view datagram) {
  if (datagram.empty()) return fail(Errc::bad_syntax, "an empty message");
  if (datagram.size() > kMaxMessage) return fail(Errc::too_large, "a message beyond its limit");
  const auto kind = static_cast<Kind>(static_cast<std::uint8_t>(datagram.front()));
  if (!known(kind)) return fail(Errc::bad_syntax, "a message of no known kind");
  return Message{.kind = kind, .text = std::string{datagram.substr(1)}};
}

}  // namespace postern::server
