// SPDX-License-Identifier: MIT
// at_exit: where the statistics of a process end up, by each way that it can end. The program runs itself with ATOMRT_STATS
// and UNIT_ROLE set; that run makes a request, or none, and ends. _exit is called from another object, as a program
// would (os/hooked_object.c).
#include "engine/at_exit.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "engine/requests.h"

extern "C" void hooked_exit(int status);

namespace {

using namespace atomrt::unit;

char directory[] = "/tmp/atomrt-unit-XXXXXX";

void serve() {
  Pipe pipe;
  Aio aio;
  aio.write(pipe.in, "data");
  if (!eventually([&] { return aio.is_over(); })) abort();
}

std::size_t count_blocks(const char* text);
const char* contents(const char* path);

int play(const char* role) {
  if (strcmp(role, "idle") == 0) exit(7);
  if (strcmp(role, "idle _exit") == 0) hooked_exit(7);
  if (strcmp(role, "idle parent") == 0 || strcmp(role, "idle family") == 0) {
    const pid_t child = fork();
    if (child == 0) {
      if (strcmp(role, "idle parent") == 0) serve();
      exit(7);
    }
    waitpid(child, nullptr, 0);
    exit(7);
  }
  if (strcmp(role, "daemon") == 0) {
    const char* path = getenv("ATOMRT_STATS");
    if (fork() == 0) {
      if (daemon(0, 0) != 0) abort();
      serve();
      exit(7);
    }
    exit(eventually([&] { return count_blocks(contents(path)) == 1; }) ? 7 : 1);
  }
  serve();
  if (strcmp(role, "exit") == 0) exit(7);
  if (strcmp(role, "_exit") == 0) hooked_exit(7);
  if (strcmp(role, "fork") == 0) {
    const pid_t child = fork();
    if (child == 0) {
      serve();
      exit(7);
    }
    waitpid(child, nullptr, 0);
    exit(7);
  }
  if (strcmp(role, "quiet") == 0) {
    // Its time may be over before this thread looks: the next request has it come again.
    const auto comes = [] {
      return eventually([] {
        serve();
        return threads_named("atomrt-stats") == 1;
      });
    };
    const bool came = comes() && eventually([] { return threads_named("atomrt-stats") == 0; });
    exit(came && comes() ? 7 : 1);
  }
  if (strcmp(role, "broken") == 0) {
    Pipe pipe;
    close(pipe.out);
    dup2(pipe.in, 2);
    exit(7);
  }
  if (strcmp(role, "limited") == 0) {
    const rlimit none{0, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &none);
    exit(7);
  }
  if (strcmp(role, "small") == 0) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, static_cast<std::size_t>(sysconf(_SC_THREAD_STACK_MIN)));
    const auto end = [](void*) -> void* { hooked_exit(7); return nullptr; };
    pthread_create(&thread, &attributes, end, nullptr);
    pthread_join(thread, nullptr);
  }
  if (strcmp(role, "interval") == 0) {
    // Ends without any of the library's knowledge, once two blocks are there.
    const char* path = getenv("ATOMRT_STATS");
    const bool seen = eventually([&] { return count_blocks(contents(path)) >= 2; });
    syscall(SYS_exit_group, seen ? 7 : 1);
  }
  return 1;
}

const char* contents(const char* path) {
  static char text[65536];
  FILE* file = fopen(path, "re");
  const size_t length = file != nullptr ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file != nullptr) fclose(file);
  text[length] = '\0';
  return text;
}

std::size_t count_blocks(const char* text) {
  std::size_t count = 0;
  for (; (text = strstr(text, "# atomrt ")) != nullptr; ++text) ++count;
  return count;
}

struct Run {
  pid_t pid;
  char errors[8192];
};

enum class Launched { NO, YES, VERBOSE };

// Runs this program in that role; it must end with status 7.
Run run(const char* role, const char* statistics, const char* interval = nullptr, Launched launched = Launched::NO) {
  Run result{};
  int err[2];
  assert_int_equal(pipe2(err, O_CLOEXEC), 0);
  fflush(nullptr);
  result.pid = fork();
  if (result.pid == 0) {
    setenv("UNIT_ROLE", role, 1);
    setenv("ATOMRT_STATS", statistics, 1);
    if (interval != nullptr) setenv("ATOMRT_STATS_INTERVAL", interval, 1);
    char number[16];
    snprintf(number, sizeof number, "%d", static_cast<int>(getpid()));
    if (launched != Launched::NO) setenv("ATOMRT_LAUNCHED", number, 1);
    if (launched == Launched::VERBOSE) setenv("ATOMRT_VERBOSE", "1", 1);
    dup2(err[1], 2);
    char name[] = "at_exit";
    char* arguments[] = {name, nullptr};
    execv("/proc/self/exe", arguments);
    _exit(127);
  }
  close(err[1]);
  size_t length = 0;
  ssize_t got;
  while (length + 1 < sizeof result.errors &&
         (got = read(err[0], result.errors + length, sizeof result.errors - 1 - length)) > 0) {
    length += static_cast<size_t>(got);
  }
  close(err[0]);
  int status = 0;
  waitpid(result.pid, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 7);
  return result;
}

