// SPDX-License-Identifier: MIT
// counted_signals.h: the signals of notifications are counted, not sent, and find no room when told. For tests whose
// wrap has queue_signal.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>

namespace atomrt::unit {

inline std::atomic<int> signals_without_room{0};  // so many find none
inline std::atomic<int> signals_sent{0};

inline void start_signals_over() {
  signals_without_room.store(0);
  signals_sent.store(0);
}

}  // namespace atomrt::unit

extern "C" int wrapped_signal(int, sigval) __asm__("__wrap__ZN6atomrt2os12queue_signalEi6sigval");
extern "C" int wrapped_signal(int, sigval) {
  using namespace atomrt::unit;
  if (signals_without_room > 0) {
    signals_without_room.fetch_sub(1);
    return EAGAIN;
  }
  signals_sent.fetch_add(1);
  return 0;
}
