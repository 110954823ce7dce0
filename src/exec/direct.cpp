// SPDX-License-Identifier: MIT
#include "exec/direct.h"

#include <pthread.h>

#include "base/tuning.h"
#include "chain/finish.h"
#include "os/cancellable_wait.h"
#include "os/clock.h"
#include "os/memory.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// Not for a chain that came late: another thread may be letting it into a lane right now.
bool has_lane(const Chain& chain) { return chain.order != chain::Order::LATE && chain.lane != nullptr; }

}  // namespace

void Direct::start(const Host& host, chain::ChainPool& chains, Role role, Direct* common) {
  assert((role == Role::OWN) == (common != nullptr));
  role_ = role;
  common_.store(common, std::memory_order_relaxed);
  host_ = host;
  chains_ = &chains;
  reaper_.start();
}

// ---- the context ----

bool Direct::enter(std::uint32_t counts, MayStart may_start) {
  std::uint32_t users = users_.load(std::memory_order_relaxed);
  for (;;) {
    if ((users & PRESENT) == 0) {
      if (!make_context(may_start)) return false;
      users = users_.load(std::memory_order_relaxed);
    } else if (users_.compare_exchange_weak(users, users + counts, std::memory_order_seq_cst,
                                            std::memory_order_relaxed)) {
      return true;
    }
  }
}

// The kernel or a filter refuses kernel AIO (ENOSYS, EPERM, EACCES): never again in this process. The machine has no
// room (EAGAIN): not for a while, as asking costs time.
void Direct::refuse(int error) {
  const std::int64_t end = os::is_refused(-error) ? FOR_EVER : os::now_ns() + tuning::CONTEXT_RETRY_NS;
  refusal_.store(end, std::memory_order_relaxed);
}