const char* path_of(const char* name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  unlink(path);
  return path;
}

void exit_writes_one_block(void**) {
  const char* path = path_of("exit");
  const Run made = run("exit", path);
  char pid[32];
  snprintf(pid, sizeof pid, "(pid %d)\n", static_cast<int>(made.pid));
  const char* text = contents(path);
  assert_int_equal(count_blocks(text), 1);
  assert_non_null(strstr(text, pid));
  assert_non_null(strstr(text, "\nrequests 1\ncompleted 1\n"));
  assert_string_equal(made.errors, "");
}

void _exit_writes_one_block(void**) {
  const char* path = path_of("_exit");
  run("_exit", path);
  assert_int_equal(count_blocks(contents(path)), 1);
}

void a_process_without_requests_writes_none(void**) {
  const char* path = path_of("idle");
  run("idle", path);
  assert_int_equal(access(path, F_OK), -1);
}

void blocks_of_several_processes_are_appended(void**) {
  const char* path = path_of("several");
  run("exit", path);
  run("fork", path);
  const char* text = contents(path);
  assert_int_equal(count_blocks(text), 3);
  // The child counts its own requests only.
  for (int i = 0; i < 3; ++i) {
    text = strstr(text, "\nrequests ");
    assert_non_null(text);
    assert_memory_equal(text, "\nrequests 1\n", 12);
    ++text;
  }
}

void the_process_number_may_be_part_of_the_name(void**) {
  char pattern[256];
  snprintf(pattern, sizeof pattern, "%s/a%%p-%%p.txt%%", directory);
  const Run made = run("exit", pattern);
  char path[256];
  snprintf(path, sizeof path, "%s/a%d-%d.txt%%", directory, static_cast<int>(made.pid), static_cast<int>(made.pid));
  assert_int_equal(count_blocks(contents(path)), 1);
  unlink(path);
}

void stderr_is_a_place_too(void**) {
  const Run made = run("exit", "stderr");
  assert_int_equal(count_blocks(made.errors), 1);
}

void a_place_that_cannot_be_written_is_told(void**) {
  const Run made = run("exit", "/does/not/exist");
  assert_non_null(strstr(made.errors, "atomrt: cannot write the statistics to /does/not/exist: "));
}

std::size_t count_words(const char* text, const char* words) {
  std::size_t count = 0;
  for (; (text = strstr(text, words)) != nullptr; ++text) ++count;
  return count;
}

void a_full_disk_is_told(void**) {
  const Run made = run("exit", "/dev/full");
  assert_non_null(strstr(made.errors, "atomrt: cannot write the statistics to /dev/full: "));
  assert_non_null(strstr(made.errors, strerror(ENOSPC)));
}

// The thread of the interval leaves after an interval without requests, so that it has tried twice at least.
void what_cannot_be_written_is_told_once_not_at_each_interval(void**) {
  const Run made = run("quiet", "/does/not/exist", "1");
  assert_int_equal(count_words(made.errors, "atomrt: "), 1);
  assert_int_equal(count_words(made.errors, "\n"), 1);
}

void a_daemon_writes_one_block(void**) { run("daemon", path_of("daemon")); }

void the_launched_process_says_that_nobody_was_served(void**) {
  for (const char* role : {"idle", "idle _exit", "idle family"}) {
    for (const Launched launched : {Launched::YES, Launched::VERBOSE}) {
      const Run made = run(role, launched == Launched::YES ? path_of("idle") : "", nullptr, launched);
      char words[128];
      snprintf(words, sizeof words, "atomrt: at_exit (pid %d) made no POSIX AIO request\n", static_cast<int>(made.pid));
      assert_string_equal(made.errors, words);
    }
  }
}

void it_says_nothing_where_it_or_its_child_was_served(void**) {
  for (const char* role : {"exit", "_exit", "idle parent"}) {
    const Run made = run(role, path_of("exit"), nullptr, Launched::YES);
    assert_string_equal(made.errors, "");
  }
}

void a_process_that_was_not_launched_says_nothing(void**) {
  assert_string_equal(run("idle", path_of("idle")).errors, "");
}

void a_name_that_is_too_long_is_no_harm(void**) {
  static char path[6000];
  memset(path, 'x', sizeof path - 1);
  path[0] = '/';
  run("exit", path);
  for (std::size_t i = 4000; i + 1 < 4110; i += 2) memcpy(path + i, "%p", 2);
  path[4110] = '\0';
  run("exit", path);
  for (std::size_t i = 0; i < 4090; i += 3) memcpy(path + i, "/%p", 4);  // it is too long only with the process's number
  assert_non_null(strstr(run("exit", path).errors, strerror(ENAMETOOLONG)));
}

