// libFuzzer: a prepared text is prepared (the profiles are idempotent), not empty, valid UTF-8 and
// without controls; names are without spaces too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/prep.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace {

void check(const std::string& out) {
  if (out.empty() || !postern::text::is_utf8(out)) std::abort();
  if (std::ranges::any_of(out, postern::text::is_control)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::sasl;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto user = prepare_user(text)) {
    check(*user);
    if (user->contains(' ')) std::abort();
    if (prepare_user(*user).value_or("") != *user) std::abort();
  }
  if (const auto password = prepare_password(text)) {
    check(*password);
    if (prepare_password(*password).value_or("") != *password) std::abort();
  }
  if (const auto password = prepare_scram_password(text)) check(*password);
  return 0;
}
