#pragma once

#include <exception>
#include <string>
#include <vector>

#include "queue/message.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"

// What is told of a delivery beside the delivery itself.
namespace postern::delivery {

/// UIDs are known only after the commit that gives them; that the message arrived stands in it.
[[nodiscard]] trace::Event delivered_event(TraceId id, Timestamp now,
                                           const std::vector<store::Placed>& placed);
/// A record for whoever a waiting address has come to lead to.
[[nodiscard]] trace::Event queued_event(const queue::Message& message, Timestamp now);
[[nodiscard]] std::vector<std::string> addresses_of(const queue::Message& message);

/// Runs what follows a durable commit. The message is accepted then and its sender is told so: no
/// memory for a notice does not make a refusal of it, which would bring the message again. What
/// is lost is in memory only, and on disk for the next start.
template <class Work>
void after_commit(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const std::exception&) {
    static_cast<void>(std::current_exception());
  }
}

}  // namespace postern::delivery