void an_interval_writes_while_the_program_runs(void**) {
  const char* path = path_of("interval");
  run("interval", path, "1");
  assert_true(count_blocks(contents(path)) >= 2);
}

// Else it would keep a process alive whose own threads have ended.
void a_quiet_interval_ends_the_thread_until_the_next_request(void**) {
  run("quiet", path_of("quiet"), "1");
}

void no_signal_comes_of_what_cannot_be_written(void**) {
  run("broken", "stderr");
  run("limited", path_of("limited"));
}

void a_fifo_without_a_reader_is_not_waited_for(void**) {
  const char* path = path_of("fifo");
  assert_int_equal(mkfifo(path, 0600), 0);
  const Run made = run("exit", path);
  assert_non_null(strstr(made.errors, "atomrt: cannot write the statistics to "));
}

void a_thread_with_the_smallest_stack_may_end_the_process(void**) {
  const char* path = path_of("small");
  run("small", path);
  assert_int_equal(count_blocks(contents(path)), 1);
  for (const char* format : {"json", "prometheus"}) {
    setenv("ATOMRT_STATS_FORMAT", format, 1);
    run("small", path_of("small"));
    unsetenv("ATOMRT_STATS_FORMAT");
    assert_non_null(strstr(contents(path), "longest_wait"));
  }
}

// Counted, though nothing is to be written.
void the_end_is_noted_in_the_counters(void**) {
  if (access("/dev/shm", W_OK) != 0) SKIP("no /dev/shm");
  for (const char* role : {"exit", "_exit"}) {
    static atomrt::exec::Snapshot snapshot;
    setenv("ATOMRT_COUNTERS", "/dev/shm/atomrt-unit-end-%p", 1);
    const Run made = run(role, "");
    unsetenv("ATOMRT_COUNTERS");
    assert_string_equal(made.errors, "");
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/atomrt-unit-end-%d", static_cast<int>(made.pid));
    const int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, &snapshot, sizeof snapshot), sizeof snapshot);
    close(fd);
    unlink(path);
    assert_true(is_of_this_form(snapshot));
    assert_int_equal(snapshot.requests, 1);
    assert_true(snapshot.ended_ns >= snapshot.last_ns);
  }
}

void json_is_written_where_asked_for(void**) {
  setenv("ATOMRT_STATS_FORMAT", "json", 1);
  const Run made = run("exit", "stderr");
  unsetenv("ATOMRT_STATS_FORMAT");
  assert_memory_equal(made.errors, "{\"version\": ", 12);
  assert_int_equal(count_words(made.errors, "\n"), 1);
}

}  // namespace

#define main run_the_tests
UNIT_TESTS(cmocka_unit_test(the_end_is_noted_in_the_counters), cmocka_unit_test(json_is_written_where_asked_for),
           cmocka_unit_test(exit_writes_one_block), cmocka_unit_test(_exit_writes_one_block),
           cmocka_unit_test(a_process_without_requests_writes_none),
           cmocka_unit_test(blocks_of_several_processes_are_appended),
           cmocka_unit_test(the_process_number_may_be_part_of_the_name), cmocka_unit_test(stderr_is_a_place_too),
           cmocka_unit_test(a_place_that_cannot_be_written_is_told),
           cmocka_unit_test(a_name_that_is_too_long_is_no_harm), cmocka_unit_test(a_full_disk_is_told),
           cmocka_unit_test(what_cannot_be_written_is_told_once_not_at_each_interval),
           cmocka_unit_test(a_daemon_writes_one_block),
           cmocka_unit_test(the_launched_process_says_that_nobody_was_served),
           cmocka_unit_test(it_says_nothing_where_it_or_its_child_was_served),
           cmocka_unit_test(a_process_that_was_not_launched_says_nothing),
           cmocka_unit_test(an_interval_writes_while_the_program_runs),
           cmocka_unit_test(a_quiet_interval_ends_the_thread_until_the_next_request),
           cmocka_unit_test(no_signal_comes_of_what_cannot_be_written),
           cmocka_unit_test(a_fifo_without_a_reader_is_not_waited_for),
           cmocka_unit_test(a_thread_with_the_smallest_stack_may_end_the_process))
#undef main

int main() {
  if (const char* role = getenv("UNIT_ROLE")) return play(role);
  if (mkdtemp(directory) == nullptr) return 99;
  const int status = run_the_tests();
  const char* names[] = {"exit",  "_exit",   "idle", "several", "interval",
                         "quiet", "limited", "fifo", "small", "daemon"};
  for (const char* name : names) path_of(name);  // which removes it
  rmdir(directory);
  return status;
}
