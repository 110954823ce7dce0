// SPDX-License-Identifier: MIT
// suspend: aio_suspend's work. Async-signal-safe, a cancellation point, holds no lock while it sleeps. Before it
// sleeps, the thread runs a request that it waits for and nobody has begun (the waiter context).
#pragma once

#include <aio.h>

#include "os/clock.h"

namespace atomrt::engine {

// Until one of the non-null aiocbs is complete. timeout: null for ever. 0, or EAGAIN (timeout), EINTR, EINVAL.
[[nodiscard]] int suspend(const struct aiocb* const list[], int entries, const struct timespec* timeout);
[[nodiscard]] int suspend_wide(const struct aiocb* const list[], int entries, const os::WideTimespec* timeout);

}  // namespace atomrt::engine
