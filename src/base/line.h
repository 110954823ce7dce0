// SPDX-License-Identifier: MIT
// Line: text of a fixed size, put together without stdio, so that a signal handler may do it. What does not fit is left
// out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace atomrt::base {

template <std::size_t SIZE>
class Line {
 public:
  [[nodiscard]] std::string_view view() const { return {text_, length_}; }
  [[nodiscard]] std::size_t room() const { return SIZE - length_; }
  void clear() { length_ = 0; }

  Line& add(std::string_view text) {
    const std::size_t length = text.size() < room() ? text.size() : room();
    if (length != 0) std::memcpy(text_ + length_, text.data(), length);  // an empty view may have no address
    length_ += length;
    return *this;
  }
  // Padded with blanks on the left to that width.
  Line& add_right(std::string_view text, std::size_t width) {
    for (std::size_t length = text.size(); length < width; ++length) add(" ");
    return add(text);
  }
  // Numbers are not inlined: each call would take room on the caller's stack, which may be the smallest that there is.
  [[gnu::noinline]] Line& add(std::uint64_t number, std::size_t width = 0) {
    char digits[20];
    char* const end = digits + sizeof digits;
    const char* const first = digits_before(end, number, 10);
    return add_right({first, static_cast<std::size_t>(end - first)}, width);
  }
  [[gnu::noinline]] Line& add_signed(std::int64_t number, std::size_t width = 0) {
    if (number >= 0) return add(static_cast<std::uint64_t>(number), width);
    Line<21> text{};
    text.add("-").add(0 - static_cast<std::uint64_t>(number));
    return add_right(text.view(), width);
  }
  [[gnu::noinline]] Line& add_hex(std::uint64_t number, std::size_t width = 0) {
    char digits[18];
    char* const end = digits + sizeof digits;
    char* first = digits_before(end, number, 16);
    *--first = 'x';
    *--first = '0';
    return add_right({first, static_cast<std::size_t>(end - first)}, width);
  }
  // Nanoseconds as seconds with three digits after the point; less than 0 is 0.
  [[gnu::noinline]] Line& add_seconds(std::int64_t ns, std::size_t width = 0) {
    const auto milliseconds = static_cast<std::uint64_t>(ns > 0 ? ns / 1'000'000 : 0);
    Line<24> text{};
    text.add(milliseconds / 1000).add(".");
    for (std::uint64_t place = 100; place > 0; place /= 10) text.add(milliseconds / place % 10);
    return add_right(text.view(), width);
  }

 private:
  // Writes the digits of the number so that they end there, and returns the first.
  static char* digits_before(char* end, std::uint64_t number, std::uint64_t base) {
    do {
      *--end = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    return end;
  }

  char text_[SIZE];
  std::size_t length_ = 0;
};

}  // namespace atomrt::base
