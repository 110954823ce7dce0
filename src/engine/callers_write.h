// SPDX-License-Identifier: MIT
// A buffered write of a list whose caller waits for all of it (LIO_WAIT) is done by that caller at once, where by
// experience the file's transfers only copy (Score::QUICK). A worker could do no more, and would have to be woken; the
// lane has no order for such a write to keep.
//
// No thread but the caller ever knows of the request: until it is done its aiocb is as it was before, as that of an
// entry further down the list. A handler that interrupts the caller may wait for what says EINPROGRESS, so signals are
// blocked from the first such write of a list to the last: for tuning::STRETCH_ENTRIES of them at most.
#pragma once

#include "engine/engine.h"
#include "exec/attempt.h"
#include "exec/head.h"

namespace atomrt::engine {

// DONE, or DECLINED: nothing has been done.
[[nodiscard]] exec::Attempt write_by_caller(Engine& engine, chain::Request& request, exec::Budget& budget);

}  // namespace atomrt::engine
