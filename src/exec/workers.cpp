#include "exec/workers.h"

#include "exec/perform.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// Vain wake-ups in a row before the pool defers, looks at a request that nobody takes before it is run all the same,
// and looks at an empty queue before the watch ends.
constexpr unsigned MOST_VAIN_WAKES = 4;
constexpr unsigned MOST_LOOKS_AT_ONE = 8;
constexpr unsigned MOST_EMPTY_LOOKS = 32;

// Between two passes over what found no thread of its own.
constexpr std::int64_t CHORES_NS = 1'000'000;

// Whoever submits such a request is likely to wait for it: there is no other way for him to hear of it but polling.
bool waiter_may_take(const Chain& chain) {
  return chain.is_local && !chain.is_crowded && chain.order == chain::Order::DRAINED_WRITES && chain.notification.by == chain::NotifyBy::NOTHING;
}

}  // namespace

void Workers::configure(unsigned limit, std::int64_t idle_ns) {
  os::Locked locked(mutex_);
  limit_ = limit;
  idle_ns_ = idle_ns;
}

void Workers::waiter_took_one() { waiter_takes_.fetch_add(1, std::memory_order_relaxed); }

void Workers::set_deferring_locked(bool deferring) { deferring_.store(deferring, std::memory_order_relaxed); }
bool Workers::is_deferring() const { return deferring_.load(std::memory_order_relaxed); }

void Workers::end_deferral() {
  if (!is_deferring()) return;
  Need need;
  {
    os::Locked locked(mutex_);
    set_deferring_locked(false);
    need = need_locked();
  }
  satisfy(need);
}

void Workers::nudge() {
  sequence_.fetch_add(1, std::memory_order_relaxed);
  os::futex_wake(sequence_, 1);
}

Workers::Need Workers::need_locked() {
  if (queued_ <= waking_ + starting_) return Need::NOTHING;  // somebody is on his way for each
  if (idle_ > waking_) {
    ++waking_;
    sequence_.fetch_add(1, std::memory_order_relaxed);
    return Need::WAKE;
  }
  if (threads_ - blocked_ >= limit_) return Need::NOTHING;
  ++threads_;
  ++starting_;
  return Need::THREAD;
}

// False when there is no thread at all to come back to the queue.
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
  return threads_ > blocked_ + starting_;
}

Verdict Workers::submit(Chain& chain) {
  Need need;
  const std::uint32_t generation = generation_of(chain);
  {
    os::Locked locked(mutex_);
    put(chain, Place::QUEUED);
    queue_.push_back(chain);
    ++queued_;
    need = is_deferring() && watching_ && waiter_may_take(chain) ? Need::NOTHING : need_locked();
  }
  if (satisfy(need)) return Verdict::ACCEPTED;
  return abandon_queue(chain, generation);
}

// Nobody will come. Unless it was taken meanwhile, the chain is its submitter's again; others that counted on the same
// thread fail with EAGAIN, as their submitters have gone.
Verdict Workers::abandon_queue(Chain& own, std::uint32_t generation) {
  Verdict verdict = Verdict::ACCEPTED;
  chain::ChainQueue orphans{};
  {
    os::Locked locked(mutex_);
    if (threads_ > blocked_ + starting_) return Verdict::ACCEPTED;
    while (Chain* chain = queue_.pop_front()) {
      const bool is_own = chain == &own && generation_of(own) == generation;
      put(*chain, is_own ? Place::MOVING : Place::RUNNING);
      if (is_own) {
        verdict = Verdict::DECLINED;
      } else {
        orphans.push_back(*chain);
      }
    }
    queued_ = 0;
  }
  while (Chain* chain = orphans.pop_front()) {
    const chain::Released released =
        completion_.complete(completion_.engine, *chain, -EAGAIN, ContextId::THREADS);
    for (Chain* next : released.chains) {
      if (next != nullptr) completion_.offer(completion_.engine, *next);
    }
  }
  return verdict;
}

bool Workers::take(Chain& chain) {
  os::Locked locked(mutex_);
  if (place_of(chain) != Place::QUEUED) return false;
  queue_.remove(chain);
  --queued_;
  put(chain, Place::RUNNING);
  return true;
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
  while (Chain* chain = next()) run(*chain);
}

