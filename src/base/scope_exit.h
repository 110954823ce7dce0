// SPDX-License-Identifier: MIT
// ScopeExit: runs a callable when the scope ends, unless released.
#pragma once

namespace atomrt::base {

template <typename Callable>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(Callable callable) : callable_(callable) {}
  ~ScopeExit() {
    if (armed_) callable_();
  }
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  void release() { armed_ = false; }

 private:
  Callable callable_;
  bool armed_ = true;
};

}  // namespace atomrt::base
