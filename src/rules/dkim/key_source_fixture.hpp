#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/key_source.hpp"
#include "vocab/try.hpp"

// For tests and benches of this module and those that use it.
namespace postern::dkim {

/// Keeps every key for ever. For one thread.
class KeptKeys final : public crypto::KeySource {
 public:
  [[nodiscard]] Result<std::shared_ptr<const crypto::PublicKey>> get(
      crypto::KeyKind kind, std::string_view octets) override {
    const std::pair id{kind, std::string{octets}};
    if (const auto at = kept_.find(id); at != kept_.end()) return at->second;
    POSTERN_TRY(auto made, crypto::PublicKey::of(kind, octets));
    return kept_[id] = std::make_shared<const crypto::PublicKey>(std::move(made));
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }

 private:
  std::map<std::pair<crypto::KeyKind, std::string>, std::shared_ptr<const crypto::PublicKey>> kept_;
};

}  // namespace postern::dkim
