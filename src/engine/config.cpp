// SPDX-License-Identifier: MIT
#include "engine/config.h"

#include <strings.h>

#include <atomic>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/byte_size.h"
#include "engine/message.h"
#include "os/env.h"

namespace atomrt::engine {
namespace {

// Lines about values that can't be used, each with its NUL, as many as there is room for.
struct Complaints {
  char text[1024];
  std::size_t length;
};

constinit Config settings;
constinit Complaints complaints{};
constinit char statistics_target[PATH_MAX];
constinit char counter_target[PATH_MAX];
constinit char trace_target[PATH_MAX];
// 0 not read, 1 read. Two threads may read at once: they write the same values. The release store publishes `settings`
// and `complaints`.
constinit std::atomic<int> is_read{0};

[[gnu::format(printf, 2, 3)]] void complain(Complaints& found, const char* format, ...) {
  const std::size_t room = sizeof found.text - found.length;
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(found.text + found.length, room, format, arguments);
  va_end(arguments);
  if (length < 0 || room == 0) return;
  found.length += static_cast<std::size_t>(length) < room ? static_cast<std::size_t>(length) + 1 : room;
}

// Yes, no, or what else it says.
enum class Answer { YES, NO, OTHER };

Answer answer(const char* text) {
  for (const char* word : {"1", "yes", "true", "on"}) {
    if (strcasecmp(text, word) == 0) return Answer::YES;
  }
  for (const char* word : {"0", "no", "false", "off"}) {
    if (strcasecmp(text, word) == 0) return Answer::NO;
  }
  return Answer::OTHER;
}

// A decimal number in lowest..highest, and lowest is more than 0; false for anything else.
bool parse_number(const char* text, unsigned lowest, unsigned highest, unsigned& number) {
  unsigned long long value = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9' || value > highest) return false;
    value = value * 10 + static_cast<unsigned long long>(*text - '0');
  }
  if (value < lowest || value > highest) return false;
  number = static_cast<unsigned>(value);
  return true;
}

void read_number(Complaints& found, const char* name, unsigned lowest, unsigned highest, unsigned& number) {
  const char* text = os::environment(name);
  if (text == nullptr || *text == '\0') return;
  if (!parse_number(text, lowest, highest, number)) {
    complain(found, "ignoring ATOMRT_%s=%.64s: not a number from %u to %u", name, text, lowest, highest);
  }
}

bool names(const char* text, std::size_t length, const char* name) {
  return std::strlen(name) == length && std::strncmp(text, name, length) == 0;
}

// Only the contexts named are used. Threads are indispensable: if they are not named, they get only what no other
// context does.
void read_contexts(Complaints& found, Config& read) {
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
      complain(found, "ignoring ATOMRT_CONTEXTS=%.128s: '%.*s' is none of head, direct, ring, waiter, threads", text,
             static_cast<int>(length < 64 ? length : 64), word);
      return;
    }
    word += length;
    if (*word == ',') ++word;
  }
  read = chosen;
}

void read_order(Complaints& found, Config& read) {
  const char* text = os::environment("ORDER");
  if (text == nullptr || *text == '\0') return;
  if (std::strcmp(text, "calls") == 0) {
    read.keeps_call_order = true;
  } else if (std::strcmp(text, "any") != 0) {
    complain(found, "ignoring ATOMRT_ORDER=%.64s: neither calls nor any", text);
  }
}

// A copy: programs write over their environment (process titles). Null where it is too long.
const char* keep_path(Complaints& found, const char* variable, const char* text, char (&copy)[PATH_MAX]) {
  if (std::strlen(text) < sizeof copy) return std::strcpy(copy, text);
  complain(found, "ignoring %s=%.64s...: longer than a path can be", variable, text);
  return nullptr;
}

void read_statistics(Complaints& found, Config& read) {
  const char* text = os::environment("STATS");
  if (text == nullptr || *text == '\0') return;
  const Answer said = answer(text);
  if (said == Answer::YES) read.statistics = "stderr";
  if (said == Answer::OTHER) read.statistics = keep_path(found, "ATOMRT_STATS", text, statistics_target);
}

void read_statistics_format(Complaints& found, Config& read) {
  const char* text = os::environment("STATS_FORMAT");
  if (text == nullptr || *text == '\0') return;
  if (std::strcmp(text, "json") == 0) {
    read.statistics_format = exec::Format::JSON;
  } else if (std::strcmp(text, "text") != 0) {
    complain(found, "ignoring ATOMRT_STATS_FORMAT=%.64s: neither text nor json", text);
  }
}

void read_counters(Complaints& found, Config& read) {
  const char* text = os::environment("COUNTERS");
  const Answer said = text == nullptr || *text == '\0' ? Answer::NO : answer(text);
  if (said == Answer::OTHER) read.counter_file = keep_path(found, "ATOMRT_COUNTERS", text, counter_target);
  read.counts = read.statistics != nullptr || said == Answer::YES || read.counter_file != nullptr;
}

void read_trace(Complaints& found, Config& read) {
  const char* text = os::environment("TRACE");
  if (text == nullptr || *text == '\0') return;
  switch (answer(text)) {
    case Answer::NO:
      return;
    case Answer::YES:
      return complain(found, "ignoring ATOMRT_TRACE=%.64s: not the name of a file", text);
    case Answer::OTHER:
      read.trace = keep_path(found, "ATOMRT_TRACE", text, trace_target);
  }
}

void read_trace_limit(Complaints& found, Config& read) {
  const char* text = os::environment("TRACE_LIMIT");
  if (text == nullptr || *text == '\0') return;
  if (base::parse_byte_size(text, exec::LEAST_TRACE_LIMIT, exec::MOST_TRACE_LIMIT, read.trace_limit)) return;
  complain(found, "ignoring ATOMRT_TRACE_LIMIT=%.64s: not a size from 64K to 1T", text);
}

void read_environment() {
  Config read;
  Complaints found{};
  const char* verbose = os::environment("VERBOSE");
  read.verbose = verbose != nullptr && *verbose != '\0' && answer(verbose) != Answer::NO;
  read_contexts(found, read);
  read.is_under_valgrind = os::is_under_valgrind();
  if (read.is_under_valgrind) read.use_ring = read.use_direct = false;
  read_order(found, read);
  read_number(found, "RING_ENTRIES", 1, MOST_RING_ENTRIES, read.ring_entries);
  read_number(found, "MAX_THREADS", 1, MOST_THREADS, read.most_threads);
  read_statistics(found, read);
  read_statistics_format(found, read);
  read_counters(found, read);
  read_trace(found, read);
  read_trace_limit(found, read);
  read_number(found, "STATS_INTERVAL", 1, 86400, read.statistics_interval_s);
  read_number(found, "WATCHDOG", 1, 86400, read.watchdog_s);
  const char* launched = os::environment("LAUNCHED");  // set by the launcher
  if (launched != nullptr) (void)parse_number(launched, 1, INT_MAX, read.launched);
  if (found.length != 0) complaints = found;
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

void tell_what_is_ignored() {
  static constinit std::atomic<bool> is_told{false};
  if (complaints.length == 0 || is_told.exchange(true, std::memory_order_relaxed)) return;
  for (std::size_t begin = 0; begin < complaints.length; begin += std::strlen(complaints.text + begin) + 1) {
    say("%s", complaints.text + begin);
  }
}

}  // namespace atomrt::engine
