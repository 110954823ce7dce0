// SPDX-License-Identifier: MIT
#include "engine/counter_file.h"

#include <cerrno>
#include <cstring>

#include "engine/message.h"
#include "engine/process_path.h"
#include "engine/statistics.h"
#include "os/memory.h"
#include "os/shared_file.h"

namespace atomrt::engine {
namespace {

constexpr std::size_t BYTES = sizeof(exec::Counters);

// A forked child does not repeat its parent's message.
void say_why_in_memory(const char* path, int error) {
  static constinit std::atomic<bool> is_said{false};
  if (is_said.exchange(true, std::memory_order_relaxed)) return;
  const char* const reason = error == EMEDIUMTYPE ? "it is not on tmpfs, such as /dev/shm" : std::strerror(error);
  say("cannot keep counters in %.256s: %s; they are in memory only", path, reason);
}

// Process IDs are reused: a file that an earlier process has left under that name is replaced. It is removed rather
// than truncated, as another process may still have it mapped.
base::Expected<void*> map_in_place_of_old(const char* path) {
  const auto memory = os::map_new_file(path, BYTES);
  if (memory || memory.error() != EEXIST) return memory;
  if (!os::remove_file_that_begins(path, exec::COUNTERS_MAGIC, sizeof exec::COUNTERS_MAGIC)) return memory;
  return os::map_new_file(path, BYTES);
}

exec::Counters* make_in(ProcessPath& path, const char* pattern) {
  if (!expand(pattern, ".%p", path)) {
    say_why_in_memory(pattern, ENAMETOOLONG);
    return nullptr;
  }
  const auto memory = map_in_place_of_old(path);
  if (!memory) {
    say_why_in_memory(path, memory.error());
    return nullptr;
  }
  os::note_of_this_process(*memory, BYTES);
  auto* const counters = static_cast<exec::Counters*>(*memory);
  describe_counters(*counters);
  return counters;
}

}  // namespace

exec::Counters* make_counter_file(const char* pattern) {
  const auto memory = os::map_memory(sizeof(ProcessPath));  // the thread's stack may be small
  if (!memory) {
    say_why_in_memory(pattern, memory.error());
    return nullptr;
  }
  exec::Counters* const counters = make_in(*static_cast<ProcessPath*>(*memory), pattern);
  os::unmap_memory(*memory, sizeof(ProcessPath));
  return counters;
}

}  // namespace atomrt::engine
