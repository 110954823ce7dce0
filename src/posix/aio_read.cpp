// SPDX-License-Identifier: MIT
// aio_read, aio_read64 (POSIX.1-2024).
#include "posix/transfer.h"

extern "C" int atomrt_aio_read(struct aiocb* block) noexcept {
  return atomrt::posix::transfer(block, atomrt::chain::Operation::READ);
}
ATOMRT_EXPORT(aio_read);

extern "C" int atomrt_aio_read64(struct aiocb64* block) noexcept {
  return atomrt::posix::transfer(block, atomrt::chain::Operation::READ);
}
ATOMRT_EXPORT(aio_read64);
