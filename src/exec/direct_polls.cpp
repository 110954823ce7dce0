// SPDX-License-Identifier: MIT
// The streams of the direct context: one kernel AIO poll for each request that waits for its peer.
#include "chain/finish.h"
#include "exec/direct.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// The limit in the common context, to leave room for transfers. Concurrent threads may exceed it by one each.
constexpr std::uint32_t MOST_COMMON_POLLS = Direct::REQUESTS / 2;

}  // namespace

// The place is ASKING until io_submit is over. A thread that sees the event before that makes it READY, and leaves the
// chain to its owner here: so no other thread can run it, and poll for it again, while this one returns from io_submit.
Verdict Direct::poll(Chain& chain, MayStart may_start) {
  // A thread that waits for a POLLED_BEGUN chain sleeps in the common context.
  if (is_apart() && chain.moved > 0) return Verdict::DECLINED;
  const bool is_full = !is_apart() && polls_pending_.load(std::memory_order_relaxed) >= MOST_COMMON_POLLS;
  if (is_full) return Verdict::DECLINED;
  if (is_refused() || has_no_polls_.load(std::memory_order_relaxed)) return Verdict::DECLINED;
  Poll* const poll = polls_.take();
  if (poll == nullptr) return Verdict::DECLINED;
  if (!enter(1, may_start)) return decline(*poll);
  if (has_no_polls_.load(std::memory_order_relaxed) || !reaper_.ensure(*this, may_start) ||
      (!is_apart() && !announce(chain, may_start))) {
    users_.fetch_sub(1, std::memory_order_release);
    return decline(*poll);
  }
  const std::uint32_t generation = generation_of(chain);
  const Place polled = is_apart() ? Place::POLLED_APART : Place::POLLED;
  const Place waiting = chain.moved == 0 ? polled : Place::POLLED_BEGUN;
  poll->entry = os::make_poll(descriptor_of(chain), chain.operation == chain::Operation::WRITE,
                              chain::packed(generation, chain.number | A_POLL));
  iocb* entries[] = {&poll->entry};
  chain.poll = poll->number;
  if (chain.group != nullptr) chain.group->enter_kernel();
  polls_made_.store(polls_made_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  polls_pending_.fetch_add(1, std::memory_order_seq_cst);  // before the reaper is asked whether it rests
  put(chain, Place::ASKING);
  if (const long accepted = os::submit_aio(ring_.load(std::memory_order_relaxed), entries, 1); accepted != 1) {
    put(chain, Place::MOVING);
    polls_pending_.fetch_sub(1, std::memory_order_relaxed);
    users_.fetch_sub(1, std::memory_order_release);
    leave_kernel(chain);
    drop_need_of(chain);
    return decline(*poll);
  }
  if (!claim(chain, generation, Place::ASKING, waiting)) {
    put(chain, Place::MOVING);
    end_poll(chain);
    return Verdict::READY;
  }
  if (is_needed()) {
    call_reaper();
  } else {
    reaper_.wake_to_patrol();
  }
  return Verdict::ACCEPTED;
}

std::uint32_t Direct::take_poll() {
  // The caller is counted as a user: a reaper that is there stays.
  const bool is_served = !has_no_polls_.load(std::memory_order_relaxed) && reaper_.is_present();
  Poll* const poll = is_served ? polls_.take() : nullptr;
  return poll != nullptr ? poll->number : 0;
}

// A handler may have forked: then nothing that is written here belongs to the child's engine, and the kernel refuses.
Direct::Answer Direct::send_poll(os::CompletionRing& ring, int fd, std::uint32_t number, aiocb::RequestName name) {
  Poll* const poll = polls_.at(number);
  if (poll == nullptr) return {EAGAIN, std::nullopt};  // in the child
  const std::uint64_t data = chain::packed(name.generation, name.number | A_POLL);
  poll->entry = os::make_poll(fd, false, data);
  iocb* entries[] = {&poll->entry};
  const std::uint32_t tail = ring.tail.load(std::memory_order_relaxed);
  polls_made_.store(polls_made() + 1, std::memory_order_relaxed);
  polls_pending_.fetch_add(1, std::memory_order_seq_cst);  // before the reaper is asked whether it rests
  const long accepted = os::submit_aio(&ring, entries, 1);
  if (accepted == 1) return {0, os::find_result(ring, tail, data)};  // the poll may be another's by now
  take_back(polls_pending_);
  return {static_cast<int>(-accepted), std::nullopt};
}

Verdict Direct::decline(Poll& poll) {
  polls_.give(poll);
  return Verdict::DECLINED;
}

void Direct::end_poll(Chain& chain) {
  leave_kernel(chain);
  polls_.give(*polls_.at(chain.poll));
  chain.poll = 0;
}

// Its event is still to come, and will be ignored: its generation or place has changed.
void Direct::forget(Chain& chain) {
  bool is_present = true;
  std::uint32_t users = users_.load(std::memory_order_relaxed);
  do {
    is_present = (users & PRESENT) != 0;
  } while (is_present && !users_.compare_exchange_weak(users, users + 1, std::memory_order_acquire,
                                                       std::memory_order_relaxed));
  if (is_present) {
    os::CompletionRing* const ring = ring_.load(std::memory_order_relaxed);
    if (ring != nullptr) os::cancel_aio(ring, &polls_.at(chain.poll)->entry);
    users_.fetch_sub(1, std::memory_order_release);
  }
  end_poll(chain);
}

// Takes the chain whose event was collected, under the lock, so that a later leader finds that the kernel does not have
// it any more. False: its owner in io_submit goes on with it, or the chain was taken and may be over, and its name
// stale.
bool Direct::take_polled_locked(Chain& chain, std::uint32_t generation) {
  for (;;) {
    if (claim(chain, generation, Place::ASKING, Place::READY)) return false;
    // Its submitter does not come back to SENDING_POLL or POLLED by itself: its claim fails, and ends its part in it.
    if (claim(chain, generation, Place::SENDING_POLL, Place::MOVING)) return true;
    for (const Place place : {Place::POLLED, Place::POLLED_APART, Place::POLLED_BEGUN}) {
      if (claim(chain, generation, place, Place::MOVING)) return true;
    }
    if (!is_at(chain, generation, Place::ASKING)) return false;
  }
}

}  // namespace atomrt::exec
