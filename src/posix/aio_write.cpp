// SPDX-License-Identifier: MIT
// aio_write, aio_write64 (POSIX.1-2024).
#include "posix/transfer.h"

extern "C" int atomrt_aio_write(struct aiocb* block) noexcept {
  return atomrt::posix::transfer(block, atomrt::chain::Operation::WRITE);
}
ATOMRT_EXPORT(aio_write);

extern "C" int atomrt_aio_write64(struct aiocb64* block) noexcept {
  return atomrt::posix::transfer(block, atomrt::chain::Operation::WRITE);
}
ATOMRT_EXPORT(aio_write64);
