// libFuzzer: the input's lines are a client's responses to PLAIN and to LOGIN. However they come,
// each Step is one that may follow, a user handed to the directory is a prepared name, and the
// exchange ends when it says so.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sasl/plain.hpp"
#include "sasl/prep.hpp"
#include "text/ascii.hpp"

namespace {

using namespace postern;
using namespace postern::sasl;

void check_question(const Step& step) {
  const auto* const check = std::get_if<CheckPassword>(&step);
  if (check == nullptr) return;
  if (check->user.empty() || check->password.reveal().empty()) std::abort();
  if (prepare_user(check->user).value_or("") != check->user) std::abort();
  if (check->authzid == check->user) std::abort();
}

// A first line "-" stands for no initial response.
Step start(ServerMechanism& server, std::string_view line) {
  return line == "-" ? server.start(std::nullopt) : server.start(line);
}

void converse(ServerMechanism& server, std::string_view input) {
  const auto lines = text::split(input, '\n');
  bool over = false;
  bool asked = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Step step = i == 0 ? start(server, lines[0]) : server.step(lines[i]);
    if (over && !std::holds_alternative<Failed>(step)) std::abort();
    check_question(step);
    if (std::holds_alternative<CheckPassword>(step)) {
      asked = true;
      step = server.resume(PasswordVerdict{.good = lines.size() % 2 == 0});
      if (std::holds_alternative<Authenticated>(step) != (lines.size() % 2 == 0)) std::abort();
    }
    if (std::holds_alternative<Authenticated>(step) && !asked) std::abort();
    over = over || !std::holds_alternative<Challenge>(step);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  PlainServer plain;
  converse(plain, input);
  LoginServer login;
  converse(login, input);
  return 0;
}
