// SPDX-License-Identifier: MIT
// stream: what happens to a stream request once the direct context's poll says that its peer is ready. The thread that
// sees the event moves the bytes: one that waits, one that looks at a result, or the reaper.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// For exec::Host. place MOVING.
void ready_for(void* engine, chain::Chain& chain, exec::By by);

// For a stream request (place MOVING) that found its peer not ready when its submitter, or a worker, tried. ACCEPTED:
// the direct context waits for the peer, or the request is over. DECLINED: place MOVING or, where bytes were moved,
// RUNNING.
[[nodiscard]] exec::Verdict poll_stream(Engine& engine, chain::Chain& chain, exec::By by, exec::MayStart may_start);

}  // namespace atomrt::engine
