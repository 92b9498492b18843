#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dkim/sign.hpp"
#include "signing/signer.hpp"

namespace postern::signing {

/// Signs with a word instead of a key, and remembers what. For tests alone.
class FakeSigner final : public Signer {
 public:
  Task<Result<Signed>> sign(const dkim::Message& message) override {
    messages.push_back(message);
    if (error) co_return fail(*error);
    co_return Signed{.fields = fields, .by = by};
  }
  Task<Result<std::string>> seal(const dkim::Message& message, const arc::Validation& found,
                                 std::string_view results, std::string_view domain) override {
    static_cast<void>(found);
    messages.push_back(message);
    if (error) co_return fail(*error);
    co_return "ARC-Seal: " + std::string{domain} + "; " + std::string{results} + "\r\n";
  }

  std::string fields = "DKIM-Signature: fresh;\r\n\tfolded\r\n";
  std::string by = "example.org s";
  std::optional<Errc> error;
  std::vector<dkim::Message> messages;  ///< In the order in which they were signed.
};

}  // namespace postern::signing
