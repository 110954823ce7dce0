// SPDX-License-Identifier: MIT
#include "exec/workers.h"

#include "exec/perform.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// Threads that copying is shared by: enough to overlap with the submitter on a small machine.
constexpr unsigned MOST_FOR_MODEST = 2;

// Between two passes over what found no thread of its own.
constexpr std::int64_t CHORES_NS = 1'000'000;

// The submitter of such a request is likely to wait for it: otherwise it could only poll.
bool waiter_may_take(const Chain& chain) {
  if (!chain.is_local || is_sync(chain.operation) || chain.notification.by != chain::NotifyBy::NOTHING) return false;
  // One of several reads, or direct writes, waits for the disk beside the others.
  return chain.order == chain::Order::DRAINED_WRITES ? !is_crowded(chain) : is_alone(chain);
}

}  // namespace

void Workers::configure(unsigned limit, std::int64_t idle_ns) {
  os::Locked locked(mutex_);
  limit_ = limit;
  idle_ns_ = idle_ns;
  poller_.configure(idle_ns);
}

bool Workers::is_deferred(const Chain& chain) const { return waiter_may_take(chain) && deferral_.is_on(chain.fd); }

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

// A stream request stays MOVING up to its first try, which does not wait: until then aio_cancel can't know.
Chain* Workers::pop_locked() {
  Chain* chain = queue_.pop_front();
  if (chain == nullptr) return nullptr;
  removed_locked(*chain);
  put(*chain, is_stream_transfer(*chain) && chain->moved == 0 ? Place::MOVING : Place::RUNNING);
  return chain;
}

Workers::Need Workers::need_locked(MayStart may_start) {
  const unsigned coming = waking_ + starting_ + looking_ + telling_;
  const bool is_one_more_of_use = modest_ > 0 && copying_ + coming < MOST_FOR_MODEST;
  if (queued_ - modest_ + is_one_more_of_use <= coming) return Need::NOTHING;  // a thread is coming for each
  if (running_ + coming - telling_ >= limit_) return Need::NOTHING;  // those that run look at the queue afterwards
  if (idle_ > waking_) {
    ++waking_;
    sequence_.fetch_add(1, std::memory_order_relaxed);
    return Need::WAKE;
  }
  if (may_start == MayStart::NO || threads_ - blocked_ >= limit_) return Need::NOTHING;  // or are about to look
  ++threads_;
  ++starting_;
  return Need::THREAD;
}

