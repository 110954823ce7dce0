// build: an aiocb (or aiocb64) and its sigevent become a Request. Pure; the aiocb is read once, here.
#pragma once

#include "chain/request.h"

namespace atomrt::chain {

// The sigevent's atom. An all-zero sigevent (SIGEV_SIGNAL with signal 0) means no notification.
Notification build_notification(const struct sigevent& event);

// Block: struct aiocb or struct aiocb64. For a sync request buffer, length and offset are ignored.
template <typename Block>
Request build(Block* block, Operation operation) {
  const bool moves_data = !is_sync(operation);
  const std::size_t bytes = block->aio_nbytes < os::MOST_BYTES ? block->aio_nbytes : os::MOST_BYTES;
  return {.block = reinterpret_cast<struct aiocb*>(block),
          .buffer = moves_data ? const_cast<void*>(block->aio_buf) : nullptr,
          .offset = moves_data ? std::int64_t{block->aio_offset} : 0,
          .length = moves_data ? static_cast<std::uint32_t>(bytes) : 0,
          .moved = 0,
          .group = nullptr,
          .notification = build_notification(block->aio_sigevent),
          .submitted_ns = 0,
          .fd = block->aio_fildes,
          .operation = operation,
          .priority_delta = moves_data ? static_cast<std::uint8_t>(block->aio_reqprio) : std::uint8_t{0},
          .kind = {},
          .is_socket = false,
          .nonblocking = false,
          .direct = false,
          .append = false,
          .refuses_nowait = false,
          .is_modest = false,
          .is_local = false,
          .was_not_ready = false};
}

}  // namespace atomrt::chain
