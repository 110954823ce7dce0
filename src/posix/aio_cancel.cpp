// SPDX-License-Identifier: MIT
// aio_cancel, aio_cancel64 (POSIX.1-2024): AIO_CANCELED, AIO_NOTCANCELED, AIO_ALLDONE, or -1 with EBADF, or EINVAL
// where the aiocb is another descriptor's.
#include "engine/cancel.h"
#include "os/file.h"
#include "posix/export.h"

namespace {

template <typename Block>
int cancel(int fd, Block* block) {
  const auto flags = atomrt::os::status_flags(fd);
  if (!flags) return atomrt::posix::report(flags.error());
  if (block == nullptr) return atomrt::engine::cancel_all(fd);
  if (block->aio_fildes != fd) return atomrt::posix::report(EINVAL);
  return atomrt::engine::cancel_one(fd, reinterpret_cast<const struct aiocb*>(block));
}

}  // namespace

extern "C" int atomrt_aio_cancel(int fd, struct aiocb* block) noexcept { return cancel(fd, block); }
ATOMRT_EXPORT(aio_cancel);

extern "C" int atomrt_aio_cancel64(int fd, struct aiocb64* block) noexcept { return cancel(fd, block); }
ATOMRT_EXPORT(aio_cancel64);
