// SPDX-License-Identifier: MIT
#include "engine/policy.h"

#include "engine/config.h"

namespace atomrt::engine {

bool is_for_direct(const chain::Chain& chain) {
  // Of an append the kernel knows the place in the file only when it is its turn.
  // A file server's EAGAIN or short result must not look like the kernel's.
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
  // To io_uring -1 is the file's position; the error comes from threads.
  if (chain.offset < 0 && !is_stream_transfer(chain) && !is_sync(chain.operation)) return false;
  if (is_stream_transfer(chain)) return true;
  // A server's EAGAIN makes io_uring begin again, for ever (O_DIRECT), and its short results are the request's.
  if (!is_sync(chain.operation) && !is_on_storage(chain)) return false;
  if (!settings.use_threads) return true;
  // The kernel looks for the file of a ring's sync on a thread of its own, later: the number may mean another one then.
  if (is_sync(chain.operation)) return false;
  // Who waits for a single one runs it himself, if a worker is not faster. The ring's thread would run twice.
  if (chain.is_local && is_alone(chain)) return false;
  if (chain.direct) return true;
  // The kernel hands buffered writes and syncs of a ring to threads of its own, behind one more hand-over than ours. So
  // it does with reads where the file system can't tell whether it would wait.
  if (chain.operation != chain::Operation::READ) return false;
  return chain.is_local && !chain.refuses_nowait && !chain.is_modest;
}

}  // namespace atomrt::engine
