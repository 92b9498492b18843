#pragma once

#include "async/task.hpp"
#include "sim/account_model.hpp"
#include "store/account_session.hpp"
#include "vocab/result.hpp"

namespace postern::sim {

/// What one look at an account came to.
enum class Looked : std::uint8_t {
  all,        ///< Every mailbox was held against the model.
  disturbed,  ///< Somebody began or ended something meanwhile: what was held was held, look again.
};

/// Reads all mailboxes, entries and subjects as published and holds them against `model`; with
/// `deep` every octet of every message too. Errors are the session's.
[[nodiscard]] Task<Result<Looked>> look(store::AccountSession& session, AccountModel& model,
                                        bool deep, AccountModel::Breach breach);

}  // namespace postern::sim
