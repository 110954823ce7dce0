#include "exec/workers.h"

#include "exec/perform.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

void Workers::configure(unsigned limit, std::int64_t idle_ns) {
  os::Locked locked(mutex_);
  limit_ = limit;
  idle_ns_ = idle_ns;
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
    need = need_locked();
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
    if (Chain* chain = queue_.pop_front()) {
      --queued_;
      put(*chain, Place::RUNNING);
      mutex_.unlock();
      return chain;
    }
    ++idle_;
    const std::uint32_t seen = sequence_.load(std::memory_order_relaxed);
    const std::int64_t deadline = os::now_ns() + idle_ns_;
    mutex_.unlock();
    const int error = os::futex_wait_until(sequence_, seen, deadline);
    mutex_.lock();
    --idle_;
    if (waking_ > 0) --waking_;
    if (error == ETIMEDOUT && queue_.empty()) {
      --threads_;
      mutex_.unlock();
      return nullptr;
    }
  }
}

void Workers::run(Chain& first) {
  Chain* chain = &first;
  while (chain != nullptr) {
    const chain::Released released = chain->kind == os::FileKind::STREAM && !is_sync(chain->operation)
                                         ? run_stream(*chain)
                                         : completion_.complete(completion_.engine, *chain, perform(*chain),
                                                                ContextId::THREADS);
    // The next one of the same lane is run here: no wake-up a request, and no other worker waits for the inode's lock.
    chain = released.chains[0];
    if (chain != nullptr) put(*chain, Place::RUNNING);
    if (released.chains[1] != nullptr) completion_.offer(completion_.engine, *released.chains[1]);
  }
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

chain::Released Workers::run_stream(Chain& chain) {
  // Some descriptors say ready and then are not (a datagram larger than the room): after as many vain attempts the
  // thread waits in the call itself.
  constexpr int MOST_VAIN_ATTEMPTS = 16;
  long result = attempt(chain, chain.io_fd.load(std::memory_order_acquire));
  if (result == NOT_READY) {
    set_blocked(true);
    int vain = 0;
    std::size_t moved = chain.moved;
    do {
      if (!wait_for_peer(chain)) {
        set_blocked(false);
        return {};
      }
      const int fd = chain.io_fd.load(std::memory_order_acquire);
      result = vain < MOST_VAIN_ATTEMPTS ? attempt(chain, fd) : perform_stream(chain, fd);
      vain = chain.moved == moved ? vain + 1 : 0;
      moved = chain.moved;
    } while (result == NOT_READY);
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
