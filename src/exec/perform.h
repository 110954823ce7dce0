// SPDX-License-Identifier: MIT
// perform and attempt: one chain's operation by plain system calls. Entered by the chain's owner only (place RUNNING),
// in a thread whose signals are blocked or guarded.
#pragma once

#include "chain/chain.h"
#include "exec/attempt.h"

namespace atomrt::exec {

// Runs a positional operation or a sync to its end, waiting for storage. Bytes of the whole request, or -errno.
[[nodiscard]] long perform(chain::Chain& chain);

// Adds what one transfer on a stream returned to `moved`. DONE, or NOT_READY.
Attempt settle(chain::Request& request, long result);

// Moves what can be moved without waiting for the peer, and adds it to `moved`. DONE (with -EAGAIN on an O_NONBLOCK
// descriptor), NOT_READY, or CANNOT_ASK (a terminal, a FIFO, a socket with a timeout whose peer is not ready, or below
// its low mark; a descriptor of unknown flags; a seccomp filter). A blocking stream's write is done only when complete.
Attempt attempt(chain::Request& request, int fd);

// The same by a call that may wait, for a descriptor that can't be tried without waiting, or that poll reports ready
// although it is not. DONE, or NOT_READY.
Attempt perform_stream(chain::Request& request, int fd);

// Whether it is a socket with a timeout: the kernel measures that only in the call itself.
[[nodiscard]] bool gives_up(const chain::Request& request, int fd);

// Whether perform_stream returns without a peer, even if poll never reports ready: on an O_NONBLOCK descriptor, for 0
// bytes, for a write whose result one call decides, on a descriptor that was not opened for it (EBADF), and on a
// terminal for which poll would wait longer than the call (VMIN).
[[nodiscard]] bool needs_no_peer(const chain::Request& request, int fd);

}  // namespace atomrt::exec
