// SPDX-License-Identifier: MIT
// without_memory.h: os::map_memory, wrapped: it fails while a WithoutMemory exists. For one file of a test program.
#pragma once

#include <cerrno>
#include <cstddef>

#include "base/expected.h"

namespace atomrt::unit {

inline bool is_out_of_memory = false;

class [[nodiscard]] WithoutMemory {
 public:
  WithoutMemory() { is_out_of_memory = true; }
  ~WithoutMemory() { is_out_of_memory = false; }
  WithoutMemory(const WithoutMemory&) = delete;
  WithoutMemory& operator=(const WithoutMemory&) = delete;
};

}  // namespace atomrt::unit

extern "C" atomrt::base::Expected<void*> real_map(std::size_t) __asm__("__real__ZN6atomrt2os10map_memoryEm");
extern "C" atomrt::base::Expected<void*> wrapped_map(std::size_t) __asm__("__wrap__ZN6atomrt2os10map_memoryEm");
extern "C" atomrt::base::Expected<void*> wrapped_map(std::size_t size) {
  if (atomrt::unit::is_out_of_memory) return atomrt::base::Error{ENOMEM};
  return real_map(size);
}
