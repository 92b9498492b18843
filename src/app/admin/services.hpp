#pragma once

#include <functional>
#include <memory>

#include "async/core.hpp"
#include "directory/directory.hpp"
#include "kv/engine.hpp"
#include "queue/queue.hpp"
#include "reports/sender.hpp"
#include "resolver/resolver.hpp"
#include "signing/key_ring.hpp"
#include "store/mail_store.hpp"
#include "trace/trace.hpp"

namespace postern::admin {

/// What administration works on; all of it outlives every request.
struct Services {
  kv::Engine& engine;
  store::MailStore& store;
  directory::Directory& directory;
  queue::Queue& queue;
  trace::Log& trace;
  Core& core;
  signing::KeyRing* keys = nullptr;  ///< Null: see `no_keys`.
  Error no_keys = {};                ///< Why they could not be opened.
  /// DNS without memory, for answers that may have changed a moment ago. On `core`, and let go of
  /// there. Empty beside no running server.
  std::function<Result<std::shared_ptr<resolver::Resolver>>()> fresh_dns = {};
  reports::Sender* reports = nullptr;  ///< Null where nothing is sent.
};

}  // namespace postern::admin
