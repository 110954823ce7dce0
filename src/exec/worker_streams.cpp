// SPDX-License-Identifier: MIT
// Streams of the workers: one try, and what waits for the peer if it is not ready.
#include "base/tuning.h"
#include "exec/perform.h"
#include "exec/workers.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

void Workers::set_blocked(bool blocked) {
  os::Locked locked(mutex_);
  blocked_ += blocked ? 1U : -1U;
  running_ -= blocked ? 1U : -1U;
}

void Workers::count_as_blocked(bool& is_blocked) {
  if (is_blocked) return;
  set_blocked(is_blocked = true);
  look_after_queue();
}

// One try. may_wait: the call may wait for the peer. On NOT_READY the place is MOVING if nothing has been moved, else
// RUNNING.
Attempt Workers::try_stream(Chain& chain, bool may_wait, bool& is_blocked) {
  const int fd = descriptor_of(chain);
  if (may_wait) {
    count_as_blocked(is_blocked);
    put(chain, Place::RUNNING);
    return perform_stream(chain, fd);
  }
  put(chain, chain.moved == 0 ? Place::MOVING : Place::RUNNING);
  const Attempt tried = attempt(chain, fd);
  if (tried.outcome != Outcome::CANNOT_ASK) return tried;
  const bool writes = chain.operation == chain::Operation::WRITE;
  const bool waits_by_call = chain.is_socket && (chain.moved > 0 || gives_up(chain, fd));  // low mark, timeout
  const bool ready = waits_by_call || needs_no_peer(chain, fd) || os::wait_until_ready(fd, writes, 0);
  if (!ready) return Outcome::NOT_READY;
  count_as_blocked(is_blocked);  // it may be ready only for a part, or only for a moment
  put(chain, Place::RUNNING);
  return perform_stream(chain, fd);
}

chain::Released Workers::run_stream(Chain& chain) {
  // poll may report room that is too little for a datagram: after so many failed tries the thread waits in the call
  // itself. A reader that finds nothing was outrun by another one, and waits again.
  const std::uint32_t generation = generation_of(chain);
  const bool writes = chain.operation == chain::Operation::WRITE;
  bool is_blocked = false;
  std::size_t moved = chain.moved;
  unsigned vain = 0;
  Attempt tried = Outcome::NOT_READY;
  while (!(tried = try_stream(chain, writes && vain > tuning::VAIN_TRIES, is_blocked)).is_done()) {
    vain = chain.moved == moved ? vain + 1 : 0;
    moved = chain.moved;
    if (vain == 0 || !writes) {
      if (is_blocked) set_blocked(is_blocked = false);
      const Verdict verdict = host_.poll(chain);
      if (verdict == Verdict::ACCEPTED || leave_to_others(chain)) return {};
    }
    // Counted before, so that a thread that finds the chain BLOCKED does not rely on this worker.
    const bool was_blocked = is_blocked;
    if (!was_blocked) set_blocked(is_blocked = true);
    put(chain, moved == 0 ? Place::BLOCKED : Place::RUNNING);
    if (!was_blocked) look_after_queue();
    if (!wait_for_peer(chain, generation, writes, moved == 0)) {
      set_blocked(false);
      return {};
    }
  }
  if (is_blocked) set_blocked(false);
  put(chain, Place::RUNNING);
  return host_.complete(chain, tried.result, ContextId::THREADS);
}

// To the poller, if enough workers wait in poll already.
bool Workers::leave_to_others(Chain& chain) {
  {
    os::Locked locked(mutex_);
    if (blocked_ < tuning::POLLING_WORKERS) return false;
  }
  return poller_.add(chain);
}

// On the poller's thread: a worker tries again.
void Workers::resume(void* self, Chain& chain) {
  Workers& workers = *static_cast<Workers*>(self);
  if (workers.submit(chain, MayStart::ASKS) == Verdict::DECLINED) workers.host_.fail(chain, EAGAIN);
}

// If all threads wait for peers while the queue has chains, this one goes back to the queue, with its own chain as the
// last: a thread that was asked for may take long to come.
bool Workers::give_way(Chain& chain) {
  os::Locked locked(mutex_);
  if (queue_.empty() || has_thread_locked()) return false;
  push_locked(chain);
  return true;
}

// Waits until the peer is ready and this thread owns the chain (if may_be_taken it was BLOCKED, and is MOVING again).
// False: another thread took it, or it was left to the poller or the queue, and may be over. Before the claim only the
// chain's atomics are read.
bool Workers::wait_for_peer(Chain& chain, std::uint32_t generation, bool writes, bool may_be_taken) {
  for (os::Patience patience;;) {
    const int fd = descriptor_of(chain);
    const bool ready = os::wait_until_ready(fd, writes, tuning::POLL_SLICE_NS);
    const std::uint64_t state = chain.state.load(std::memory_order_acquire);
    const auto place = static_cast<Place>(chain::low_of(state));
    if (chain::generation_of(state) != generation) return false;
    if (may_be_taken && place != Place::BLOCKED && place != Place::MOVING) return false;  // by a canceller
    if (ready && (!may_be_taken || claim(chain, generation, Place::BLOCKED, Place::MOVING))) return true;
    if (ready) {
      patience.wait();  // its descriptor is being replaced
      continue;
    }
    look_after_queue();  // in case no thread could be made when this one blocked
    if (may_be_taken && !claim(chain, generation, Place::BLOCKED, Place::MOVING)) continue;
    if (poller_.add(chain) || give_way(chain)) return false;
    if (may_be_taken) put(chain, Place::BLOCKED);
  }
}

}  // namespace atomrt::exec
