#pragma once

#include <string>
#include <utility>

#include "async/pool.hpp"
#include "kv/memory_engine.hpp"
#include "reports/reports.hpp"

namespace postern::reports {

/// Reports without a disk, for the tests of those who use them. Counts, and sends nothing.
class InMemory {
 public:
  InMemory(resolver::Resolver& resolver, Core& core, Inbox::IsOurs is_ours, log::Logger logger)
      : reports_{{.engine = engine_,
                  .resolver = resolver,
                  .core = core,
                  .pool = pool_,
                  .submit = {},
                  .judge = {.is_ours = std::move(is_ours), .suffix = {}},
                  .logger = std::move(logger)}} {
    Settings settings;
    settings.enabled = true;
    reports_.use(std::make_shared<const Settings>(settings));
  }
  Reports& operator*() { return reports_; }
  Reports* operator->() { return &reports_; }

 private:
  kv::MemoryEngine engine_;
  InlinePool pool_;
  Reports reports_;
};

}  // namespace postern::reports
