#pragma once

#include <string>

#include "vocab/result.hpp"

namespace postern::server {

/// The whole of a file as `read_file` gives it, for root to read and pass on to the server. Links
/// are followed (certbot's live folder is made of them), but only if nobody else could make them
/// lead to a file that is not theirs: every folder and link on the way belongs to root, or to the
/// one unprivileged user who owns the file too, and no group or stranger may write in a folder
/// (unless it is sticky: then the owner of what lies in it counts). What is looked at is what is
/// read: no change meanwhile passes. Fails like `read_file`; `not_permitted` with what to do.
[[nodiscard]] Result<std::string> read_trusted_file(const std::string& path);

}  // namespace postern::server
