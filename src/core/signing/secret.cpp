#include "signing/secret.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "vocab/try.hpp"

namespace postern::signing {
namespace {

constexpr std::size_t kMaxFile = 256;
constexpr std::size_t kIdOctets = 8;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;

class File {
 public:
  explicit File(int descriptor) : descriptor_{descriptor} {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Error> cannot(const std::string& path, const char* what) {
  return fail(Errc::io_failed, path + ": " + what + ": " + std::generic_category().message(errno));
}

Result<InstallationSecret> read(const std::string& path, const File& file) {
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return cannot(path, "cannot be looked at");
  if (!S_ISREG(facts.st_mode)) return fail(Errc::bad_config, path + " is no file");
  if ((facts.st_mode & kOthers) != 0) {
    return fail(Errc::bad_config,
                path +
                    " holds the secret that protects the signing keys, and others than its "
                    "owner may read it; do: chmod 600 " +
                    path);
  }
  std::array<char, kMaxFile> octets{};
  const auto got = ::read(file.get(), octets.data(), octets.size());
  if (got < 0) return cannot(path, "cannot be read");
  auto secret = parse_secret({octets.data(), static_cast<std::size_t>(got)});
  crypto::wipe(octets.data(), octets.size());
  if (!secret) return fail(secret.error().code, path + ": " + secret.error().detail);
  return secret;
}

/// Beside its place first: there is never half a secret under the name.
Result<InstallationSecret> make(const std::string& path, Random& random) {
  const auto beside = path + ".new";
  const auto folder = std::filesystem::path{path}.parent_path().string();
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT) return cannot(beside, "cannot be removed");
  const File file{
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly)};
  if (!file.open()) return cannot(beside, "cannot be made");
  InstallationSecret secret{random.bytes(crypto::kAeadKeySize)};
  auto text = text::to_hex(secret.reveal()) + '\n';
  const crypto::ScopedWipe wipe{text};
  const auto put = ::write(file.get(), text.data(), text.size());
  if (put != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0)
    return cannot(beside, "cannot be written");
  // Unlike rename(2) it does not replace what another process made meanwhile.
  if (::link(beside.c_str(), path.c_str()) != 0) return cannot(path, "cannot be made");
  if (::unlink(beside.c_str()) != 0) return cannot(beside, "cannot be removed");
  const File directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory.open() || ::fsync(directory.get()) != 0) return cannot(folder, "cannot be synced");
  return secret;
}

}  // namespace

Result<InstallationSecret> parse_secret(std::string_view text) {
  auto octets = text::from_hex(text::trim(text));
  if (!octets || octets->size() != crypto::kAeadKeySize) {
    return fail(Errc::bad_config,
                "no secret: 64 hexadecimal digits and nothing else are wanted. Put the file back "
                "from a backup; without it stored signing keys cannot be used");
  }
  return InstallationSecret{*std::move(octets)};
}

Result<InstallationSecret> load_secret(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.open()) return cannot(path, "cannot be opened");
  return read(path, file);
}

Result<InstallationSecret> load_or_make_secret(const std::string& path, Random& random) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (file.open()) return read(path, file);
  if (errno != ENOENT) return cannot(path, "cannot be opened");
  return make(path, random);
}

std::string id_of(const InstallationSecret& secret) {
  const auto digest = crypto::hmac_sha256(secret.reveal(), "postern installation secret");
  return text::to_hex(crypto::view(digest).substr(0, kIdOctets));
}

}  // namespace postern::signing
