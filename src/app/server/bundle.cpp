#include "server/bundle.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "server/sealed.hpp"
#include "server/trusted_file.hpp"
#include "signing/secret.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

using Word = Message::Kind;

/// Files and sockets of one bundle.
constexpr std::size_t kMostParts = 4096;

Result<Parcel> sealed_parcel(Word kind, const std::string& name, std::string text) {
  auto memory = seal(text);
  wipe(text);
  if (!memory) return fail(Errc::bad_config, name + ": " + memory.error().detail);
  if (name.size() >= kMaxMessage) return fail(Errc::bad_config, name + ": the name is too long");
  return Parcel{.message = {.kind = kind, .text = name}, .descriptor = *std::move(memory)};
}

}  // namespace

Result<Outgoing> read_bundle(const std::string& config_file) {
  POSTERN_TRY(auto text, config::read(config_file));
  POSTERN_TRY(auto config, config::parse(text, config_file));
  Outgoing out{.config = std::move(config), .parcels = {}};
  POSTERN_TRY(auto first, sealed_parcel(Word::config, config_file, std::move(text)));
  out.parcels.push_back(std::move(first));
  std::set<std::string> names;
  if (!out.config.certificate.empty()) names = {out.config.certificate, out.config.key};
  for (const auto& more : out.config.more_certificates) {
    names.insert(more.chain_file);
    names.insert(more.key_file);
  }
  if (const auto& file = out.config.secret_file; !file.empty()) {
    // Before it is passed on: who may read it, and what is in it.
    if (const auto secret = signing::load_secret(file); !secret) {
      return fail(Errc::bad_config,
                  out.config.where("signing.secret_file") + secret.error().detail);
    }
    names.insert(file);
  }
  if (names.size() > kMostParts / 2)
    return fail(Errc::bad_config, config_file + ": too many certificates");
  for (const auto& name : names) {
    auto content = read_trusted_file(name);
    if (!content) {
      const bool secret = name == out.config.secret_file;
      return fail(
          Errc::bad_config,
          fmt::format("{}{} {}: {}",
                      out.config.where(secret ? "signing.secret_file" : "tls.certificate"),
                      secret ? "secret" : "certificate or key", name, content.error().detail));
    }
    POSTERN_TRY(auto parcel, sealed_parcel(Word::file, name, *std::move(content)));
    out.parcels.push_back(std::move(parcel));
  }
  return out;
}

Incoming::~Incoming() {
  for (auto& [name, text] : files_) wipe(text);
}

Result<bool> Incoming::take(Parcel parcel) {
  auto& message = parcel.message;
  if (message.kind == Word::end) return true;
  if (files_.size() + sockets_.size() >= kMostParts) return fail(Errc::too_large, "a bundle");
  if (message.kind == Word::socket) {
    const auto kind = kind_from(message.text);
    if (!kind) return fail(Errc::bad_syntax, "a socket for no known service");
    sockets_.emplace_back(*kind, std::move(parcel.descriptor));
    return false;
  }
  if (message.kind != Word::config && message.kind != Word::file)
    return fail(Errc::bad_sequence, "a message that is no part of a bundle");
  POSTERN_TRY(auto text, contents(parcel.descriptor));
  if (message.kind == Word::config) {
    name_ = std::move(message.text);
    text_ = std::move(text);
  } else {
    files_.insert_or_assign(std::move(message.text), std::move(text));
  }
  return false;
}

Result<config::Config> Incoming::config() const {
  return config::parse(text_, name_);
}

net::ReadFile Incoming::reader() const {
  return [this](const std::string& file) -> Result<std::string> {
    const auto found = files_.find(file);
    if (found == files_.end()) return fail(Errc::not_found, "not passed by the supervisor");
    return found->second;
  };
}

std::vector<Socket> Incoming::take_sockets() {
  std::vector<Socket> out;
  out.reserve(sockets_.size());
  for (auto& [kind, descriptor] : sockets_)
    out.push_back({.kind = kind, .descriptor = descriptor.release()});
  sockets_.clear();
  return out;
}

}  // namespace postern::server
