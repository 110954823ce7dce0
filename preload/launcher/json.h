// SPDX-License-Identifier: MIT
// Strings as JSON; bytes that are not UTF-8 pass unchanged.
#pragma once

#include <cstdio>
#include <string_view>

namespace atomrt::launcher {

inline void print_json_string(std::string_view text) {
  std::putchar('"');
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte == '"' || byte == '\\') {
      std::printf("\\%c", character);
    } else if (byte < 0x20) {
      std::printf("\\u%04x", byte);
    } else {
      std::putchar(character);
    }
  }
  std::putchar('"');
}

}  // namespace atomrt::launcher
