#include "exec/retrier.h"

#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;

void Retrier::start(void* engine, bool (*try_again)(void*, Chain&)) {
  engine_ = engine;
  try_again_ = try_again;
}

void Retrier::add(Chain& chain) {
  {
    os::Locked locked(mutex_);
    chains_.push_back(chain);
    waiting_.fetch_add(1, std::memory_order_relaxed);
  }
  poke();
}

void Retrier::poke() {
  if (waiting_.load(std::memory_order_relaxed) == 0) return;
  {
    os::Locked locked(mutex_);
    if (has_thread_ || chains_.empty()) return;
    has_thread_ = true;
  }
  if (os::start_library_thread(run_thread, this) == 0) return;
  os::Locked locked(mutex_);
  has_thread_ = false;
}

void* Retrier::run_thread(void* self) {
  os::name_this_thread("atomrt-notify");
  static_cast<Retrier*>(self)->work();
  return nullptr;
}

void Retrier::work() {
  os::FutexWord nobody_wakes{0};
  for (;;) {
    chain::ChainQueue again{};
    chain::ChainQueue batch{};
    {
      os::Locked locked(mutex_);
      if (chains_.empty()) {
        has_thread_ = false;
        return;
      }
      while (Chain* chain = chains_.pop_front()) batch.push_back(*chain);
    }
    // In order; behind one that finds no room its like need not try.
    bool is_full[2] = {};
    while (Chain* chain = batch.pop_front()) {
      bool& full = is_full[chain->notification.by == chain::NotifyBy::THREAD];
      if (!full && try_again_(engine_, *chain)) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
      } else {
        full = true;
        again.push_back(*chain);
      }
    }
    if (again.empty()) continue;
    {
      os::Locked locked(mutex_);
      while (Chain* chain = chains_.pop_front()) again.push_back(*chain);
      chains_ = again;
    }
    os::futex_wait_until(nobody_wakes, 0, os::now_ns() + INTERVAL_NS);
  }
}

}  // namespace atomrt::exec
