#include "engine/config.h"

#include <atomic>
#include <climits>
#include <cstring>

#include "engine/message.h"
#include "os/env.h"

namespace atomrt::engine {
namespace {

constinit Config settings;
constinit char statistics_target[PATH_MAX];
// 0 not read, 1 read. Two threads may read at once: they write the same values.
constinit std::atomic<int> is_read{0};

// A decimal number in lowest..highest; false for anything else.
bool parse_number(const char* text, unsigned lowest, unsigned highest, unsigned& number) {
  unsigned long long value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9' || value > highest) return false;
    value = value * 10 + static_cast<unsigned long long>(*text - '0');
  }
  if (value < lowest || value > highest) return false;
  number = static_cast<unsigned>(value);
  return true;
}

void read_number(const char* name, unsigned lowest, unsigned highest, unsigned& number) {
  const char* text = os::environment(name);
  if (text == nullptr || *text == '\0') return;
  if (!parse_number(text, lowest, highest, number)) {
    say("ignoring ATOMRT_%s=%s: not a number from %u to %u", name, text, lowest, highest);
  }
}

bool names(const char* text, std::size_t length, const char* name) {
  return std::strlen(name) == length && std::strncmp(text, name, length) == 0;
}

// The contexts named are those that may be used. Threads can't be done without: where they are not named, they are left
// what no other context does.
void read_contexts(Config& read) {
  const char* text = os::environment("CONTEXTS");
  if (text == nullptr || *text == '\0') return;
  Config chosen = read;
  chosen.use_head = chosen.use_waiter = chosen.use_direct = chosen.use_ring = chosen.use_threads = false;
  for (const char* word = text; *word != '\0';) {
    const std::size_t length = std::strcspn(word, ",");
    if (names(word, length, "head")) {
      chosen.use_head = true;
    } else if (names(word, length, "waiter")) {
      chosen.use_waiter = true;
    } else if (names(word, length, "direct")) {
      chosen.use_direct = true;
    } else if (names(word, length, "ring")) {
      chosen.use_ring = chosen.is_ring_forced = true;
    } else if (names(word, length, "threads")) {
      chosen.use_threads = true;
    } else {
      say("ignoring ATOMRT_CONTEXTS=%s: no context of that name", text);
      return;
    }
    word += length;
    if (*word == ',') ++word;
  }
  read = chosen;
}

void read_environment() {
  Config read;
  const char* verbose = os::environment("VERBOSE");
  read.verbose = verbose != nullptr && *verbose != '\0' && std::strcmp(verbose, "0") != 0;
  read_contexts(read);
  read_number("RING_ENTRIES", 1, MOST_RING_ENTRIES, read.ring_entries);
  read_number("MAX_THREADS", 1, MOST_THREADS, read.most_threads);
  const char* statistics = os::environment("STATS");
  if (statistics != nullptr && *statistics != '\0') {
    // A copy: programs write over their environment (process titles).
    if (std::strlen(statistics) < sizeof statistics_target) {
      read.statistics = std::strcpy(statistics_target, statistics);
    } else {
      say("ignoring ATOMRT_STATS: longer than a path can be");
    }
  }
  read_number("STATS_INTERVAL", 1, 86400, read.statistics_interval_s);
  settings = read;
  is_read.store(1, std::memory_order_release);
}

[[gnu::constructor]] void read_at_load() {
  if (is_read.load(std::memory_order_acquire) == 0) read_environment();
}

}  // namespace

const Config& config() {
  if (is_read.load(std::memory_order_acquire) == 0) read_environment();
  return settings;
}

}  // namespace atomrt::engine
