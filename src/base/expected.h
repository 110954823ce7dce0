// SPDX-License-Identifier: MIT
// Expected<T>: a value, or the errno that says why there is none. Functions below
// posix/ return it and never write errno themselves, so that the application's errno changes in public calls only.
#pragma once

namespace atomrt::base {

struct Error {
  int number;  // a positive errno
};

template <typename T>
class [[nodiscard]] Expected {
 public:
  constexpr Expected(T value) : value_(value) {}
  constexpr Expected(Error error) : error_(error.number) {}

  [[nodiscard]] constexpr bool has_value() const { return error_ == 0; }
  [[nodiscard]] constexpr explicit operator bool() const { return has_value(); }
  [[nodiscard]] constexpr T value() const { return value_; }
  [[nodiscard]] constexpr T operator*() const { return value_; }
  // The errno; 0 where there is a value.
  [[nodiscard]] constexpr int error() const { return error_; }

 private:
  T value_{};
  int error_ = 0;
};

// Reads what a raw system call returned: -errno in -4095..-1, else a value.
template <typename T>
constexpr Expected<T> from_kernel(long result) {
  if (result < 0 && result >= -4095) return Error{static_cast<int>(-result)};
  return static_cast<T>(result);
}

}  // namespace atomrt::base
