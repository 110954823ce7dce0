// SPDX-License-Identifier: MIT
// predecessor: glibc's AIO, if the library was loaded into a running process: it may still have requests in flight.
// Their completion is seen in the aiocb, by aio_error and aio_return; the predecessor itself is asked to cancel,
// nothing else. Written once, when the library is loaded; read by any thread.
#pragma once

#include <aio.h>

namespace atomrt::engine {

using CancelFunction = int (*)(int, struct aiocb*);

void set_predecessor(CancelFunction cancel);

// Only in the process that had one, not in its children: they have none of its requests. Async-signal-safe.
[[nodiscard]] bool has_predecessor();

// Its aio_cancel, or AIO_ALLDONE where there is no predecessor. Not async-signal-safe: it takes locks.
[[nodiscard]] int cancel_in_predecessor(int fd, const struct aiocb* block);

}  // namespace atomrt::engine
