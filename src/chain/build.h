// SPDX-License-Identifier: MIT
// build: an aiocb (or aiocb64) and its sigevent become a Request. Pure; the aiocb is read once, here.
#pragma once

#include "chain/request.h"

namespace atomrt::chain {

// The sigevent's atom. An all-zero sigevent (SIGEV_SIGNAL with signal 0) means no notification.
Notification build_notification(const struct sigevent& event);

// Block: struct aiocb or struct aiocb64. For a sync request buffer, length and offset are ignored.
template <typename Block>
Request build(Block* block, Operation operation) {
  Request request{};
  request.block = reinterpret_cast<struct aiocb*>(block);
  request.fd = block->aio_fildes;
  request.operation = operation;
  if (!is_sync(operation)) {
    request.buffer = const_cast<void*>(block->aio_buf);
    const std::size_t bytes = block->aio_nbytes < os::MOST_BYTES ? block->aio_nbytes : os::MOST_BYTES;
    request.length = static_cast<std::uint32_t>(bytes);
    request.offset = block->aio_offset;
    request.priority_delta = static_cast<std::uint8_t>(block->aio_reqprio);
  }
  request.notification = build_notification(block->aio_sigevent);
  return request;
}

}  // namespace atomrt::chain
