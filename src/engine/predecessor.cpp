// SPDX-License-Identifier: MIT
#include "engine/predecessor.h"

#include <atomic>

#include "os/thread.h"

namespace atomrt::engine {
namespace {

// Stored with release after the process ID, loaded with acquire before it.
constinit std::atomic<CancelFunction> cancel_function{nullptr};
constinit std::atomic<int> process{0};

}  // namespace

void set_predecessor(CancelFunction cancel) {
  process.store(os::process_number(), std::memory_order_relaxed);
  cancel_function.store(cancel, std::memory_order_release);
}

bool has_predecessor() {
  return cancel_function.load(std::memory_order_acquire) != nullptr &&
         process.load(std::memory_order_relaxed) == os::process_number();
}

int cancel_in_predecessor(int fd, const struct aiocb* block) {
  if (!has_predecessor()) return AIO_ALLDONE;
  return cancel_function.load(std::memory_order_relaxed)(fd, const_cast<struct aiocb*>(block));
}

}  // namespace atomrt::engine
