#pragma once

#include "async/core.hpp"
#include "directory/directory.hpp"
#include "kv/engine.hpp"
#include "queue/queue.hpp"
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
  signing::KeyRing* keys = nullptr;        ///< Null: nothing signs.
  resolver::Resolver* resolver = nullptr;  ///< Null beside no running server.
};

}  // namespace postern::admin
