#include "server/supervisor_log.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "server/host.hpp"
#include "vocab/try.hpp"

namespace postern::server {
namespace {

Result<Descriptor> open_file(const std::string& path) {
  constexpr mode_t kMode = 0640;
  // We are root, and the folder may be the server's user's: a link there could name any file.
  constexpr int kHow = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
  Descriptor out{::open(path.c_str(), kHow, kMode)};
  if (out) return out;
  if (errno == ELOOP)
    return fail(Errc::bad_config, "log file " + path + ": a symbolic link, which is not followed");
  return fail(Errc::bad_config, "log file " + path + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<std::unique_ptr<SupervisorLog>> SupervisorLog::open(const config::Config& config) {
  Descriptor file;
  if (!config.log_file.empty()) {
    POSTERN_TRY(file, open_file(config.log_file));
  }
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private
  return std::unique_ptr<SupervisorLog>{new SupervisorLog{config, std::move(file)}};
}

SupervisorLog::SupervisorLog(const config::Config& config, Descriptor file)
    : path_{config.log_file},
      file_{std::move(file)},
      sink_{file_ ? file_.get() : STDERR_FILENO, !file_ && logs_to_journal()
                                                     ? log::DescriptorSink::Prefix::journal
                                                     : log::DescriptorSink::Prefix::none},
      backend_{sink_, {}, [this] { return clock_.now(); }},
      logger_{log::Logger{backend_}.with({{"process", "supervisor"}})} {}

std::optional<Parcel> SupervisorLog::passed() const {
  if (!file_) return std::nullopt;
  return Parcel{.message = {.kind = Message::Kind::log, .text = path_},
                .descriptor = Descriptor{::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0)}};
}

std::optional<Parcel> SupervisorLog::reopen() {
  if (!file_) return std::nullopt;
  const auto fresh = open_file(path_);
  if (!fresh) {
    logger_.warn("log file not reopened", {{"why", fresh.error().detail}});
    return std::nullopt;
  }
  ::dup3(fresh->get(), file_.get(), O_CLOEXEC);
  return passed();
}

}  // namespace postern::server
