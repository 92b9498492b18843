#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "async/clock.hpp"
#include "async/random.hpp"
#include "net/local_ca.hpp"
#include "server/host.hpp"
#include "server/run_server.hpp"
#include "server/serve.hpp"
#include "server/signals.hpp"
#include "text/ip.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUser = "user@localhost";

/// 20 letters and digits that nobody mistakes for one another: 100 bits.
std::string new_password(Random& random) {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::string out;
  for (int i = 0; i < 20; ++i) out.push_back(kLetters.at(random.below(kLetters.size())));
  return out;
}

Result<void> write_private(const fs::path& path, const std::string& text) {
  const auto old_mask = ::umask(0077);
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  ::umask(old_mask);
  out << text;
  out.close();
  if (!out) return fail(Errc::io_failed, fmt::format("{}: cannot be written", path.string()));
  return {};
}

struct Password {
  std::string text;
  bool is_new = false;  ///< The file was not there, or lost it.
};

Result<Password> kept_password(const fs::path& path, Random& random) {
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("password ") && line.size() > 9) return Password{.text = line.substr(9)};
  }
  auto password = new_password(random);
  POSTERN_CHECK(write_private(path, fmt::format("user {}\npassword {}\n", kUser, password)));
  return Password{.text = std::move(password), .is_new = true};
}

Result<void> existing(Result<void> done) {
  if (!done && done.error().code == Errc::already_exists) return {};
  return done;
}

/// The account that is there already gets the password that is shown, should it be another.
Task<Result<void>> keep_account(directory::Directory& directory, Password password) {
  const auto accounts = directory.accounts();
  const bool there =
      std::ranges::find(accounts, kUser, &directory::Account::address) != accounts.end();
  if (!there || !password.is_new) co_return Result<void>{};
  co_return co_await directory.set_password(kUser, Secret<std::string>{std::move(password.text)});
}

/// The domain with its catch-all and the one account; what is there already stays.
Task<Result<void>> make_accounts(admin::Services& services, Password password) {
  auto& directory = services.directory;
  directory::Domain domain;
  domain.name = "localhost";
  domain.catch_all = kUser;
  bool known = false;
  for (const auto& one : directory.domains()) known = known || one.name == "localhost";
  // A start that was cut short left the domain alone.
  if (known && !directory.accounts().empty())
    co_return co_await keep_account(directory, std::move(password));
  directory::Domain bare = domain;
  bare.catch_all.clear();
  auto added = co_await directory.add_domain(bare);
  POSTERN_CO_CHECK(existing(std::move(added)));
  POSTERN_CO_TRY(const auto id, co_await directory.add_account(
                                    kUser, Secret<std::string>{std::move(password.text)}, 0));
  static_cast<void>(id);
  co_return co_await directory.change_domain(domain);
}

Result<void> run_local(const LocalOptions& options) {
  const auto ip = text::IpAddress::parse(options.ip);
  if (!ip) return fail(Errc::bad_config, fmt::format("\"{}\" is not an IP address", options.ip));
  if (options.port_offset < 0 || options.port_offset > 64'000)
    return fail(Errc::bad_config, "--port-offset must be from 0 to 64000");
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("{}: {}", options.directory, error.message()));
  SystemRandom random;
  const SystemClock clock;
  POSTERN_TRY(
      const auto files,
      net::ensure_local_ca({.directory = options.directory, .names = {"localhost"}, .ips = {*ip}},
                           clock.now(), random));
  static_cast<void>(files);
  const auto credentials = fs::path{options.directory} / "credentials.txt";
  POSTERN_TRY(const auto password, kept_password(credentials, random));
  POSTERN_TRY(auto config, config::parse(local_config_text(options), "localserve"));
  config.file.clear();  // nobody could look at its lines
  ServerHooks hooks;
  hooks.reload = [options] { return config::parse(local_config_text(options), "localserve"); };
  hooks.prepare = [password](admin::Services& services) {
    return make_accounts(services, password);
  };
  const int base = options.port_offset;
  hooks.ready = [=, shown = password.text, where = credentials.string(), ca = files.ca_file] {
    std::cout << fmt::format(
                     "user {}\npassword {}\nSMTP {}  submission {} and {} (TLS)  IMAP {} and {} "
                     "(TLS)\nTLS certificates are signed by {}\nthe password is kept in {}\nready",
                     kUser, shown, base + 25, base + 587, base + 465, base + 143, base + 993, ca,
                     where)
              << std::endl;
  };
  return run_server(std::move(config), std::move(hooks));
}

}  // namespace

std::string local_config_text(const LocalOptions& options) {
  const auto ip = text::IpAddress::parse(options.ip);
  const bool v6 = ip && ip->is_v6();
  const auto host = v6 ? "[" + options.ip + "]" : options.ip;
  const auto at = [&](int port) {
    return "[\"" + host + ":" + std::to_string(port + options.port_offset) + "\"]";
  };
  std::string out = fmt::format(
      "hostname = \"localhost\"\n"
      "[storage]\ndirectory = '{0}'\n"
      "[listeners]\nsmtp = {1}\nsubmission = {2}\nsubmissions = {3}\nimap = {4}\nimaps = {5}\n"
      "[tls]\ncertificate = '{0}/{6}'\nkey = '{0}/{7}'\n"
      "[smtp]\ncheck_sender_domain = false\n"
      "[authentication]\nverify = false\n[reports]\nsend = false\n"
      "[limits]\nconnections_per_ip = 0\nconnections_per_account = 0\n",
      options.directory, at(25), at(587), at(465), at(143), at(993), "local-cert.pem",
      "local-cert.key");
  if (!options.deliver_remote)
    out += "[delivery]\nallow_private_destinations = true\nonly_loopback = true\n";
  return out;
}

int localserve(const LocalOptions& options) {
  hold_signals();
  const auto done = run_local(options);
  if (done) return 0;
  return complain(done.error());
}

}  // namespace postern::server
