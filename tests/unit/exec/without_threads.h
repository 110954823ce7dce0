// SPDX-License-Identifier: MIT
// without_threads.h: pthread_create, wrapped: library threads can be refused, or made and held back at their first
// instruction. Threads of the tests (unit::Thread) are always made. For one file of a test program.
#pragma once

#include "unit.h"

namespace atomrt::unit {

struct ThreadFault {
  std::atomic<int> spared{0};   // so many creations go well
  std::atomic<int> refused{0};  // so many, after those, fail with EAGAIN
  std::atomic<int> asked{0};    // creations that were asked for
  std::atomic<Gate*> gate{nullptr};
  std::atomic<void (*)()> when_refused{nullptr};  // what comes between the creation and its failure

  void start_over() {
    spared.store(0);
    refused.store(0);
    asked.store(0);
    gate.store(nullptr);
    when_refused.store(nullptr);
  }
};
inline ThreadFault thread_fault;
inline constexpr int ALL = 1 << 30;

using ThreadBody = void* (*)(void*);
struct HeldBack {
  Gate* gate;
  ThreadBody body;
  void* argument;
};
inline void* run_held_back(void* argument) {
  const HeldBack held = *static_cast<HeldBack*>(argument);
  delete static_cast<HeldBack*>(argument);
  held.gate->pass();
  return held.body(held.argument);
}

}  // namespace atomrt::unit

extern "C" int real_create(pthread_t*, const pthread_attr_t*, atomrt::unit::ThreadBody,
                           void*) __asm__("__real_pthread_create");
extern "C" int wrapped_create(pthread_t*, const pthread_attr_t*, atomrt::unit::ThreadBody,
                              void*) __asm__("__wrap_pthread_create");
extern "C" int wrapped_create(pthread_t* thread, const pthread_attr_t* attributes, atomrt::unit::ThreadBody body,
                              void* argument) {
  using namespace atomrt::unit;
  if (attributes == nullptr) return real_create(thread, attributes, body, argument);  // unit::Thread
  thread_fault.asked.fetch_add(1);
  if (thread_fault.spared.load() > 0) {
    thread_fault.spared.fetch_sub(1);
  } else if (thread_fault.refused.load() > 0) {
    thread_fault.refused.fetch_sub(1);
    if (auto* act = thread_fault.when_refused.load()) act();
    return EAGAIN;
  }
  Gate* gate = thread_fault.gate.load();
  if (gate == nullptr) return real_create(thread, attributes, body, argument);
  return real_create(thread, attributes, run_held_back, new HeldBack{gate, body, argument});
}
