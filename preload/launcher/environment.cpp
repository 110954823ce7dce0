// SPDX-License-Identifier: MIT
#include "launcher/environment.h"

#include <unistd.h>

#include <string_view>

#include "launcher/messages.h"

namespace atomrt::launcher {
namespace {

constexpr std::string_view PREFIX = "ATOMRT_";

// tests/lint/environment_variables.py compares them with what src/ reads.
constexpr std::string_view KNOWN[] = {
    "CONTEXTS", "COUNTERS", "LAUNCHED", "MAX_THREADS", "ORDER", "RING_ENTRIES", "STATS", "STATS_FORMAT",
    "STATS_INTERVAL", "TRACE", "TRACE_LIMIT", "VERBOSE", "WATCHDOG",
};

bool is_known(std::string_view name) {
  for (const std::string_view known : KNOWN) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace

void warn_of_unknown_variables() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view name(*entry);
    if (!name.starts_with(PREFIX)) continue;
    name.remove_prefix(PREFIX.size());
    const auto equals = name.find('=');
    if (equals == std::string_view::npos) continue;
    name.remove_suffix(name.size() - equals);
    if (!is_known(name)) {
      warn("unknown variable ATOMRT_%.*s (see man libatomrt)", static_cast<int>(name.size()), name.data());
    }
  }
}

}  // namespace atomrt::launcher
