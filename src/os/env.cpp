// SPDX-License-Identifier: MIT
#include "os/env.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cstring>

namespace atomrt::os {

const char* environment(const char* name) {
  static constexpr char PREFIX[] = "ATOMRT_";
  constexpr std::size_t PREFIX_LENGTH = sizeof PREFIX - 1;
  if (environ == nullptr || getauxval(AT_SECURE) != 0) return nullptr;
  const std::size_t length = std::strlen(name);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* text = *entry;
    if (text[0] != PREFIX[0]) continue;  // most of them, in every process that starts
    if (std::strncmp(text, PREFIX, PREFIX_LENGTH) == 0 && std::strncmp(text + PREFIX_LENGTH, name, length) == 0 &&
        text[PREFIX_LENGTH + length] == '=') {
      return text + PREFIX_LENGTH + length + 1;
    }
  }
  return nullptr;
}

bool is_under_valgrind() {
  static constexpr char PRELOAD[] = "LD_PRELOAD=";
  if (environ == nullptr) return false;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* text = *entry;
    if (text[0] != PRELOAD[0] || std::strncmp(text, PRELOAD, sizeof PRELOAD - 1) != 0) continue;
    return std::strstr(text, "/vgpreload_") != nullptr;
  }
  return false;
}

}  // namespace atomrt::os