Chain* Workers::next() {
  mutex_.lock();
  for (;;) {
    if (!keep_watch_locked()) {
      if (Chain* chain = queue_.pop_front()) {
        --queued_;
        put(*chain, Place::RUNNING);
        mutex_.unlock();
        return chain;
      }
    }
    const std::uint32_t takes = waiter_takes_.load(std::memory_order_relaxed);
    const bool has_chores = completion_.has_chores(completion_.engine);
    if (has_chores) {
      mutex_.unlock();
      completion_.do_chores(completion_.engine);
      mutex_.lock();
      if (!queue_.empty()) continue;
    }
    const bool timed_out = sleep_locked(has_chores ? CHORES_NS : idle_ns_);
    if (timed_out && !has_chores && queue_.empty()) {
      --threads_;
      mutex_.unlock();
      return nullptr;
    }
    const bool in_vain = queue_.empty() && waiter_takes_.load(std::memory_order_relaxed) != takes;
    vain_wakes_ = in_vain ? vain_wakes_ + 1 : 0;
    if (vain_wakes_ >= MOST_VAIN_WAKES) set_deferring_locked(true);
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

// While waiters take what comes: looks now and then. False: the queue is a worker's business (again).
bool Workers::keep_watch_locked() {
  if (!is_deferring() || watching_) return false;
  if (!queue_.empty() && !waiter_may_take(*queue_.first())) return false;
  watching_ = true;
  aiocb::RequestName last{};
  unsigned looks_at_one = 0, empty_looks = 0;
  for (;;) {
    const std::uint32_t takes = waiter_takes_.load(std::memory_order_relaxed);
    sleep_locked(WATCH_NS);
    if (!is_deferring()) break;
    const bool taken = waiter_takes_.load(std::memory_order_relaxed) != takes;
    const Chain* first = queue_.first();
    if (first == nullptr) {
      empty_looks = taken ? 0 : empty_looks + 1;
      if (empty_looks < MOST_EMPTY_LOOKS) continue;
      break;  // the next request wakes a worker, which keeps watch again
    }
    const aiocb::RequestName name = name_of(*first);
    looks_at_one = name.number == last.number && name.generation == last.generation ? looks_at_one + 1 : 0;
    last = name;
    if (taken && looks_at_one < MOST_LOOKS_AT_ONE && waiter_may_take(*first)) continue;
    if (!taken) set_deferring_locked(false);
    break;
  }
  vain_wakes_ = 0;
  watching_ = false;
  return false;
}

void Workers::run(Chain& first) {
  Chain* chain = &first;
  while (chain != nullptr) {
    const std::uint32_t takes = waiter_takes_.load(std::memory_order_relaxed);
    const chain::Released released = chain->kind == os::FileKind::STREAM && !is_sync(chain->operation)
                                         ? run_stream(*chain)
                                         : completion_.complete(completion_.engine, *chain, perform(*chain),
                                                                ContextId::THREADS);
    if (released.chains[1] != nullptr) completion_.offer(completion_.engine, *released.chains[1]);
    // The next one of the same lane is run here: no wake-up a request, and no other worker waits for the inode's lock.
    // Unless a waiter has begun to take what he waits for: then he does it all, and this thread is only in his way.
    chain = released.chains[0];
    if (chain == nullptr) return;
    if (waiter_takes_.load(std::memory_order_relaxed) != takes && waiter_may_take(*chain)) {
      leave_to_waiters(*chain);
      return;
    }
    put(*chain, Place::RUNNING);
  }
}

void Workers::leave_to_waiters(Chain& chain) {
  os::Locked locked(mutex_);
  set_deferring_locked(true);
  put(chain, Place::QUEUED);
  queue_.push_back(chain);
  ++queued_;
}

void Workers::set_blocked(bool blocked) {
  Need need;
  {
    os::Locked locked(mutex_);
    blocked_ += blocked ? 1U : -1U;
    need = need_locked();
  }
  satisfy(need);
}

// One try, after which the chain is this thread's and RUNNING. MOVING meanwhile where it has moved nothing yet: the try
// does not wait, so a canceller may wait for its outcome.
long Workers::try_stream(Chain& chain, bool may_wait) {
  const int fd = chain.io_fd.load(std::memory_order_acquire);
  if (may_wait) return perform_stream(chain, fd);
  if (chain.moved == 0) put(chain, Place::MOVING);
  const long result = attempt(chain, fd);
  put(chain, Place::RUNNING);
  if (result != CANNOT_ASK) return result;
  const bool ready = chain.nonblocking || os::wait_until_ready(fd, chain.operation == chain::Operation::WRITE, 0);
  return ready ? perform_stream(chain, fd) : NOT_READY;
}

chain::Released Workers::run_stream(Chain& chain) {
  // Some descriptors say ready and then are not (a datagram larger than the room): after as many vain tries the thread
  // waits in the call itself.
  constexpr int MOST_VAIN_TRIES = 16;
  long result = try_stream(chain, false);
  if (result == NOT_READY) {
    set_blocked(true);
    for (int vain = 0; result == NOT_READY;) {
      const std::size_t moved = chain.moved;
      if (!wait_for_peer(chain)) {
        set_blocked(false);
        return {};
      }
      result = try_stream(chain, vain == MOST_VAIN_TRIES);
      vain = chain.moved == moved ? vain + 1 : 0;
    }
    set_blocked(false);
  }
  return completion_.complete(completion_.engine, chain, result, ContextId::THREADS);
}

// Until the peer is ready and the chain is this thread's again. False: somebody else took the chain, and it may be gone.
bool Workers::wait_for_peer(Chain& chain) {
  const std::uint32_t generation = generation_of(chain);
  const bool writes = chain.operation == chain::Operation::WRITE;
  const bool may_be_taken = chain.moved == 0;
  if (may_be_taken) put(chain, Place::BLOCKED);
  for (;;) {
    const int fd = chain.io_fd.load(std::memory_order_acquire);
    const bool ready = os::wait_until_ready(fd, writes, POLL_SLICE_NS);
    if (!may_be_taken) {
      if (ready) return true;
      continue;
    }
    if (chain::generation_of(chain.state.load(std::memory_order_acquire)) != generation) return false;
    if (!ready) continue;
    if (claim(chain, generation, Place::BLOCKED)) return true;
    os::yield();  // a canceller is finishing it, or its descriptor is being replaced
  }
}

}  // namespace atomrt::exec
