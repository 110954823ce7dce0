// SPDX-License-Identifier: MIT
// predecessor: who served this process until the library was brought into it while it ran (glibc), and may still have
// requests in flight. What it completes is seen in the aiocb, as aio_error and aio_return see it; it is asked to
// cancel, and nothing else. Written once, when the library comes; read by any thread.
#pragma once

#include <aio.h>

namespace atomrt::engine {

using CancelFunction = int (*)(int, struct aiocb*);

void set_predecessor(CancelFunction cancel);

// In the process that had one, not in its children: they have none of its requests. Async-signal-safe.
[[nodiscard]] bool has_predecessor();

// Its aio_cancel, or AIO_ALLDONE where there is no predecessor. Not async-signal-safe: it takes locks.
[[nodiscard]] int cancel_in_predecessor(int fd, const struct aiocb* block);

}  // namespace atomrt::engine
