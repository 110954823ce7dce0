// transfer: what aio_read, aio_write and their 64 twins share.
#pragma once

#include "aiocb/validate.h"
#include "chain/build.h"
#include "engine/submit.h"
#include "posix/export.h"

namespace atomrt::posix {

// Errors at once: EINVAL (aio_reqprio, sigev_notify), EAGAIN. All else comes by aio_error.
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
  return report(engine::submit(request, budget));
}

}  // namespace atomrt::posix
