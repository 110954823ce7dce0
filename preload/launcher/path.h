// SPDX-License-Identifier: MIT
// A path in a buffer of its own: the launcher needs no allocation and no C++ runtime.
#pragma once

#include <climits>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace atomrt::launcher {

class Path {
 public:
  [[nodiscard]] const char* c_str() const { return text_; }
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool is_empty() const { return text_[0] == '\0'; }

  // True where it fits; on failure the path is empty.
  template <typename... Parts>
  bool join(Parts... parts) {
    std::size_t used = 0;
    for (const std::string_view part : {std::string_view(parts)...}) {
      if (used + part.size() >= sizeof text_) {
        text_[0] = '\0';
        return false;
      }
      std::memcpy(text_ + used, part.data(), part.size());
      used += part.size();
    }
    text_[used] = '\0';
    return true;
  }

 private:
  char text_[PATH_MAX] = "";
};

}  // namespace atomrt::launcher
