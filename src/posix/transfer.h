// SPDX-License-Identifier: MIT
// transfer: what aio_read, aio_write and their 64 twins share.
#pragma once

#include "aiocb/validate.h"
#include "chain/build.h"
#include "engine/submit.h"
#include "posix/export.h"

namespace atomrt::posix {

// Submits the request that was built from that block.
template <typename Block>
int submit_block(const Block& block, chain::Request& request, exec::Budget& budget) {
  const std::size_t bytes = block.aio_nbytes;
  return bytes <= os::MOST_BYTES ? engine::submit(request, budget) : engine::submit_long(request, bytes, budget);
}

// Errors at once: EINVAL (aio_reqprio, sigev_notify), EAGAIN. Every other error comes by aio_error.
template <typename Block>
int transfer(Block* block, chain::Operation operation) {
  int error = aiocb::check_priority(block->aio_reqprio);
  if (error == 0) error = aiocb::check_notification(block->aio_sigevent);
  if (error != 0) {
    aiocb::store_result(reinterpret_cast<struct aiocb*>(block), -error);
    return report(error);
  }
  chain::Request request = chain::build(block, operation);
  exec::Budget budget(exec::Budget::ONE_CALL);
  return report(submit_block(*block, request, budget));
}

}  // namespace atomrt::posix
