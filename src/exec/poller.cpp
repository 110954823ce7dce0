// SPDX-License-Identifier: MIT
#include "exec/poller.h"

#include <algorithm>
#include <cstring>

#include "base/tuning.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/memory.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

template <typename T>
bool Poller::Array<T>::reserve(std::uint32_t wanted, std::uint32_t used) {
  if (wanted <= room) return true;
  constexpr std::uint32_t LEAST = 512;
  std::uint32_t next = room == 0 ? LEAST : room * 2;
  while (next < wanted) next *= 2;
  const auto memory = os::map_memory(next * sizeof(T));
  if (!memory) return false;
  // A child does not know the mapping and would never unmap it.
  os::drop_on_fork(*memory, next * sizeof(T));
  if (used > 0) std::memcpy(*memory, static_cast<const void*>(items), used * sizeof(T));
  if (items != nullptr) os::unmap_memory(static_cast<void*>(items), room * sizeof(T));
  items = static_cast<T*>(*memory);
  room = next;
  return true;
}

bool Poller::add(Chain& chain) {
  if (!thread_.ensure(MayStart::ASKS, run_thread, this)) return false;
  {
    os::Locked locked(mutex_);
    if (!thread_.is_present() || !entries_.reserve(count_ + 1, count_)) return false;  // it may just have left
    entries_.items[count_++] = {&chain, generation_of(chain), chain.operation == chain::Operation::WRITE,
                                  chain.moved > 0};
    put(chain, chain.moved == 0 ? Place::BLOCKED : Place::RUNNING);
    sequence_.fetch_add(1, std::memory_order_relaxed);
  }
  os::futex_wake(sequence_, 1);
  return true;
}

void* Poller::run_thread(void* self) {
  os::name_this_thread("atomrt-poller");
  Poller& poller = *static_cast<Poller*>(self);
  poller.thread_.came();
  poller.work();
  return nullptr;
}

void Poller::work() {
  std::uint32_t seen = 0;
  unsigned quiet = 0;
  for (;;) {
    const std::uint32_t polled = gather();
    if (polled == 0) {
      if (rest()) return;
      continue;
    }
    const std::uint32_t sequence = sequence_.load(std::memory_order_relaxed);
    quiet = sequence == seen ? quiet + 1 : 0;
    seen = sequence;
    const std::int64_t least_ns = quiet < tuning::SHORT_POLLS ? tuning::SHORT_POLL_NS : tuning::LONG_POLL_NS;
    const std::int64_t look_ns = least_ns + tuning::POLL_NS_FOR_EACH * polled;
    if (os::poll_all(polls_.items, polled, look_ns) > 0) {
      quiet = 0;
      hand_out(polled);
    }
  }
}

// Copies what is still to be polled for to the thread's own arrays. What was taken meanwhile is dropped.
std::uint32_t Poller::gather() {
  os::Locked locked(mutex_);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Entry entry = entries_.items[i];
    if (is_here(entry)) entries_.items[kept++] = entry;
  }
  count_ = kept;
  [[maybe_unused]] const bool has_room = polled_.reserve(kept, 0) && polls_.reserve(kept, 0);
  // If memory is short, the rest is polled for when some of these are over.
  kept = std::min({kept, polled_.room, polls_.room});
  for (std::uint32_t i = 0; i < kept; ++i) {
    const Entry entry = polled_.items[i] = entries_.items[i];
    const int fd = descriptor_of(*entry.chain);
    polls_.items[i] = {fd, static_cast<short>(entry.writes ? POLLOUT : POLLIN), 0};
  }
  return kept;
}

// MOVING, for a moment: its descriptor is being replaced.
bool Poller::is_here(const Entry& entry) {
  const std::uint64_t state = entry.chain->state.load(std::memory_order_acquire);
  const auto place = static_cast<Place>(chain::low_of(state));
  if (chain::generation_of(state) != entry.generation) return false;
  return entry.is_begun ? place == Place::RUNNING : place == Place::BLOCKED || place == Place::MOVING;
}

// True: the caller owns it (place MOVING, or RUNNING). False: another thread has taken it.
bool Poller::take(const Entry& entry) {
  return entry.is_begun || claim_patiently(*entry.chain, entry.generation, Place::BLOCKED, Place::MOVING);
}

void Poller::hand_out(std::uint32_t polled) {
  for (std::uint32_t i = 0; i < polled; ++i) {
    if (polls_.items[i].revents == 0) continue;
    const Entry entry = polled_.items[i];
    if (!remove(entry) || !take(entry)) continue;
    ready_(host_, *entry.chain);
  }
}

// Removed before it is taken, as it may be added again at once.
bool Poller::remove(const Entry& entry) {
  os::Locked locked(mutex_);
  for (std::uint32_t i = 0; i < count_; ++i) {
    Entry& present = entries_.items[i];
    if (present.chain != entry.chain || present.generation != entry.generation) continue;
    present = entries_.items[--count_];
    return true;
  }
  return false;
}

// Without requests. True: the thread leaves, and the next request creates another.
bool Poller::rest() {
  const std::uint32_t seen = sequence_.load(std::memory_order_acquire);
  {
    os::Locked locked(mutex_);
    if (count_ != 0) return false;
  }
  const std::int64_t idle_ns = idle_ns_.load(std::memory_order_relaxed);
  if (os::futex_wait_until(sequence_, seen, os::now_ns() + idle_ns) != ETIMEDOUT) return false;
  os::Locked locked(mutex_);
  if (count_ != 0) return false;
  thread_.left();
  return true;
}

}  // namespace atomrt::exec
