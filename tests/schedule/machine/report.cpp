// SPDX-License-Identifier: MIT
#include "machine/report.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "machine/ordering.h"
#include "machine/scheduler.h"

extern "C" char __executable_start[];

namespace schedule {

bool is_tracing = false;

namespace {

const char* scenario_name = "";
const char* replay_words = "";

// `function at file:line`, with inlined callers joined; by addr2line, asked once for all addresses.
class Places {
 public:
  void want(const void* address) { texts_[address]; }
  void look_up() {
    std::string command = "addr2line -e /proc/" + std::to_string(getpid()) + "/exe -Cfspi";
    std::vector<const void*> asked;
    char word[32];
    for (const auto& [address, text] : texts_) {
      // Of the call, not of what follows it.
      std::snprintf(word, sizeof word, " %" PRIxPTR, reinterpret_cast<std::uintptr_t>(address) - 1 -
                                                         reinterpret_cast<std::uintptr_t>(__executable_start));
      command += word;
      asked.push_back(address);
    }
    std::FILE* answers = asked.empty() ? nullptr : popen((command + " 2>/dev/null").c_str(), "r");
    if (answers == nullptr) return;
    char line[2048];
    std::size_t next = 0;
    while (std::fgets(line, sizeof line, answers) != nullptr) {
      std::string text(line);
      while (!text.empty() && text.back() == '\n') text.pop_back();
      const bool continues = text.starts_with(" (inlined by) ");
      if (continues) {
        if (next > 0) texts_[asked[next - 1]] += " <" + shortened(text.substr(13));
      } else if (next < asked.size()) {
        texts_[asked[next++]] = shortened(text);
      }
    }
    pclose(answers);
  }
  const char* text(const void* address) { return texts_[address].c_str(); }

 private:
  // Without the namespace and the arguments.
  static std::string shortened(std::string text) {
    for (std::size_t at; (at = text.find("atomrt::")) != std::string::npos;) text.erase(at, 8);
    for (std::size_t at; (at = text.find("(anonymous namespace)::")) != std::string::npos;) text.erase(at, 23);
    const std::size_t open = text.find('('), end = text.rfind(" at ");
    if (open != std::string::npos && end != std::string::npos && open < end) text.erase(open, end - open);
    return text;
  }
  std::map<const void*, std::string> texts_;
};

struct Event {
  std::uint64_t step;
  unsigned thread;
  std::string text;
  const void* where;
  const void* place;
};
std::vector<Event> events;
void add_event(const char* text, const void* where) {
  const Thread& thread = self();
  events.push_back({steps(), thread.number, text, where, thread.at});
}

void print_events() {
  Places places;
  for (const Event& event : events) {
    if (event.place != nullptr) places.want(event.place);
  }
  places.look_up();
  for (const Event& event : events) {
    std::printf("%6" PRIu64 "  %u %-14s %s", event.step, event.thread, thread_name(event.thread), event.text.c_str());
    if (event.where != nullptr) std::printf(" %p", event.where);
    if (event.place != nullptr) std::printf("   %s", places.text(event.place));
    std::printf("\n");
  }
}

void print_threads() {
  Places places;
  for (unsigned i = 1; i <= thread_count(); ++i) {
    const Thread* thread = thread_at(i);
    if (thread != nullptr && thread->at != nullptr) places.want(thread->at);
    for (unsigned k = 0; thread != nullptr && k < thread->depth && k < MOST_FRAMES; ++k) places.want(thread->frames[k]);
  }
  places.look_up();
  for (unsigned i = 1; i <= thread_count(); ++i) {
    const Thread* thread = thread_at(i);
    if (thread == nullptr) continue;
    std::printf("\n  thread %u, %s: %s%s%s%s\n", i, thread->name,
                thread == &self() ? "runs" : thread->state == State::ASLEEP ? "sleeps in " : "could go on",
                thread != &self() && thread->state == State::ASLEEP ? thread->sleeps_in : "",
                thread->mask == 0 ? "" : ", signals blocked", thread->lock_count != 0 ? ", with locks held" : "");
    for (unsigned k = thread->lock_count; k > 0; --k) std::printf("      holds the lock %p\n", thread->locks[k - 1]);
    if (thread->at != nullptr) std::printf("      %s\n", places.text(thread->at));
    for (unsigned k = thread->depth < MOST_FRAMES ? thread->depth : MOST_FRAMES; k > 0; --k) {
      std::printf("      %s\n", places.text(thread->frames[k - 1]));
    }
  }
}

}  // namespace

void begin_report(const char* scenario, const char* replay, bool traces) {
  scenario_name = scenario;
  replay_words = replay;
  is_tracing = traces;
  events.clear();
}

void print_trace() {
  print_events();
  is_tracing = false;
}

namespace {

void print_trail(const Trail& trail) {
  Places places;
  places.want(trail.at);
  for (unsigned i = 0; i < trail.depth; ++i) places.want(trail.frames[i]);
  places.look_up();
  std::printf("\n  before it, in thread %u (%s):\n", trail.thread, trail.thread == 0 ? "the device" : thread_name(trail.thread));
  if (trail.at != nullptr) std::printf("      %s\n", places.text(trail.at));
  for (unsigned i = 0; i < trail.depth; ++i) std::printf("      %s\n", places.text(trail.frames[i]));
}

[[noreturn]] void fail_in(const char* format, va_list arguments, const Trail* other) {
  if (is_tracing) print_events();
  is_tracing = false;
  std::printf("\n%s: ", scenario_name);
  std::vprintf(format, arguments);
  if (is_running()) {
    std::printf("\n  at step %" PRIu64 ", in thread %u (%s)\n  play it again: tests/schedule/run --scenario %s %s\n", steps(),
                self().number, self().name, scenario_name, replay_words);
    if (other != nullptr) print_trail(*other);
    print_threads();
  }
  std::printf("\n");
  std::fflush(stdout);
  _exit(1);
}

}  // namespace

void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_in(format, arguments, nullptr);
}

void fail_with_trail(const Trail& other, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_in(format, arguments, &other);
}

Trail present_trail() {
  Trail trail;
  if (acts_as_device()) return trail;
  const Thread& thread = self();
  trail.thread = static_cast<std::uint8_t>(thread.number);
  trail.at = thread.at;
  for (unsigned i = thread.depth < MOST_FRAMES ? thread.depth : MOST_FRAMES; i > 0 && trail.depth < TRAIL; --i) {
    trail.frames[trail.depth++] = thread.frames[i - 1];
  }
  return trail;
}

void trace(const char* format, ...) {
  if (!is_tracing || !is_running()) return;
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  add_event(text, nullptr);
}

void trace_event(const char* what, const void* where) {
  if (is_running()) add_event(what, where);
}

void check_sleep_with_lock(const char* what) {
  // A mutex waits for another with nothing else than other mutexes held.
  if (std::strcmp(what, "futex wait") != 0) fail("waits without end in %s with a lock held", what);
}

}  // namespace schedule
