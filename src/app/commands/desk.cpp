#include "commands/desk.hpp"

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include <boost/json.hpp>
#include <unistd.h>

#include "admin/admin.hpp"
#include "async/clock.hpp"
#include "control/client.hpp"
#include "vocab/try.hpp"

namespace postern::commands {
namespace {

namespace json = boost::json;

/// A store that is just being opened or closed by somebody: they are done soon, or it is a server
/// that will listen soon.
constexpr int kAttempts = 50;
constexpr std::chrono::milliseconds kPause{100};

Result<config::Config> configuration(const Arguments& arguments) {
  if (!arguments.has("--dir")) {
    const bool named = arguments.has("--config");
    return config::load(named ? arguments.text("--config") : std::string{kDefaultConfig});
  }
  if (arguments.has("--config"))
    return fail(Errc::bad_config, "--dir and --config exclude each other");
  config::Config out;
  out.hostname = "localhost";
  out.directory = arguments.text("--dir");
  return out;
}

Timestamp now() {
  static const SystemClock clock;
  return clock.now();
}

/// The data of an answer, or its error as a sentence.
Result<json::value> data_of(const std::string& answer) {
  json::error_code error;
  auto parsed = json::parse(answer, error);
  auto* const object = error ? nullptr : parsed.if_object();
  const auto* const ok = object == nullptr ? nullptr : object->if_contains("ok");
  if (ok == nullptr || !ok->is_bool())
    return fail(Errc::bad_syntax, "the server's answer makes no sense: is it of another release?");
  if (ok->get_bool()) return std::move((*object)["data"]);
  const auto* const why = object->if_contains("error");
  return fail(Errc::not_permitted,
              why != nullptr && why->is_string() ? std::string{why->get_string()} : answer);
}

/// Errors of this process as those of the other side: a sentence.
std::unexpected<Error> told(const Error& error) {
  return fail(error.code, admin::to_sentence(error));
}

}  // namespace

Desk::Desk(config::Config config)
    : config_{std::move(config)},
      sink_{STDERR_FILENO},
      backend_{sink_, {.level = log::Level::warn}, now} {}
Desk::~Desk() = default;

Result<std::unique_ptr<Desk>> Desk::open(const Arguments& arguments) {
  auto config = configuration(arguments);
  if (!config) return std::unexpected(std::move(config).error());
  return std::unique_ptr<Desk>{new Desk{*std::move(config)}};
}

Result<std::string> Desk::send(const std::string& request, Missing missing) {
  const auto socket = std::filesystem::path{config_.directory} / admin::kControlSocket;
  for (int attempt = 1; !offline_; ++attempt) {
    auto answer = control::call(socket, request);
    if (answer || answer.error().code != Errc::not_found) return answer;
    auto opened = admin::Offline::open(config_, missing, log::Logger{backend_});
    if (opened) {
      offline_ = *std::move(opened);
    } else if (opened.error().code != Errc::conflict || attempt == kAttempts) {
      return std::unexpected(std::move(opened).error());
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
  return offline_->handle(request);
}

Result<json::value> Desk::ask(const json::object& request, Missing missing) {
  const auto answer = send(json::serialize(request), missing);
  if (!answer) return told(answer.error());
  return data_of(*answer);
}

Result<json::value> Desk::verify() {
  const auto socket = std::filesystem::path{config_.directory} / admin::kControlSocket;
  for (int attempt = 1;; ++attempt) {
    auto answer = control::call(socket, R"({"cmd":"store.verify"})");
    if (!answer && answer.error().code == Errc::not_found) answer = admin::verify_offline(config_);
    if (answer) return data_of(*answer);
    if (answer.error().code != Errc::conflict || attempt == kAttempts) return told(answer.error());
    std::this_thread::sleep_for(kPause);
  }
}

int complain(Session& session, const Error& error) {
  session.err << "postern: " << (error.detail.empty() ? to_string(error.code) : error.detail)
              << '\n';
  return kFailed;
}

int misused(Session& session, std::string_view what) {
  session.err << "postern: " << what << "; --help tells more\n";
  return kUsage;
}

int ask_and_print(const Arguments& arguments, Session& session, const json::object& request,
                  void (*print)(std::ostream& out, const json::value& data)) {
  const auto desk = Desk::open(arguments);
  if (!desk) return complain(session, desk.error());
  const auto data = (*desk)->ask(request);
  if (!data) return complain(session, data.error());
  if (arguments.has("--json")) {
    session.out << json::serialize(*data) << '\n';
  } else {
    print(session.out, *data);
  }
  return 0;
}

}  // namespace postern::commands
