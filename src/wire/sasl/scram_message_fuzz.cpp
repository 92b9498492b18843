// libFuzzer: the four messages. Whatever parses has its views inside the input and its parts where
// the grammar puts them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/scram_message.hpp"

namespace {

using namespace postern::sasl;

void check_inside(std::string_view part, std::string_view whole) {
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message{reinterpret_cast<const char*>(data), size};
  if (const auto first = parse_client_first(message)) {
    if (std::string{first->gs2_header}.append(first->bare) != message) std::abort();
    check_inside(first->nonce, message);
    if (first->user.empty() || !is_scram_nonce(first->nonce)) std::abort();
    if (!first->bare.starts_with("n=" + escape_scram_name(first->user) + ",r=")) std::abort();
    if ((first->flag == BindingFlag::used) == first->binding_type.empty()) std::abort();
  }
  if (const auto first = parse_server_first(message)) {
    check_inside(first->nonce, message);
    if (first->salt.empty() || first->iterations == 0) std::abort();
  }
  if (const auto final = parse_client_final(message)) {
    check_inside(final->nonce, message);
    if (!message.starts_with(final->without_proof) || final->proof.empty()) std::abort();
  }
  if (const auto final = parse_server_final(message)) {
    if (final->verifier.empty() == final->error.empty()) std::abort();
  }
  return 0;
}
