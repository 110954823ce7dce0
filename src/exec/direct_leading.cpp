// SPDX-License-Identifier: MIT
// Who sleeps in the kernel on a direct context: one thread leads, others that wait follow it.
#include "exec/direct.h"

namespace atomrt::exec {

os::CompletionRing* Direct::lead(Thread thread, By by) {
  os::Locked locked(mutex_);
  os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  if (ring == nullptr) return nullptr;
  const Thread leader = leader_.load(std::memory_order_relaxed);
  if (is_led_locked() && leader != thread) return nullptr;
  const bool is_reapers = is_needed() && reaper_.is_present();
  if (by == By::APPLICATION && is_reapers) {
    if (leader == thread) {
      leader_.store(0, std::memory_order_relaxed);
      consume_locked(0);
      wake_next_locked();
    }
    return nullptr;
  }
  if (by == By::APPLICATION) leads_made_.store(leads_made() + 1, std::memory_order_relaxed);
  leader_.store(thread, std::memory_order_relaxed);
  consume_locked(thread);
  return ring;
}

os::CompletionRing* Direct::linger(Thread thread) {
  os::CompletionRing* const ring = lead(thread, By::LIBRARY);
  if (ring == nullptr) return nullptr;
  process(By::LIBRARY);
  if (is_reaper_needed() || !may_sleep_in_kernel()) return nullptr;
  os::Locked locked(mutex_);
  if (leader_.load(std::memory_order_relaxed) == thread) leader_.store(LINGERER, std::memory_order_relaxed);
  return ring;
}

void Direct::stop_leading(Thread thread) {
  {
    os::Locked locked(mutex_);
    if (leader_.load(std::memory_order_relaxed) != thread) return;
    leader_.store(0, std::memory_order_relaxed);
    consume_locked(0);
    if (has_requests()) wake_next_locked();
  }
  if (thread != LINGERER && has_polls()) reaper_.wake_to_patrol();
}

// A follower whose word is not QUIET is awake, as what it waits for is over: it would leave without leading.
void Direct::wake_next_locked() {
  if (is_needed() && reaper_.is_present()) {
    reaper_.wake();
    return;
  }
  for (os::FutexWord*& follower : followers_) {
    if (follower == nullptr) continue;
    os::FutexWord& word = *follower;
    follower = nullptr;
    std::uint32_t quiet = os::QUIET;
    if (!word.compare_exchange_strong(quiet, os::POKED, std::memory_order_release, std::memory_order_relaxed)) continue;
    os::futex_wake(word, 1);
    return;
  }
}

bool Direct::follow(os::FutexWord& word) {
  os::Locked locked(mutex_);
  const bool is_reapers = is_needed() && reaper_.is_present();
  if (!is_led_locked() && !is_reapers) return false;
  os::FutexWord** free = nullptr;
  for (os::FutexWord*& follower : followers_) {
    if (follower == &word) return true;
    if (follower == nullptr && free == nullptr) free = &follower;
  }
  if (free != nullptr) *free = &word;
  return true;
}

void Direct::stop_following(os::FutexWord& word) {
  os::Locked locked(mutex_);
  for (os::FutexWord*& follower : followers_) {
    if (follower == &word) follower = nullptr;
  }
}

}  // namespace atomrt::exec
