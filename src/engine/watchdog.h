// SPDX-License-Identifier: MIT
// Watchdog: with ATOMRT_WATCHDOG=SECONDS a library thread writes to standard error what has been in flight for so long,
// and again whenever its age has doubled. It looks by itself, so that it tells also when nothing moves.
//
// Shared word: Engine::is_watching, true while there is the thread. Who submits raises it behind the chain's entry; the
// thread lowers it when it has found nothing in flight, and looks once more: of the two one sees the other's (seq_cst).
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// For each chain that has been made, where ATOMRT_WATCHDOG is set: makes the thread where there is none. It leaves when
// nothing is in flight.
void keep_watch(Engine& engine);

}  // namespace atomrt::engine
