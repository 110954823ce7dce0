// SPDX-License-Identifier: MIT
// Watchdog: with ATOMRT_WATCHDOG=SECONDS a library thread writes to standard error what has been in flight for so long,
// and again whenever its age has doubled. It has a thread of its own, so that it reports even if everything hangs.
//
// Shared word: Engine::is_watching, true while the thread exists. A submitter reads it after it has entered its chain,
// and sets it if it has to make the thread; the thread clears it when it has found nothing in flight, and then looks
// once more: one of the two sees what the other has written (seq_cst).
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// For each chain that has been submitted, if ATOMRT_WATCHDOG is set: makes the thread if there is none. It leaves when
// nothing is in flight.
void keep_watch(Engine& engine);

}  // namespace atomrt::engine
