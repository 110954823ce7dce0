// SPDX-License-Identifier: MIT
// What the atomrt in another process shows of itself (chain/pending.h): its requests in flight and its counters.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chain/pending.h"
#include "exec/counters.h"
#include "launcher/process.h"

namespace atomrt::launcher {

// 0 where the text is not a process ID.
[[nodiscard]] pid_t read_pid(const char* text);

[[nodiscard]] std::int64_t now_ns();       // CLOCK_MONOTONIC
[[nodiscard]] std::int64_t real_now_ns();  // CLOCK_REALTIME

// The oldest first, once sort was called.
class Requests {
 public:
  Requests() = default;
  ~Requests();
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  // False: there is no memory for it.
  [[nodiscard]] bool add(const chain::Pending& request);
  void clear() { count_ = 0; }
  void sort();
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const chain::Pending& operator[](std::size_t index) const { return list_[index]; }

 private:
  chain::Pending* list_ = nullptr;
  std::size_t count_ = 0, room_ = 0;
};

struct Shown {
  Requests requests;
  char version[sizeof chain::Layout::version] = "";
  bool is_started = false;  // it has made a request
  bool is_counted = false;
  exec::Snapshot counters{};  // where it is counted; of several libraries that one that has counted most
};

// What each atomrt in the process shows: one may be preloaded, and another linked with the program. False after one
// line on standard error, unless is_quiet: the process has gone, has no atomrt, or one of another form.
[[nodiscard]] bool look_into(const Process& process, Shown& shown, bool is_quiet = false);

}  // namespace atomrt::launcher
