// SPDX-License-Identifier: MIT
// unit.h: what the unit tests share: cmocka as C++ takes it, a watchdog, memory that starts as the engine's does (all
// zero), threads, and waiting for what must come.
//
// cmocka's assertions longjmp: on the test's own thread only. Other threads count, and the test looks at the counts.
// Functions are replaced by linking (--wrap, see meson.build): `real_…` and `wrapped_…` name the linker's two symbols.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}
// cmocka's macros of these names would rewrite members of the library (Group::fail).
#undef fail
#undef skip
#define FAIL() _fail(__FILE__, __LINE__)

#include <dirent.h>
#include <pthread.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "../sleepers.h"
#include "../slowness.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNIT_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define UNIT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIT_ASAN 1
#elif __has_feature(thread_sanitizer)
#define UNIT_TSAN 1
#endif
#endif
#ifndef UNIT_ASAN
#define UNIT_ASAN 0
#endif
#ifndef UNIT_TSAN
#define UNIT_TSAN 0
#endif
#define UNIT_SANITIZED (UNIT_ASAN || UNIT_TSAN)

// Within an expression, at the end of a test. cmocka does not say why.
#define SKIP(reason) (fputs("skipped: " reason "\n", stderr), _skip(__FILE__, __LINE__))

// ThreadSanitizer delivers signals in calls that it knows only, not in the library's raw ones, and does not know that the
// kernel has zeroed memory in a child or handed out an address again.
#define SKIP_UNDER_TSAN()                 \
  if (UNIT_TSAN) {                        \
    SKIP("not under ThreadSanitizer");    \
    return;                               \
  }

// Linux reads and writes pipes with RWF_NOWAIT since 6.4 or so; where it does not, a stream is never tried in the head.
#define SKIP_WITHOUT_NOWAIT_PIPES()                    \
  if (!atomrt::unit::has_nowait_pipes()) {             \
    SKIP("this kernel has no RWF_NOWAIT on pipes");    \
    return;                                            \
  }

namespace atomrt::unit {

inline bool has_nowait_pipes() {
  int ends[2];
  char byte;
  const iovec place{&byte, 1};
  if (pipe(ends) != 0) abort();
  const bool has = preadv2(ends[0], &place, 1, -1, RWF_NOWAIT) == -1 && errno == EAGAIN;
  close(ends[0]);
  close(ends[1]);
  return has;
}

// Only a fault uses the patience up. It lasts longer on a machine that is slow just now (../slowness.h).
constexpr int PATIENCE_S = UNIT_SANITIZED ? 40 : 20;

inline std::time_t seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

inline bool is_over(std::time_t begin, int patience_s) {
  const std::time_t passed = seconds_now() - begin;
  return passed >= patience_s && static_cast<double>(passed) >= patience_s * slowness();
}

// Since when the watchdog waits, and how long in quiet.
inline std::time_t watched_since = 0;
inline int watched_s = 0;

inline void watch_for(int seconds) {
  watched_since = seconds_now();
  watched_s = seconds;
  alarm(static_cast<unsigned>(seconds));
}

// Ends the test program where it hangs; which test that is, cmocka has said.
inline void end_when_hung() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (!is_over(watched_since, watched_s)) {
      alarm(5);
      return;
    }
    static constexpr char LINE[] = "unit: the test hangs\n";
    [[maybe_unused]] const ssize_t written = write(2, LINE, sizeof LINE - 1);
    _exit(1);
  };
  action.sa_flags = SA_RESTART;  // the library asks whether all handlers have it (os::all_handlers_restart)
  sigaction(SIGALRM, &action, nullptr);
  watch_for(PATIENCE_S + 5);
}

// Object of the engine's kind, all-zero at the start. Not freed: library threads may still look at it.
template <typename T>
T& zeroed() {
  static void* volatile all[4096];  // keeps them reachable for leak checkers; nobody reads it
  static unsigned count = 0;
  void* memory = calloc(1, sizeof(T));
  if (memory == nullptr || count == sizeof all / sizeof all[0]) abort();
  all[count++] = memory;
  return *static_cast<T*>(memory);
}

