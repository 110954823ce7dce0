// SPDX-License-Identifier: MIT
// cancel: aio_cancel's work. A request that has not begun is taken back and goes through finish like any other, with
// ECANCELED; one that has begun goes on.
#pragma once

#include <aio.h>

namespace atomrt::engine {

// AIO_CANCELED, AIO_NOTCANCELED or AIO_ALLDONE for one request, or for all of a descriptor.
[[nodiscard]] int cancel_one(int fd, const struct aiocb* block);
[[nodiscard]] int cancel_all(int fd);

}  // namespace atomrt::engine
