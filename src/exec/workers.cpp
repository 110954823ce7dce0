// SPDX-License-Identifier: MIT
#include "exec/workers.h"

#include <algorithm>

#include "base/tuning.h"
#include "chain/finish.h"
#include "exec/perform.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// The submitter of a request without notification is likely to wait for it: otherwise it could only poll.
bool waiter_may_take(const Chain& chain) {
  if (!chain.is_local || is_sync(chain.operation) || chain.notification.by != chain::NotifyBy::NOTHING) return false;
  // Several reads or direct writes wait for the disk in parallel: better by workers.
  return chain.order == chain::Order::DRAINED_WRITES ? !is_crowded(chain) : is_alone(chain);
}

}  // namespace

void Workers::configure(unsigned limit, std::int64_t idle_ns) {
  os::Locked locked(mutex_);
  limit_ = limit;
  idle_ns_ = idle_ns;
  poller_.configure(idle_ns);
}

bool Workers::is_deferred(const Chain& chain) const {
  return waiter_may_take(chain) && hints_->is_enough(chain.fd, Score::TAKEN);
}

void Workers::push_locked(Chain& chain) {
  put(chain, Place::QUEUED);
  queue_.push_back(chain);
  arrivals_.store(arrivals_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ++queued_;
  modest_ += chain.is_modest;
}

void Workers::removed_locked(const Chain& chain) {
  --queued_;
  modest_ -= chain.is_modest;
}

// Where a chain is as a worker begins it. A stream request stays MOVING up to the end of its first try, which does not
// wait: until then aio_cancel can't know whether it has moved bytes.
Place Workers::place_to_begin(const Chain& chain) {
  return is_stream_transfer(chain) && chain.moved == 0 ? Place::MOVING : Place::RUNNING;
}

Chain* Workers::pop_locked() {
  Chain* chain = queue_.pop_front();
  if (chain == nullptr) return nullptr;
  removed_locked(*chain);
  put(*chain, place_to_begin(*chain));
  return chain;
}

bool Workers::begin_absence() {
  {
    os::Locked locked(mutex_);
    if (threads_ < blocked_ + unmade_ + 2) return false;
    ++blocked_;
    --running_;
  }
  look_after_queue();
  return true;
}

Verdict Workers::submit(Chain& chain, MayStart may_start) {
  Need need = Need::NOTHING, second = Need::NOTHING;
  const std::uint32_t generation = generation_of(chain);
  {
    os::Locked locked(mutex_);
    if (may_start == MayStart::NO && !has_thread_locked()) return Verdict::DECLINED;
    const bool is_watched = keeps_watch() && is_deferred(chain);
    push_locked(chain);
    if (!is_watched) need = need_locked(may_start);
    if (may_start == MayStart::YES && wants_a_second_locked(chain)) second = reserve_thread_locked(may_start);
  }
  if (second == Need::THREAD) make_thread();
  return satisfy(need, may_start) ? Verdict::ACCEPTED : abandon_queue(&chain, generation);
}

bool Workers::take(Chain& chain) {
  os::Locked locked(mutex_);
  if (place_of(chain) != Place::QUEUED) return false;
  queue_.remove(chain);
  removed_locked(chain);
  put(chain, Place::RUNNING);
  return true;
}

void Workers::nudge() {
  {
    os::Locked locked(mutex_);
    sequence_.fetch_add(1, std::memory_order_relaxed);
  }
  os::futex_wake(sequence_, 1);
}

void Workers::end_deferral(int fd) {
  if (!hints_->is_enough(fd, Score::TAKEN)) return;
  hints_->reset(fd, Score::TAKEN);
  look_after_queue();
}

void Workers::look_after_queue() {
  Need need;
  {
    os::Locked locked(mutex_);
    need = need_locked(MayStart::ASKS);
  }
  satisfy(need, MayStart::ASKS);
}

void* Workers::run_thread(void* self) {
  os::name_this_thread("atomrt-worker");
  static_cast<Workers*>(self)->work();
  return nullptr;
}

void Workers::work() {
  {
    os::Locked locked(mutex_);
    --starting_;
  }
  while (Chain* chain = next()) {
    const bool is_modest = chain->is_modest;
    const bool was_polled_for = run(*chain);
    os::Locked locked(mutex_);
    --running_;
    copying_ -= is_modest;
    if (was_polled_for) look_around_locked();
  }
}

Chain* Workers::next() {
  mutex_.lock();
  for (bool is_kept = false;;) {
    keep_watch_locked();
    if (Chain* chain = running_ < limit_ ? pop_locked() : nullptr) {
      ++running_;
      copying_ += chain->is_modest;
      if (waiter_may_take(*chain)) hints_->reset(chain->fd, Score::TAKEN);  // nobody waits for it
      const Need need = need_locked(MayStart::ASKS);
      mutex_.unlock();
      satisfy(need, MayStart::ASKS);
      return chain;
    }
    const bool has_chores = host_.has_chores();
    if (has_chores) {
      mutex_.unlock();
      host_.do_chores();
      mutex_.lock();
      if (!queue_.empty() && running_ < limit_) continue;
    }
    const std::int64_t idle_ns = is_kept ? std::max(idle_ns_, tuning::KEPT_WORKER_NS) : idle_ns_;
    is_kept = sleep_locked(has_chores ? tuning::CHORES_NS : idle_ns);
    if (is_kept && may_leave_locked()) {
      --threads_;
      mutex_.unlock();
      return nullptr;
    }
  }
}

// Sleeps until woken, or until the time is over (true).
bool Workers::sleep_locked(std::int64_t most_ns) {
  ++idle_;
  const std::uint32_t seen = sequence_.load(std::memory_order_relaxed);
  mutex_.unlock();
  const int error = os::futex_wait_until(sequence_, seen, os::now_ns() + most_ns);
  mutex_.lock();
  --idle_;
  if (waking_ > 0) --waking_;
  return error == ETIMEDOUT;
}

// True: the program seems to poll for the last chain.
bool Workers::run(Chain& first) {
  bool was_polled_for = false;
  for (Chain* chain = &first; chain != nullptr;) {
    const std::uint32_t takes = takes_.load(std::memory_order_relaxed);
    note_runner(*chain);
    const chain::Released released = is_stream_transfer(*chain) ? run_stream(*chain) : run_file(*chain, was_polled_for);
    // The next one of the same lane is run here: that saves a wake-up for each request, and no other worker waits for
    // the inode's lock. Unless a waiter has begun to take what it waits for: then it takes them all, and this thread
    // would only be in its way.
    chain = released.chains[0];
    const bool leave = chain != nullptr && takes_.load(std::memory_order_relaxed) != takes && waiter_may_take(*chain);
    if (leave) {
      leave_to_waiters(*chain);
      chain = nullptr;
    } else if (chain != nullptr) {
      // Not MOVING while another one is offered: see offer_released in engine/complete.cpp.
      put(*chain, released.chains[1] != nullptr ? Place::RUNNING : place_to_begin(*chain));
    }
    if (released.chains[1] != nullptr) host_.offer(*released.chains[1]);
  }
  return was_polled_for;
}

chain::Released Workers::run_file(Chain& chain, bool& was_polled_for) {
  const long result = perform_timed(chain, *hints_);
  was_polled_for = chain.notification.by == chain::NotifyBy::NOTHING && chain.group == nullptr && !is_watched(chain);
  const bool tells = begin_telling(chain);
  const chain::Released released = host_.complete(chain, result, ContextId::THREADS);
  if (tells) end_telling(released.chains[0] != nullptr);
  return released;
}

// The signal wakes a program that submits its next request before this thread is back at the queue: as that is a moment
// away, no other worker is woken for it. Only with one O_DIRECT request at a time: for shorter ones it is faster if two
// threads take turns. Not if the program has closed the descriptor: then finishing may close the file, which may take
// any time.
bool Workers::begin_telling(const Chain& chain) {
  const chain::NotifyBy by = chain.notification.by;
  if (!chain.direct || (by != chain::NotifyBy::SIGNAL && by != chain::NotifyBy::SIGNAL_TO_THREAD)) return false;
  if (chain.io_fd.load(std::memory_order_relaxed) != chain.fd) return false;
  os::Locked locked(mutex_);
  if (running_ > 1 || !queue_.empty()) return false;
  telling_ = true;
  return true;
}

// goes_on: this worker runs the next chain of the lane first.
void Workers::end_telling(bool goes_on) {
  Need need = Need::NOTHING;
  {
    os::Locked locked(mutex_);
    telling_ = false;
    if (goes_on) need = need_locked(MayStart::ASKS);
  }
  satisfy(need, MayStart::ASKS);
}

void Workers::leave_to_waiters(Chain& chain) {
  os::Locked locked(mutex_);
  push_locked(chain);
}

}  // namespace atomrt::exec
