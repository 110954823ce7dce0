// SPDX-License-Identifier: MIT
// The contexts by name, as --contexts and ATOMRT_CONTEXTS spell them, in the order
// in which the library asks them; the waiter takes what nobody has begun.
#pragma once

#include <array>
#include <string_view>

namespace atomrt::launcher {

#ifdef ATOMRT_HAS_RING
inline constexpr bool HAS_RING = true;
#else
inline constexpr bool HAS_RING = false;
#endif

enum class Context { HEAD, DIRECT, RING, WAITER, THREADS };

struct ContextName {
  Context context;
  std::string_view name;
  std::string_view purpose;
  bool is_built;  // false: the name is accepted, this build has no such context (the ring needs liburing)
};

inline constexpr std::array<ContextName, 5> CONTEXTS = {{
    {Context::HEAD, "head", "what need not wait, in the calling thread", true},
    {Context::DIRECT, "direct", "O_DIRECT transfers of files and disks, by kernel AIO", true},
    {Context::RING, "ring", "streams that wait and reads that are not cached, by io_uring", HAS_RING},
    {Context::WAITER, "waiter", "what nobody has begun, in the thread that waits for it", true},
    {Context::THREADS, "threads", "all that is left", true},
}};

inline bool is_context(std::string_view name) {
  for (const ContextName& known : CONTEXTS) {
    if (known.name == name) return true;
  }
  return false;
}

// Calls visit(name) for each entry of a comma list, also for empty ones, until it returns false.
template <typename Visitor>
bool for_each_in_list(std::string_view list, Visitor visit) {
  for (;;) {
    const auto comma = list.find(',');
    if (!visit(std::string_view(list.data(), comma < list.size() ? comma : list.size()))) return false;
    if (comma >= list.size()) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace atomrt::launcher
