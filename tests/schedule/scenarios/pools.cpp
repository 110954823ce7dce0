// SPDX-License-Identifier: MIT
// The one place of these tests that looks into the engine: each slot of its pools can be taken without a new one being
// made, so all were given back. Compiled like the library, so that the templates are the same.
#include "scenarios/pools.h"

#include "engine/engine.h"
#include "machine/report.h"

namespace schedule {
namespace {

template <typename Pool>
void check(const char* what, Pool& pool) {
  const unsigned made = pool.made();
  for (unsigned i = 0; i < made; ++i) {
    if (pool.take() == nullptr || pool.made() != made) fail("%s: only %u of %u were given back", what, i, made);
  }
}

}  // namespace

void check_pools() {
  atomrt::engine::Engine* engine = atomrt::engine::process_engine.load();
  if (engine == nullptr) return;
  check("chains", engine->registry.chains);
  check("groups", engine->registry.groups);
  check("notices", engine->registry.notices);
  check("holds", engine->holds);
}

}  // namespace schedule