// A thread that runs `body` and is joined at the end of the scope.
template <typename Body>
class Thread {
 public:
  explicit Thread(Body body) : body_(body) {
    if (pthread_create(&id_, nullptr, run, this) != 0) abort();
  }
  ~Thread() { join(); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  [[nodiscard]] pthread_t id() const { return id_; }
  void* join() {
    void* result = nullptr;
    if (!joined_) pthread_join(id_, &result);
    joined_ = true;
    return result;
  }

 private:
  static void* run(void* self) {
    static_cast<Thread*>(self)->body_();
    return nullptr;
  }
  Body body_;
  pthread_t id_;
  bool joined_ = false;
};

inline void pause_briefly() {
  const timespec moment{0, 100'000};
  nanosleep(&moment, nullptr);
}

// Waits until the condition holds; false when patience is used up.
template <typename Condition>
bool eventually(Condition condition, int patience_s = PATIENCE_S) {
  const std::time_t begin = seconds_now();
  while (!condition()) {
    if (is_over(begin, patience_s)) return condition();
    pause_briefly();
  }
  return true;
}

// A gate that threads wait at; `arrived` counts them.
class Gate {
 public:
  void pass() {
    arrived_.fetch_add(1);
    while (!open_.load()) pause_briefly();
  }
  void open() { open_.store(true); }
  void close() {
    open_.store(false);
    arrived_.store(0);
  }
  [[nodiscard]] int arrived() const { return arrived_.load(); }

 private:
  std::atomic<bool> open_{false};
  std::atomic<int> arrived_{0};
};

// Rounds in which threads come together, until `most` are over or about half a second is; where what they try to meet has
// not been seen by then, which more() is told, for as long as patience lasts. The conductor:
//     while (rounds.more()) { prepare; rounds.start(); take part himself, or not; rounds.finish(); }
// The players:
//     for (int round = 0; rounds.join(round);) { take part; rounds.leave(); }
class Rounds {
 public:
  Rounds(int players, int most) : players_(players), most_(most), end_(clock_ns() + 500'000'000) {}
  bool more(bool has_been_seen = true) {
    if (started_.load() < most_ && clock_ns() < end_) return true;
    if (!has_been_seen && !is_over(begin_, PATIENCE_S)) return true;
    over_.store(true);
    return false;
  }
  void start() {
    left_.store(0);
    started_.fetch_add(1);
  }
  void finish() const {
    while (left_.load() < players_) sched_yield();
  }
  bool join(int& round) const {
    while (started_.load() <= round) {
      if (over_.load()) return false;
      sched_yield();
    }
    ++round;
    return true;
  }
  void leave() { left_.fetch_add(1); }
  [[nodiscard]] int started() const { return started_.load(); }

 private:
  static std::int64_t clock_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
  const int players_, most_;
  const std::int64_t end_;
  const std::time_t begin_ = seconds_now();
  std::atomic<int> started_{0}, left_{0};
  std::atomic<bool> over_{false};
};

// Runs `body` in a child; its exit status, or -1 where a signal ended it. body returns the status.
template <typename Body>
int in_child(Body body) {
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    watch_for(PATIENCE_S);
    _exit(body());
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Entries of a directory that `wanted` counts (by name).
template <typename Wanted>
int count_entries(const char* path, Wanted wanted) {
  DIR* directory = opendir(path);
  if (directory == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.' && wanted(entry->d_name)) ++count;
  }
  closedir(directory);
  return count;
}

// All threads of this process, as the kernel counts them.
inline int threads_alive() {
  FILE* file = fopen("/proc/self/status", "re");
  char line[128];
  int count = -1;
  while (file != nullptr && count < 0 && fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "Threads: %d", &count) != 1) count = -1;
  }
  if (file != nullptr) fclose(file);
  return count;
}

inline bool has_name(const char* thread, const char* name) {
  char path[64], text[32] = {};
  snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", thread);
  FILE* file = fopen(path, "re");
  if (file == nullptr) return false;
  const bool got = fgets(text, sizeof text, file) != nullptr;
  fclose(file);
  text[strcspn(text, "\n")] = '\0';
  return got && strcmp(text, name) == 0;
}

// This process's threads of that name (ps -L). The kernel ends the list early when the thread that it stands at exits:
// such a list is read again.
inline int threads_named(const char* name) {
  for (;;) {
    const int before = threads_alive();
    int all = 0;
    const int named = count_entries("/proc/self/task", [&](const char* thread) {
      ++all;
      return has_name(thread, name);
    });
    if (all == before && all == threads_alive()) return named;
  }
}

// Of one thread by that name; 0 where there is none.
inline int thread_named(const char* name) {
  int found = 0;
  count_entries("/proc/self/task", [&](const char* thread) {
    if (has_name(thread, name)) found = atoi(thread);
    return true;
  });
  return found;
}

inline int open_descriptors() {
  return count_entries("/proc/self/fd", [](const char*) { return true; });
}

// Whether UNIT_BUT, names with spaces between them, has this one: tests that this machine cannot run.
inline bool is_left_out(const char* name) {
  const char* list = getenv("UNIT_BUT");
  const size_t length = strlen(name);
  while (list != nullptr && (list = strstr(list, name)) != nullptr) {
    const bool begins = list == getenv("UNIT_BUT") || list[-1] == ' ';
    list += length;
    if (begins && (*list == ' ' || *list == '\0')) return true;
  }
  return false;
}

inline int run_chosen(const char* file, CMUnitTest* tests, size_t count) {
  end_when_hung();
  size_t chosen = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_left_out(tests[i].name)) tests[chosen++] = tests[i];
  }
  const int failed = _cmocka_run_group_tests(file, tests, chosen, nullptr, nullptr);
  return failed == 0 && chosen > 0 ? 0 : 1;
}

}  // namespace atomrt::unit

#if UNIT_SANITIZED
// Some tests fork while library threads exist, and the child makes threads of its own.
extern "C" [[gnu::weak, gnu::used, gnu::visibility("default")]] const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

// main: runs the tests listed, in order, but those of UNIT_BUT.
#define UNIT_TESTS(...)                                                             \
  int main() {                                                                      \
    struct CMUnitTest tests[] = {__VA_ARGS__};                                      \
    return atomrt::unit::run_chosen(__FILE__, tests, sizeof tests / sizeof *tests); \
  }
