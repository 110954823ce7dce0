// SPDX-License-Identifier: MIT
// How many workers there are: when one more is of use, who makes it, what happens where none can be made, and when one
// may leave.
#include "base/tuning.h"
#include "chain/finish.h"
#include "exec/workers.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

// Whether more threads are of use than those coming to the queue, one for each chain. If not, running workers look at
// the queue afterwards.
bool Workers::wants_more_locked(unsigned coming) const {
  const bool is_one_more_of_use = modest_ > 0 && copying_ + coming < tuning::COPYING_WORKERS;
  return queued_ - modest_ + is_one_more_of_use > coming && running_ + coming - telling_ < limit_;
}

// Threads that are being made don't count here, as they may come late, or never: idle ones are woken all the same. Nor
// does a submitter rely on one: if there is no other it makes one, beyond the limit if need be.
Workers::Need Workers::need_locked(MayStart may_start) {
  const unsigned coming = waking_ + looking_ + telling_;
  if (!wants_more_locked(coming)) return Need::NOTHING;
  if (idle_ > waking_) {
    ++waking_;
    sequence_.fetch_add(1, std::memory_order_relaxed);
    return Need::WAKE;
  }
  if (may_start == MayStart::NO) return Need::NOTHING;
  const bool has_nobody = may_start == MayStart::YES && !has_thread_locked();
  // At the limit of threads, one of them is about to look at the queue.
  const bool is_of_use = wants_more_locked(coming + starting_) && threads_ - blocked_ < limit_;
  if (!has_nobody && !is_of_use) return Need::NOTHING;
  return reserve_thread_locked(may_start);
}

Workers::Need Workers::reserve_thread_locked(MayStart may_start) {
  ++threads_;
  ++starting_;
  ++unmade_;
  asked_ += may_start == MayStart::ASKS;
  return Need::THREAD;
}

void Workers::ensure_one() {
  {
    os::Locked locked(mutex_);
    if (has_thread_locked()) return;
    static_cast<void>(reserve_thread_locked(MayStart::YES));
  }
  if (!make_thread()) abandon_queue(nullptr, 0);
}

// The last worker stays while requests are in flight that may still need one, whichever context has them now.
bool Workers::may_leave_locked() const {
  const bool is_last = threads_ == blocked_ + unmade_ + 1;
  if (is_last && spawner_ != nullptr && spawner_->is_needed()) return false;
  return queue_.empty() && !host_.has_chores();
}

// False if no thread will come back to the queue, and no other thread is making one.
bool Workers::satisfy(Need need, MayStart may_start) {
  if (need == Need::WAKE) os::futex_wake(sequence_, 1);
  if (need != Need::THREAD) return true;
  if (may_start == MayStart::ASKS) {
    if (spawner_ != nullptr && spawner_->ask()) return true;
    os::Locked locked(mutex_);
    if (asked_ == 0) return true;  // taken by a spawner that another thread has made meanwhile
    --asked_;
    if (spawner_ != nullptr && has_thread_locked()) {  // a worker comes back to the queue
      --unmade_;
      --threads_;
      --starting_;
      return true;
    }
  }
  return make_thread();
}

bool Workers::make_thread() {
  const int error = os::start_library_thread(run_thread, this);
  if (error == 0) created_.fetch_add(1, std::memory_order_relaxed);
  os::Locked locked(mutex_);
  --unmade_;
  if (error == 0) return true;
  --threads_;
  --starting_;
  return threads_ > blocked_;
}

// Makes none if the queue is empty by now: a waiter or another worker took the chain.
void Workers::make_asked() {
  poller_.make_asked();
  for (;;) {
    {
      os::Locked locked(mutex_);
      if (asked_ == 0) return;
      --asked_;
      if (queued_ == 0) {
        --unmade_;
        --threads_;
        --starting_;
        continue;
      }
    }
    if (!make_thread()) abandon_queue(nullptr, 0);
  }
}

// With two workers, each creates the notification threads of the requests that it ran, without the spawner.
bool Workers::wants_a_second_locked(const Chain& chain) const {
  return needs_thread(chain, chain.tail) && threads_ < blocked_ + 2 && threads_ < limit_;
}

// No worker will come. Unless it was taken meanwhile, `own` belongs to its submitter again, place RUNNING (DECLINED);
// other chains that relied on the same thread fail with EAGAIN, as their submitters have returned. own: null if the
// caller has none; then workers that wait for a peer are enough, as they look after the queue.
Verdict Workers::abandon_queue(const Chain* own, std::uint32_t generation) {
  Verdict verdict = Verdict::ACCEPTED;
  chain::ChainQueue orphans{};
  {
    os::Locked locked(mutex_);
    if (threads_ > (own != nullptr ? blocked_ : 0)) return Verdict::ACCEPTED;
    while (Chain* chain = queue_.pop_front()) {
      put(*chain, Place::RUNNING);
      if (chain == own && generation_of(*chain) == generation) {
        verdict = Verdict::DECLINED;
      } else {
        orphans.push_back(*chain);
      }
    }
    queued_ = modest_ = 0;
  }
  while (Chain* chain = orphans.pop_front()) host_.fail(*chain, EAGAIN);
  return verdict;
}

}  // namespace atomrt::exec