// False when there is no thread, nor one being made by somebody else, to come back to the queue.
bool Workers::satisfy(Need need) {
  if (need == Need::WAKE) os::futex_wake(sequence_, 1);
  if (need != Need::THREAD) return true;
  if (os::start_library_thread(run_thread, this) == 0) {
    created_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  os::Locked locked(mutex_);
  --threads_;
  --starting_;
  return threads_ > blocked_;
}

Verdict Workers::submit(Chain& chain, MayStart may_start) {
  Need need = Need::NOTHING;
  const std::uint32_t generation = generation_of(chain);
  {
    os::Locked locked(mutex_);
    if (may_start == MayStart::NO && threads_ <= blocked_) return Verdict::DECLINED;
    const bool is_watched = keeps_watch() && is_deferred(chain);
    push_locked(chain);
    if (!is_watched) need = need_locked(may_start);
  }
  return satisfy(need) ? Verdict::ACCEPTED : abandon_queue(chain, generation);
}

// Nobody will come. Unless it was taken meanwhile, the chain is its submitter's again, place RUNNING; others that
// counted on the same thread fail with EAGAIN, as their submitters have gone.
Verdict Workers::abandon_queue(Chain& own, std::uint32_t generation) {
  Verdict verdict = Verdict::ACCEPTED;
  chain::ChainQueue orphans{};
  {
    os::Locked locked(mutex_);
    if (threads_ > blocked_) return Verdict::ACCEPTED;
    while (Chain* chain = queue_.pop_front()) {
      put(*chain, Place::RUNNING);
      if (chain == &own && generation_of(own) == generation) {
        verdict = Verdict::DECLINED;
      } else {
        orphans.push_back(*chain);
      }
    }
    queued_ = modest_ = 0;
  }
  while (Chain* chain = orphans.pop_front()) completion_.fail(completion_.engine, *chain, EAGAIN);
  return verdict;
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
  if (!deferral_.is_on(fd)) return;
  deferral_.end(fd);
  look_after_queue();
}

void Workers::look_after_queue() {
  Need need;
  {
    os::Locked locked(mutex_);
    need = need_locked(MayStart::YES);
  }
  satisfy(need);
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
  for (;;) {
    keep_watch_locked();
    if (Chain* chain = running_ < limit_ ? pop_locked() : nullptr) {
      ++running_;
      copying_ += chain->is_modest;
      if (waiter_may_take(*chain)) deferral_.end(chain->fd);  // nobody waits for it
      const Need need = need_locked(MayStart::YES);
      mutex_.unlock();
      satisfy(need);
      return chain;
    }
    const bool has_chores = completion_.has_chores(completion_.engine);
    if (has_chores) {
      mutex_.unlock();
      completion_.do_chores(completion_.engine);
      mutex_.lock();
      if (!queue_.empty() && running_ < limit_) continue;
    }
    const bool timed_out = sleep_locked(has_chores ? CHORES_NS : idle_ns_);
    if (timed_out && queue_.empty() && !completion_.has_chores(completion_.engine)) {
      --threads_;
      mutex_.unlock();
      return nullptr;
    }
  }
}

// Asleep until woken, or until the time is over (true).
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

// Whether the last chain was polled for.
bool Workers::run(Chain& first) {
  bool was_polled_for = false;
  for (Chain* chain = &first; chain != nullptr;) {
    const std::uint32_t takes = deferral_.takes();
    note_runner(*chain);
    const chain::Released released = is_stream_transfer(*chain) ? run_stream(*chain) : run_file(*chain, was_polled_for);
    // The next one of the same lane is run here: no wake-up a request, and no other worker waits for the inode's lock.
    // Unless a waiter has begun to take what it waits for: then it does it all, and this thread is only in its way.
    chain = released.chains[0];
    const bool leave = chain != nullptr && deferral_.takes() != takes && waiter_may_take(*chain);
    if (leave) {
      leave_to_waiters(*chain);
      chain = nullptr;
    } else if (chain != nullptr) {
      put(*chain, Place::RUNNING);
    }
    if (released.chains[1] != nullptr) completion_.offer(completion_.engine, *released.chains[1]);
  }
  return was_polled_for;
}

chain::Released Workers::run_file(Chain& chain, bool& was_polled_for) {
  const long result = pace_.perform(chain);
  was_polled_for = chain.notification.by == chain::NotifyBy::NOTHING && chain.group == nullptr && !is_watched(chain);
  const bool tells = begin_telling(chain);
  const chain::Released released = completion_.complete(completion_.engine, chain, result, ContextId::THREADS);
  if (tells) end_telling(released.chains[0] != nullptr);
  return released;
}

// The signal wakes a program that submits the next request before this thread has come back to the queue, which it is
// about to: then no other one is woken for it. Only at one O_DIRECT request at a time: for shorter ones it is faster to
// have two threads take turns. Where the program has closed the descriptor, the end may close the file, which may take
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

// goes_on: with the next one of the same lane.
void Workers::end_telling(bool goes_on) {
  Need need = Need::NOTHING;
  {
    os::Locked locked(mutex_);
    telling_ = false;
    if (goes_on) need = need_locked(MayStart::YES);
  }
  satisfy(need);
}

void Workers::leave_to_waiters(Chain& chain) {
  os::Locked locked(mutex_);
  push_locked(chain);
}

}  // namespace atomrt::exec
