// libFuzzer: the input's lines are a server's challenges to our SCRAM client. A server that does
// not know the keys is never believed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/client.hpp"
#include "text/ascii.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  // Large iteration counts are tried in the unit test; here they would only be slow.
  if (input.contains(",i=") && !input.contains(",i=4096")) return 0;
  const sasl::ClientLogin login{.user = "user", .password = Secret{std::string{"never guessed"}}};
  const auto client = *sasl::make_client_mechanism("SCRAM-SHA-256", login, {}, "abc");
  const std::string first = *client->initial_response();
  if (first != "n,,n=user,r=abc") std::abort();
  for (const std::string_view line : text::split(input, '\n')) {
    (void)client->answer(line);
    if (client->may_succeed()) std::abort();
  }
  return 0;
}
