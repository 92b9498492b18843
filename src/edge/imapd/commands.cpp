#include "imapd/commands.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "imap/print.hpp"
#include "imapd/response_for.hpp"
#include "vocab/try.hpp"

namespace postern::imapd {
namespace {

/// Commands refused in a row before the connection ends.
constexpr std::uint32_t kMaxStrangersErrors = 10;
constexpr std::uint32_t kMaxErrors = 100;

constexpr unsigned kStranger = static_cast<unsigned>(State::not_authenticated);
constexpr unsigned kInMailbox = static_cast<unsigned>(State::selected);
constexpr unsigned kInside = static_cast<unsigned>(State::authenticated) | kInMailbox;
constexpr unsigned kAny = kStranger | kInside;

/// When the answer may tell of what others did to the selected mailbox.
enum class Tell : std::uint8_t { nothing, all, all_if_uid };

struct Row {
  std::size_t index;  ///< In the variant.
  unsigned states;
  Tell tell;
  Answered (*run)(Connection& c, imap::Command& command);
};

template <class C>
constexpr std::size_t index_of() {
  std::size_t index = 0;
  const auto find = [&]<class... All>(std::variant<All...>*) {
    (void)((std::is_same_v<C, All> || (++index, false)) || ...);
  };
  find(static_cast<imap::Command*>(nullptr));
  return index;
}

template <class C, Answered (*Run)(Connection&, C)>
constexpr Row row(unsigned states, Tell tell) {
  return {index_of<C>(), states, tell, [](Connection& c, imap::Command& command) {
            return Run(c, std::get<C>(std::move(command)));
          }};
}

constexpr std::array kRows{
    row<imap::Capability, cmd_capability>(kAny, Tell::nothing),
    row<imap::Noop, cmd_noop>(kAny, Tell::all),
    row<imap::Logout, cmd_logout>(kAny, Tell::nothing),
    row<imap::Id, cmd_id>(kAny, Tell::nothing),
    row<imap::StartTls, cmd_starttls>(kStranger, Tell::nothing),
    row<imap::Login, cmd_login>(kStranger, Tell::nothing),
    row<imap::Authenticate, cmd_authenticate>(kStranger, Tell::nothing),
    row<imap::Enable, cmd_enable>(kInside, Tell::nothing),
    row<imap::Select, cmd_select>(kInside, Tell::nothing),
    row<imap::Create, cmd_create>(kInside, Tell::all),
    row<imap::Delete, cmd_delete>(kInside, Tell::all),
    row<imap::Rename, cmd_rename>(kInside, Tell::all),
    row<imap::Subscribe, cmd_subscribe>(kInside, Tell::all),
    row<imap::List, cmd_list>(kInside, Tell::all),
    row<imap::Lsub, cmd_lsub>(kInside, Tell::all),
    row<imap::Namespace, cmd_namespace>(kInside, Tell::all),
    row<imap::StatusOf, cmd_status>(kInside, Tell::all),
    row<imap::Append, cmd_append>(kInside, Tell::all),
    row<imap::Idle, cmd_idle>(kInside, Tell::all),
    row<imap::Check, cmd_check>(kInMailbox, Tell::all),
    row<imap::Close, cmd_close>(kInMailbox, Tell::nothing),
    row<imap::Unselect, cmd_unselect>(kInMailbox, Tell::nothing),
    row<imap::Expunge, cmd_expunge>(kInMailbox, Tell::all),
    row<imap::Search, cmd_search>(kInMailbox, Tell::all_if_uid),
    row<imap::Fetch, cmd_fetch>(kInMailbox, Tell::all_if_uid),
    row<imap::Store, cmd_store>(kInMailbox, Tell::all_if_uid),
    row<imap::Copy, cmd_copy>(kInMailbox, Tell::all),
};
static_assert(kRows.size() == std::variant_size_v<imap::Command>);

const Row& row_of(const imap::Command& command) {
  return *std::ranges::find(kRows, command.index(), &Row::index);
}

bool is_by_uid(const imap::Command& command) {
  const auto of = []<class C>(const C& one) {
    if constexpr (requires { one.uid; }) {
      return one.uid;
    } else {
      return false;
    }
  };
  return std::visit(of, command);
}

Sync sync_after(Tell tell, bool uid) {
  if (tell == Tell::nothing) return Sync::none;
  return tell == Tell::all || uid ? Sync::full : Sync::no_expunge;
}

std::string_view wrong_state(State state, unsigned allowed) {
  if (state == State::not_authenticated) return "Log in first";
  return allowed == kStranger ? "You are logged in already" : "Select a mailbox first";
}

void append_answer(Connection& c, const Answer& answer) {
  imap::append_status_response(c.out.buffer(), c.tag, answer.status, answer.code, answer.text);
}

void count_error(Connection& c) {
  if (++c.errors >= (c.account ? kMaxErrors : kMaxStrangersErrors))
    c.farewell = "Too many commands that cannot be done";
}

/// The answer to `failure`, or nothing when it is the connection's.
std::optional<Answer> answer_to(const Connection& c, const Error& failure) {
  auto answer = response_for(failure.code);
  if (answer && answer->code != "NONEXISTENT" && answer->code != "ALREADYEXISTS") {
    c.services.logger.debug("a command failed",
                            {{"code", failure.code}, {"detail", log::Detail{failure.detail}}});
  }
  return answer;
}

/// Runs the command in its state; its answer, with nothing told yet.
Task<Result<Answer>> run_row(Connection& c, const Row& row, imap::Command& command) {
  auto answer = co_await row.run(c, command);
  if (answer) co_return answer;
  if (auto words = answer_to(c, answer.error())) co_return *std::move(words);
  co_return std::unexpected(std::move(answer).error());
}

}  // namespace

void refuse(Connection& c, const imap::Refusal& refusal) {
  c.append.reset();
  imap::append_refusal(c.out.buffer(), refusal);
  count_error(c);
}

Task<Result<void>> run_command(Connection& c) {
  auto request = imap::parse_command(c.reader.text(), c.form());
  if (!request) {
    refuse(c, request.error());
    co_return Result<void>{};
  }
  c.services.metrics.commands.add();
  c.tag = std::move(request->tag);
  const Row& row = row_of(request->command);
  if ((row.states & static_cast<unsigned>(c.state())) == 0) {
    append_answer(c, bad(wrong_state(c.state(), row.states)));
    count_error(c);
    co_return Result<void>{};
  }
  const bool uid = is_by_uid(request->command);
  POSTERN_CO_TRY(auto answer, co_await run_row(c, row, request->command));
  c.append.reset();
  auto told = co_await refresh(c, sync_after(row.tell, uid), uid);
  c.own.reset();
  if (!told) {
    auto words = answer_to(c, told.error());
    if (!words) co_return told;
    answer = *std::move(words);
  }
  append_answer(c, answer);
  c.errors = answer.status == imap::Status::bad ? c.errors : 0;
  if (answer.status == imap::Status::bad) count_error(c);
  co_return co_await c.out.drain_if_large();
}

}  // namespace postern::imapd
