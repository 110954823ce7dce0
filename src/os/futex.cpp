// SPDX-License-Identifier: MIT
#include "os/futex.h"

namespace atomrt::os {

int futex_wait_until(const FutexWord& word, std::uint32_t value, std::int64_t deadline_ns) {
  constexpr int UNTIL = FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG;
  const timespec time = to_timespec(deadline_ns);
  return static_cast<int>(-system_call(FUTEX_CALL, &word, UNTIL, value, &time, nullptr, FUTEX_BITSET_MATCH_ANY));
}

void sleep_until(std::int64_t deadline_ns) {
  const FutexWord nobody_wakes{0};
  while (now_ns() < deadline_ns) futex_wait_until(nobody_wakes, 0, deadline_ns);
}

}  // namespace atomrt::os
