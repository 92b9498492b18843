#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vocab/strong.hpp"

// The messages of the simulator: every attempt to hand one in has a tag of its own, out of which
// the whole message follows, so that any copy can be held against what was sent.
namespace postern::sim {

using Tag = Strong<struct MailTagTag, std::uint64_t>;

/// The message of `tag` with CRLF; 8-bit clean and free of lines that begin with a dot. Some have
/// more than one chunk, very few more than 1 MiB.
[[nodiscard]] std::string make_mail(Tag tag);

/// The subject of that message, and back.
[[nodiscard]] std::string subject_of(Tag tag);
[[nodiscard]] std::optional<Tag> tag_of_subject(std::string_view subject);

}  // namespace postern::sim
