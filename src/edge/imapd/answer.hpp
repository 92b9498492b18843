#pragma once

#include <string>
#include <string_view>

#include "imap/fault.hpp"

namespace postern::imapd {

/// What ends a command: the tagged response, without its tag.
struct Answer {
  imap::Status status = imap::Status::ok;
  std::string code = {};  ///< Response code without brackets; empty for none.
  std::string_view text;  ///< A constant.
};

[[nodiscard]] inline Answer ok(std::string_view text, std::string code = {}) {
  return {imap::Status::ok, std::move(code), text};
}
[[nodiscard]] inline Answer no(std::string_view text, std::string code = {}) {
  return {imap::Status::no, std::move(code), text};
}
[[nodiscard]] inline Answer bad(std::string_view text) {
  return {imap::Status::bad, {}, text};
}

}  // namespace postern::imapd
