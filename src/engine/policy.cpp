// SPDX-License-Identifier: MIT
#include "engine/policy.h"

#include "engine/config.h"

namespace atomrt::engine {

bool is_for_direct(const chain::Chain& chain) {
  // Not appends: their place in the file is known only when the kernel writes. Not file servers: their EAGAIN or short
  // result would look like the kernel's refusal.
  return config().use_direct && chain.direct && is_on_storage(chain) && !is_sync(chain.operation) &&
         chain.kind == os::FileKind::POSITIONAL &&
         !chain.append && chain.offset >= 0;
}

bool is_for_poll(const chain::Chain& chain) {
  return config().use_direct && is_stream_transfer(chain) && chain.was_not_ready && is_alone(chain);
}

bool is_for_ring(const chain::Chain& chain) {
  const Config& settings = config();
  if (!settings.use_ring) return false;
  // To io_uring, offset -1 means the file's position; threads return the error.
  if (chain.offset < 0 && !is_stream_transfer(chain) && !is_sync(chain.operation)) return false;
  if (is_stream_transfer(chain)) return true;
  // A file server's EAGAIN makes io_uring retry for ever (O_DIRECT), and its short results are final.
  if (!is_sync(chain.operation) && !is_on_storage(chain)) return false;
  if (!settings.use_threads) return true;
  // The kernel looks up the file of an io_uring sync later, on a thread of its own: the number may mean another file
  // then.
  if (is_sync(chain.operation)) return false;
  // A single request is run by its waiter, or by a worker if that is faster. The ring's thread would have to run twice.
  if (chain.is_local && is_alone(chain)) return false;
  if (chain.direct) return true;
  // io_uring hands buffered writes to threads of the kernel: one more hand-over than with our workers. The same goes
  // for reads if the file system can't tell whether it would wait.
  if (chain.operation != chain::Operation::READ) return false;
  return chain.is_local && !chain.refuses_nowait && !chain.is_modest;
}

}  // namespace atomrt::engine
