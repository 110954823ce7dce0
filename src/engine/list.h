// SPDX-License-Identifier: MIT
// list: lio_listio's work for aiocb and aiocb64.
#pragma once

#include <aio.h>

#include "engine/engine.h"
#include "engine/submit.h"

namespace atomrt::engine {

// Waits until the group is over, then gives it back: 0, EIO (an entry failed), EINTR. A cancellation point.
[[nodiscard]] int wait_for_group(Engine& engine, chain::Group& group);
// Ends the submission of a list: sends its notification if all requests are over already.
void close_group(Engine& engine, chain::Group& group);

}  // namespace atomrt::engine
