// The contexts by name, as --contexts and ATOMRT_CONTEXTS spell them, in the library's order of preference.
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
  bool is_built;  // false: the name is accepted, this build has no such context (the ring needs liburing)
};

inline constexpr std::array<ContextName, 5> CONTEXTS = {{
    {Context::HEAD, "head", true},
    {Context::DIRECT, "direct", true},
    {Context::RING, "ring", HAS_RING},
    {Context::WAITER, "waiter", true},
    {Context::THREADS, "threads", true},
}};

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
