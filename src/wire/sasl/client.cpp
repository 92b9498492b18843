#include "sasl/client.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "sasl/prep.hpp"
#include "sasl/scram_client.hpp"
#include "sasl/scram_message.hpp"
#include "sasl/scram_server.hpp"
#include "text/ascii.hpp"
#include "vocab/try.hpp"

namespace postern::sasl {
namespace {

class PlainClient final : public ClientMechanism {
 public:
  explicit PlainClient(ClientLogin login) : login_{std::move(login)} {}
  [[nodiscard]] std::string_view name() const override { return "PLAIN"; }
  [[nodiscard]] std::optional<std::string> initial_response() override {
    sent_ = true;
    return login_.authzid + '\0' + login_.user + '\0' + login_.password.reveal();
  }
  [[nodiscard]] Result<std::string> answer(std::string_view challenge) override {
    if (sent_) return fail(Errc::bad_sequence, "PLAIN: a challenge too many");
    if (!challenge.empty()) return fail(Errc::bad_syntax, "PLAIN: the client speaks first");
    return *initial_response();
  }
  [[nodiscard]] bool may_succeed() const override { return sent_; }

 private:
  const ClientLogin login_;
  bool sent_ = false;
};

// The prompts' words differ from server to server; only their order counts.
class LoginClient final : public ClientMechanism {
 public:
  explicit LoginClient(ClientLogin login) : login_{std::move(login)} {}
  [[nodiscard]] std::string_view name() const override { return "LOGIN"; }
  [[nodiscard]] std::optional<std::string> initial_response() override { return std::nullopt; }
  [[nodiscard]] Result<std::string> answer(std::string_view /*challenge*/) override {
    switch (answered_++) {
      case 0:  return login_.user;
      case 1:  return login_.password.reveal();
      default: answered_ = 3; return fail(Errc::bad_sequence, "LOGIN: a challenge too many");
    }
  }
  [[nodiscard]] bool may_succeed() const override { return answered_ == 2; }

 private:
  const ClientLogin login_;
  int answered_ = 0;
};

Result<std::unique_ptr<ClientMechanism>> make_scram(bool plus, const ClientLogin& login,
                                                    const Channel& channel, std::string nonce) {
  if (plus && channel.tls_exporter.empty()) return fail(Errc::unsupported, "no channel binding");
  if (!is_scram_nonce(nonce)) return fail(Errc::bad_config, "SASL nonce");
  POSTERN_TRY(std::string password, prepare_scram_password(login.password.reveal()));
  return std::make_unique<ScramClient>(
      plus, ClientLogin{login.user, Secret{std::move(password)}, login.authzid}, channel,
      std::move(nonce));
}

Result<void> check_login(const ClientLogin& login) {
  for (const std::string& field : {login.user, login.authzid, login.password.reveal()}) {
    if (field.contains('\0') || field.size() > kMaxField) {
      return fail(Errc::bad_syntax, "user or password cannot be sent");
    }
  }
  if (login.user.empty() || login.password.reveal().empty()) {
    return fail(Errc::bad_syntax, "user or password is empty");
  }
  return {};
}

}  // namespace

std::optional<std::string_view> strongest_mechanism(std::span<const std::string_view> offered,
                                                    const Channel& channel) {
  const auto has = [offered](std::string_view name) {
    return std::ranges::any_of(
        offered, [name](std::string_view other) { return text::iequals(name, other); });
  };
  if (!channel.tls_exporter.empty() && has(kScramPlusName)) return kScramPlusName;
  if (has(kScramName)) return kScramName;
  if (!channel.encrypted) return std::nullopt;
  for (const std::string_view name : {"PLAIN", "LOGIN"}) {
    if (has(name)) return name;
  }
  return std::nullopt;
}

Result<std::unique_ptr<ClientMechanism>> make_client_mechanism(std::string_view name,
                                                               const ClientLogin& login,
                                                               const Channel& channel,
                                                               std::string nonce) {
  POSTERN_CHECK(check_login(login));
  if (name == kScramPlusName) return make_scram(true, login, channel, std::move(nonce));
  if (name == kScramName) return make_scram(false, login, channel, std::move(nonce));
  if (name == "PLAIN") return std::make_unique<PlainClient>(login);
  if (name == "LOGIN") return std::make_unique<LoginClient>(login);
  return fail(Errc::unsupported, "SASL mechanism");
}

}  // namespace postern::sasl
