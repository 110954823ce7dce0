// SPDX-License-Identifier: MIT
#include "engine/process_path.h"

#include <string_view>

#include "base/line.h"
#include "os/system_call.h"

namespace atomrt::engine {
namespace {

constexpr std::string_view PROCESS = "%p";

class Path {
 public:
  explicit Path(ProcessPath& path) : path_(path) {}

  void add(std::string_view text) {
    has_room_ = has_room_ && text.size() < sizeof(ProcessPath) - length_;
    if (!has_room_) return;
    std::memcpy(path_ + length_, text.data(), text.size());
    length_ += text.size();
  }
  bool end() {
    path_[length_] = '\0';
    return has_room_;
  }

 private:
  ProcessPath& path_;
  std::size_t length_ = 0;
  bool has_room_ = true;
};

void add_expanded(Path& path, std::string_view pattern, std::string_view number) {
  for (std::size_t place; (place = pattern.find(PROCESS)) != std::string_view::npos;) {
    path.add({pattern.data(), place});  // substr may throw
    path.add(number);
    pattern.remove_prefix(place + PROCESS.size());
  }
  path.add(pattern);
}

}  // namespace

bool expand(const char* pattern, const char* suffix, ProcessPath& path) {
  base::Line<24> number{};
  number.add(static_cast<std::uint64_t>(os::system_call(SYS_getpid)));
  const bool names_process = std::string_view(pattern).find(PROCESS) != std::string_view::npos;
  Path expanded(path);
  add_expanded(expanded, pattern, number.view());
  if (!names_process) add_expanded(expanded, suffix, number.view());
  return expanded.end();
}

}  // namespace atomrt::engine
