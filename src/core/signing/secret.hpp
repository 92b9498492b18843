#pragma once

#include <string>
#include <string_view>

#include "async/random.hpp"
#include "vocab/result.hpp"
#include "vocab/secret.hpp"

// The installation's secret, under which private keys are stored: 32 octets in a file that lies
// outside the store, so that neither the store nor a copy of it holds a key anybody could sign
// with. (By default it lies beside the store: a copy of the whole folder has both.) As text: 64
// hexadecimal digits and a line end.
namespace postern::signing {

using InstallationSecret = Secret<std::string>;

/// Error `bad_config`: not such a text.
[[nodiscard]] Result<InstallationSecret> parse_secret(std::string_view text);

/// Reads the file `path`; makes it, durably and readable by its owner alone, if there is none.
/// Blocks. Errors, in words for people: `bad_config`: no secret is in it, or others than its owner
/// may read it; `io_failed`.
[[nodiscard]] Result<InstallationSecret> load_or_make_secret(const std::string& path,
                                                             Random& random);

/// Reads the file `path`, which somebody named and made. Errors as below; `io_failed` also if there
/// is none.
[[nodiscard]] Result<InstallationSecret> load_secret(const std::string& path);

/// Tells one secret from another without telling anything about it: 16 hexadecimal digits.
[[nodiscard]] std::string id_of(const InstallationSecret& secret);

}  // namespace postern::signing
