// SPDX-License-Identifier: MIT
// The functions that the library serves, and the names by which a program may refer to them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace atomrt::launcher {

inline constexpr std::array<std::string_view, 17> AIO_FUNCTIONS = {
    "aio_cancel",  "aio_cancel64",  "aio_error", "aio_error64", "aio_fsync",  "aio_fsync64",
    "aio_init",    "aio_read",      "aio_read64", "aio_return",  "aio_return64", "aio_suspend",
    "aio_suspend64", "aio_write",   "aio_write64", "lio_listio",  "lio_listio64",
};

// A bit each, in the order of AIO_FUNCTIONS.
using AioFunctions = std::uint32_t;

// The bit of that name; 0 for another one.
inline AioFunctions bit_of_function(std::string_view name) {
  for (std::size_t index = 0; index < AIO_FUNCTIONS.size(); ++index) {
    if (AIO_FUNCTIONS[index] == name) return AioFunctions{1} << index;
  }
  return 0;
}

}  // namespace atomrt::launcher
