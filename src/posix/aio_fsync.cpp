// SPDX-License-Identifier: MIT
// aio_fsync, aio_fsync64 (POSIX.1-2024): O_SYNC as fsync, O_DSYNC as fdatasync, after every request queued before it
// on the file. aio_reqprio, offset, buffer and size are ignored.
#include "aiocb/validate.h"
#include "chain/build.h"
#include "engine/submit.h"
#include "posix/export.h"

namespace {

// Errors at once: EINVAL (operation, sigev_notify), EBADF, EAGAIN.
template <typename Block>
int synchronise(int operation, Block* block) {
  using atomrt::chain::Operation;
  int error = atomrt::aiocb::check_sync_operation(operation);
  if (error == 0) error = atomrt::aiocb::check_notification(block->aio_sigevent);
  if (error == 0) error = atomrt::os::status_flags(block->aio_fildes).error();
  if (error != 0) return atomrt::posix::report(error);
  atomrt::chain::Request request =
      atomrt::chain::build(block, operation == O_DSYNC ? Operation::FDATASYNC : Operation::FSYNC);
  atomrt::exec::Budget budget(0);
  return atomrt::posix::report(atomrt::engine::submit(request, budget));
}

}  // namespace

extern "C" int atomrt_aio_fsync(int operation, struct aiocb* block) noexcept { return synchronise(operation, block); }
ATOMRT_EXPORT(aio_fsync);

extern "C" int atomrt_aio_fsync64(int operation, struct aiocb64* block) noexcept {
  return synchronise(operation, block);
}
ATOMRT_EXPORT(aio_fsync64);