bool Direct::make_context(MayStart may_start) {
  {
    os::Locked locked(mutex_);
    if ((users_.load(std::memory_order_relaxed) & PRESENT) != 0) return true;
    const std::int64_t refusal = refusal_.load(std::memory_order_relaxed);
    if (refusal != 0 && (refusal == FOR_EVER || os::now_ns() < refusal)) return false;
    const auto ring = os::make_aio_context(is_apart() ? REQUESTS_APART : REQUESTS);
    if (!ring) {
      refuse(ring.error());
      return false;
    }
    has_no_polls_.store(!os::can_cancel_aio(*ring), std::memory_order_relaxed);
    processed_.store((*ring)->head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    ring_.store(*ring, std::memory_order_relaxed);
    users_.fetch_or(PRESENT, std::memory_order_release);
  }
  [[maybe_unused]] const bool made = reaper_.ensure(*this, may_start);  // callers that need it ask again
  return true;
}

bool Direct::is_ready(MayStart may_start) { return is_present() || make_context(may_start); }

// A leader whose request another thread has settled leaves within a moment, as others do not consume its event. But it
// may be stopped before its sleep, or have left by siglongjmp for good. It must not sleep later on a new context at the
// same address, where it has no request: so the page is reserved, and no context is made until then.
bool Direct::give_back() {
  os::CompletionRing* ring;
  bool is_led;
  std::int64_t refusal = 0;
  {
    os::Locked locked(mutex_);
    if (!leftovers_.empty() || is_needed()) return false;
    if (settling_.load(std::memory_order_seq_cst) > 0 || has_chores_.load(std::memory_order_seq_cst)) return false;
    std::uint32_t nobody = PRESENT;
    if (!users_.compare_exchange_strong(nobody, 0, std::memory_order_seq_cst) && nobody != 0) return false;
    if (nobody != 0 && lookers_.any()) {  // nobody else can make it PRESENT, as that takes the lock
      users_.fetch_or(PRESENT, std::memory_order_release);
      return false;
    }
    ring = nobody == 0 ? nullptr : ring_.exchange(nullptr, std::memory_order_relaxed);
    is_led = leader_.exchange(0, std::memory_order_relaxed) != 0 && ring != nullptr;
    if (is_led && refusal_.load(std::memory_order_relaxed) != FOR_EVER) {
      refusal_.store(refusal = os::now_ns() + tuning::CONTEXT_RETRY_NS, std::memory_order_relaxed);
    }
    reaper_.leave();
  }
  if (ring != nullptr) os::destroy_aio_context(ring);
  if (is_led) os::reserve_page(ring);
  if (refusal != 0) refusal_.compare_exchange_strong(refusal, 0, std::memory_order_relaxed);
  return true;
}

// ---- submission ----

// The place stays IN_SUBMIT until io_submit is over, as the number must mean the same file until then (engine/hold.cpp
// waits for the place to change). Before io_submit returns, another thread may process the event, and the chain may be
// over or on its way to another context: it never comes to IN_SUBMIT again in that generation, so the claim fails.
//
// A write beyond RLIMIT_FSIZE fails within io_submit and sends SIGXFSZ to this thread, which has it blocked; so does a
// write to a pipe without a reader, with SIGPIPE, if the number of a late chain means one by now. Its result is looked
// for among the events that came meanwhile: its event can't be overwritten before it is processed, and if it was
// processed, the claim fails. The request may be over by then, so this thread is counted as a user for the look at the
// ring.
//
// If the kernel has not done the whole transfer, it usually says so at once, and this thread passes the chain on:
// perhaps nobody else ever looks.
Verdict Direct::submit(Chain& chain, MayStart may_start) {
  if (is_refused()) return Verdict::DECLINED;
  if (has_lane(chain) && is_avoided(chain.lane->key.device)) return Verdict::DECLINED;
  const bool writes = chain.operation == chain::Operation::WRITE;
  if (!enter(2, may_start)) return Verdict::DECLINED;  // the request, and this thread while it looks at the ring
  const bool may_be_pipe = writes && chain.order == chain::Order::LATE;
  const bool announced = is_announced(chain);
  if (!announce(chain, may_start)) {
    users_.fetch_sub(2, std::memory_order_release);
    return Verdict::DECLINED;
  }
  if (chain.group != nullptr) chain.group->enter_kernel();
  const std::uint32_t generation = generation_of(chain);
  iocb transfer = os::make_transfer(writes, descriptor_of(chain),
                                    next_byte(chain), bytes_left(chain), next_offset(chain),
                                    chain::packed(generation, chain.number));
  iocb* transfers[] = {&transfer};
  const std::size_t left = bytes_left(chain);
  put(chain, Place::IN_SUBMIT);  // a release: the kernel hands the chain to another thread
  os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  const std::uint32_t tail = ring->tail.load(std::memory_order_relaxed);
  const long accepted = os::submit_aio(ring, transfers, 1);
  const auto result = accepted == 1 ? os::find_result(*ring, tail, transfer.aio_data) : std::nullopt;
  users_.fetch_sub(1, std::memory_order_release);
  if (accepted != 1) return withdraw(chain, static_cast<int>(-accepted));
  const bool still_there = claim(chain, generation, Place::IN_SUBMIT, Place::IN_AIO);
  if (writes && (result == -EFBIG || !still_there)) os::take_back_write_signal(SIGXFSZ);
  const bool may_be_broken = result == -EPIPE || (!result && !still_there);
  if (may_be_pipe && may_be_broken) os::take_back_write_signal(SIGPIPE);
  // A thread that needs the reaper may have found nothing in flight: then the reaper rests, and nobody leads. Pairs
  // with need_for_sync.
  if (announced || is_needed()) call_reaper();
  if (is_left_over(left, result)) process(By::APPLICATION);
  return Verdict::ACCEPTED;
}

os::CompletionRing* Direct::begin_sending() {
  std::uint32_t users = users_.load(std::memory_order_relaxed);
  do {
    if ((users & PRESENT) == 0) return nullptr;
  } while (!users_.compare_exchange_weak(users, users + 2, std::memory_order_seq_cst, std::memory_order_relaxed));
  return ring_.load(std::memory_order_relaxed);
}

void Direct::end_sending(unsigned counts) {
  for (; counts > 0; --counts) take_back(users_);
}

Direct::Answer Direct::send(os::CompletionRing& ring, const chain::Request& read, std::uint64_t name) {
  iocb transfer = os::make_transfer(false, read.fd, read.buffer, read.length, read.offset, name);
  iocb* transfers[] = {&transfer};
  const std::uint32_t tail = ring.tail.load(std::memory_order_relaxed);
  const long accepted = os::submit_aio(&ring, transfers, 1);
  if (accepted != 1) return {static_cast<int>(-accepted), std::nullopt};
  return {0, os::find_result(ring, tail, name)};
}

bool Direct::answers_at_once(std::optional<long> result) {
  const std::uint32_t before = at_once_.load(std::memory_order_relaxed);
  const std::uint32_t now = result ? (before + 1) % tuning::MANY_AT_ONCE : 0;
  if (now != before) at_once_.store(now, std::memory_order_relaxed);
  return now == 0 && before != 0 && result;
}

// Adds a need of the reaper for a chain that notifies. False: there is no reaper, and none can be made.
bool Direct::announce(Chain& chain, MayStart may_start) {
  if (!is_announced(chain) || needs_reaper(chain)) return true;
  if (!add_need(may_start)) return false;
  set_needs_reaper(chain);
  return true;
}

Verdict Direct::withdraw(Chain& chain, int error) {
  put(chain, Place::MOVING);
  leave_kernel(chain);
  drop_need_of(chain);
  users_.fetch_sub(1, std::memory_order_release);
  if (error == EOPNOTSUPP && has_lane(chain)) avoid(chain);
  if (os::is_refused(-error)) refuse(error);
  return Verdict::DECLINED;
}

// ---- events ----

// No signal is blocked: a handler may fork between any two steps, or leave by longjmp.
bool Direct::has_events() {
  if (!has_requests()) return false;
  Look look(lookers_);
  const os::Cleanup cleanup([](void* begun) { static_cast<Look*>(begun)->end(); }, &look);
  if (!look.begin()) return true;  // process looks under the lock
  if ((users_.load(std::memory_order_seq_cst) & PRESENT) == 0) return false;
  const os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  return ring != nullptr && ring->tail.load(std::memory_order_relaxed) != processed_.load(std::memory_order_relaxed);
}

void Direct::take_back(std::atomic<std::uint32_t>& count) {
  std::uint32_t present = count.load(std::memory_order_relaxed);
  while ((present & COUNT) != 0 &&
         !count.compare_exchange_weak(present, present - 1, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void Direct::consume_locked(Thread thread) {
  const Thread leader = leader_.load(std::memory_order_relaxed);
  if (leader != 0 && leader != thread) return;
  os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  if (ring != nullptr) ring->head.store(processed_.load(std::memory_order_relaxed), std::memory_order_release);
}

// Takes chains over, in the order of their completion. An application's thread stops at one whose notification needs a
// thread: then the reaper is needed, and on its way.
unsigned Direct::collect(Completed (&batch)[BATCH], By by) {
  os::Locked locked(mutex_);
  const os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  if (ring == nullptr) return 0;
  unsigned count = 0, ended = 0;
  std::uint32_t next = processed_.load(std::memory_order_relaxed);
  const std::uint32_t tail = ring->tail.load(std::memory_order_acquire);
  while (next != tail && count < BATCH) {
    const io_event& event = ring->events[next];
    const bool is_poll = (event.data & A_POLL) != 0;
    Chain* chain = chains_->at(chain::low_of(event.data) & ~A_POLL);
    const std::uint32_t generation = chain::generation_of(event.data);
    if (is_poll) {
      ++ended;
      take_back(polls_pending_);
      if (take_polled_locked(*chain, generation)) batch[count++] = {chain, 0, true};
    } else if (chain != nullptr && generation_of(*chain) == generation) {
      [[maybe_unused]] const Place seen = place_of(*chain);  // an acquire: pairs with submit's put
      if (by == By::APPLICATION && needs_thread(*chain, chain->tail)) break;
      ++ended;
      put(*chain, Place::RUNNING);
      leave_kernel(*chain);
      batch[count++] = {chain, static_cast<long>(event.res), false};
    }
    next = (next + 1) % ring->size;
  }
  processed_.store(next, std::memory_order_relaxed);
  if (count > 0) settling_.fetch_add(1, std::memory_order_relaxed);
  if (ended > 0) users_.fetch_sub(ended, std::memory_order_release);
  consume_locked(static_cast<Thread>(pthread_self()));
  return count;
}

void Direct::process(By by) {
  Completed batch[BATCH];
  unsigned count;
  while ((count = collect(batch, by)) > 0) {
    for (unsigned i = 0; i < count; ++i) {
      if (batch[i].is_poll) {
        end_poll(*batch[i].chain);
        host_.ready(*batch[i].chain, by);
      } else {
        host_.settle(*batch[i].chain, batch[i].result, by);
      }
    }
    settled();
  }
}

void Direct::settled() {
  const bool is_last = settling_.fetch_sub(1, std::memory_order_seq_cst) == 1;
  if (is_last && is_needed()) reaper_.wake();
}

// A parked chain waits for its turn, and the reaper may be the one that ends the requests before it.
void Direct::need_for_parked(Chain& chain) {
  if (!is_announced(chain) || set_needs_reaper(chain)) return;
  needs_.fetch_add(1, std::memory_order_seq_cst);
  if (has_requests()) reaper_.wake();
}

}  // namespace atomrt::exec
