// SPDX-License-Identifier: MIT
// trace_file: run with ATOMRT_TRACE, the name of a file of this build's own (meson.build). What the file holds while the
// process runs, a child's, and what is somebody else's. Where the file can't be made or written, the program runs itself
// with another name, and plays a part (UNIT_ROLE). How a trace ends tests/hostile/launcher_writes_traces.py sees, and all
// that is in it.
#include "engine/trace_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "engine/requests.h"
#include "exec/trace.h"

namespace {

using namespace atomrt::unit;

char own_path[4096], pid_path[4096];
static char text[1 << 20];

const char* plain_path() { return getenv("ATOMRT_TRACE"); }

const char* path_of_process() {
  snprintf(pid_path, sizeof pid_path, "%s.%d", plain_path(), static_cast<int>(getpid()));
  return pid_path;
}

const char* contents(const char* path) {
  const int fd = open(path, O_RDONLY);
  const ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
  if (fd >= 0) close(fd);
  text[length > 0 ? length : 0] = '\0';
  return text;
}

unsigned count(const char* in, const char* part) {
  unsigned found = 0;
  for (const char* at = in; (at = strstr(at, part)) != nullptr; at += strlen(part)) ++found;
  return found;
}

bool is_whole() {
  const size_t length = strlen(text);
  return length > 3 && strcmp(text + length - 3, "\n]\n") == 0 && strchr(text, ']') == text + length - 2;
}

unsigned ends_in(const char* path) { return count(contents(path), "\"ph\":\"e\",\"name\":\"write fd"); }

void write_one(Pipe& pipe) {
  Aio aio;
  aio.write(pipe.in, "data");
  assert_true(eventually([&] { return aio.is_over(); }));
}

int leave_somebody_elses(void**) {
  // Whatever the name without a number means: another process's trace here, so that this one's has its number.
  const int fd = open(plain_path(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, "somebody's", 10) != 10) return 1;
  close(fd);
  // And an old trace under this process's number.
  const int old = open(path_of_process(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (old < 0 || write(old, atomrt::exec::TRACE_MAGIC, atomrt::exec::TRACE_MAGIC_BYTES) < 0) return 1;
  close(old);
  return 0;
}

void the_file_has_what_happened_though_the_process_goes_on(void**) {
  Pipe pipe;
  write_one(pipe);
  strcpy(own_path, path_of_process());
  assert_true(eventually([] { return ends_in(own_path) == 1 && is_whole(); }));
  assert_memory_equal(text, atomrt::exec::TRACE_MAGIC, atomrt::exec::TRACE_MAGIC_BYTES);
  assert_int_equal(count(text, "process_name"), 1);
  write_one(pipe);
  assert_true(eventually([] { return ends_in(own_path) == 2 && is_whole(); }));
  assert_int_equal(count(text, "process_name"), 1);
  assert_string_equal(contents(plain_path()), "somebody's");
}

void a_child_begins_anew_in_a_file_of_its_own(void**) {
  SKIP_UNDER_TSAN();
  const pid_t child = fork();
  if (child == 0) {
    Pipe pipe;
    Aio aio;
    aio.write(pipe.in, "data");
    const bool is_written = eventually([&] { return ends_in(path_of_process()) == 1; });
    unlink(path_of_process());
    _exit(is_written && count(text, "\"ph\":\"b\",\"name\":\"write fd") == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  assert_int_equal(ends_in(own_path), 2);
}

void the_thread_leaves_and_comes_again(void**) {
  assert_true(eventually([] { return threads_named("atomrt-trace") == 0; }));
  Pipe pipe;
  write_one(pipe);
  assert_true(eventually([] { return ends_in(own_path) == 3; }));
}

void the_end_is_written_once(void**) {
  Pipe pipe;
  write_one(pipe);
  atomrt::engine::end_tracing();
  assert_int_equal(ends_in(own_path), 4);
  const size_t length = strlen(text);
  assert_true(is_whole());
  assert_int_equal(count(text, "trace ends"), 1);
  write_one(pipe);
  atomrt::engine::end_tracing();
  assert_int_equal(strlen(contents(own_path)), length);
  unlink(own_path);
  unlink(plain_path());
}

// ---- in a process of its own ----

char directory[] = "/tmp/atomrt-unit-XXXXXX";

const char* in_directory(const char* name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

void serve() {
  Pipe pipe;
  Aio aio;
  aio.write(pipe.in, "data");
  if (!eventually([&] { return aio.is_over(); })) abort();
}

// Files may not grow beyond that; a program's own limit, which it may raise again.
void limit_files(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) abort();
}

constexpr int MANY = 270;  // threads, more than have their names kept

int play(const char* role) {
  const char* const path = getenv("ATOMRT_TRACE");
  const auto is = [&](const char* name) { return strcmp(role, name) == 0; };
  char folder[256];
  if (is("in a folder that is gone") && (getcwd(folder, sizeof folder) == nullptr || rmdir(folder) != 0)) abort();
  if (is("limited")) limit_files(64);
  serve();
  if (is("elsewhere") && chdir("/") != 0) abort();
  if (is("removed") && unlink(path) != 0) abort();
  if (is("full")) {
    if (!eventually([&] { return ends_in(path) == 1; })) abort();
    struct stat status {};
    stat(path, &status);
    limit_files(static_cast<rlim_t>(status.st_size));
  }
  if (is("many")) {
    for (int i = 0; i < MANY; ++i) Thread([] { serve(); }).join();
  }
  if (is("away")) {  // never missing for a moment
    char aside[256], link_to_it[256];
    snprintf(aside, sizeof aside, "%s.aside", path);
    snprintf(link_to_it, sizeof link_to_it, "%s.link", path);
    if (link(path, aside) != 0 || symlink(aside, link_to_it) != 0 || rename(link_to_it, path) != 0) abort();
    serve();
    atomrt::engine::end_tracing();
    if (rename(aside, path) != 0) abort();
  }
  serve();
  atomrt::engine::end_tracing();
  limit_files(RLIM_INFINITY);
  serve();
  atomrt::engine::end_tracing();
  exit(7);
}

struct Run {
  pid_t pid;
  char errors[8192];
};

// Runs this program in that role and folder; it must end with status 7.
Run run(const char* role, const char* trace, const char* folder = "/") {
  Run made{};
  int err[2];
  assert_int_equal(pipe2(err, O_CLOEXEC), 0);
  fflush(nullptr);
  made.pid = fork();
  if (made.pid == 0) {
    setenv("UNIT_ROLE", role, 1);
    setenv("ATOMRT_TRACE", trace, 1);
    dup2(err[1], 2);
    char name[] = "trace_file";
    char* arguments[] = {name, nullptr};
    if (chdir(folder) == 0) execv("/proc/self/exe", arguments);
    _exit(127);
  }
  close(err[1]);
  size_t length = 0;
  ssize_t got;
  while (length + 1 < sizeof made.errors && (got = read(err[0], made.errors + length, sizeof made.errors - 1 - length)) > 0) {
    length += static_cast<size_t>(got);
  }
  close(err[0]);
  int status = 0;
  waitpid(made.pid, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 7);
  return made;
}

// One line for all requests and ends of the process.
void says_once(const Run& made, const char* path, const char* why) {
  char line[PATH_MAX + 128];
  snprintf(line, sizeof line, "atomrt: cannot write the trace to %.256s: %s\n", path, why);
  assert_string_equal(made.errors, line);
}

void a_relative_name_is_of_the_folder_at_the_first_request(void**) {
  const Run made = run("elsewhere", "relative.json", directory);
  assert_string_equal(made.errors, "");
  assert_int_equal(ends_in(in_directory("relative.json")), 2);
  unlink(in_directory("relative.json"));
}

void the_process_number_may_be_part_of_the_name(void**) {
  char pattern[256], name[64];
  strcpy(pattern, in_directory("a%p.json"));
  const Run made = run("plain", pattern);
  assert_string_equal(made.errors, "");
  snprintf(name, sizeof name, "a%d.json", static_cast<int>(made.pid));
  assert_int_equal(ends_in(in_directory(name)), 2);
  unlink(in_directory(name));
}

void a_file_that_cannot_be_made_is_said_once(void**) {
  says_once(run("plain", "/does/not/exist"), "/does/not/exist", strerror(ENOENT));
  char folder[256];
  strcpy(folder, in_directory("gone"));
  assert_int_equal(mkdir(folder, 0700), 0);
  says_once(run("in a folder that is gone", "relative.json", folder), "relative.json", strerror(ENOENT));
}

void a_name_that_gets_too_long_is_said_once(void**) {
  static char numbers[PATH_MAX], relative[PATH_MAX];
  for (size_t length = 0; length + 4 < sizeof numbers; length += 3) strcpy(numbers + length, "/%p");
  const Run made = run("plain", numbers);
  assert_non_null(strstr(made.errors, strerror(ENAMETOOLONG)));
  assert_ptr_equal(strchr(made.errors, '\n'), made.errors + strlen(made.errors) - 1);
  for (size_t length = 0; length + 3 < sizeof relative; length += 2) strcpy(relative + length, "./");
  says_once(run("plain", relative, directory), relative, strerror(ENAMETOOLONG));
}

void a_file_that_is_gone_is_not_made_again(void**) {
  char path[256];
  strcpy(path, in_directory("removed"));
  says_once(run("removed", path), path, strerror(ENOENT));
  assert_int_equal(access(path, F_OK), -1);
}

void a_file_that_cannot_be_opened_for_a_moment_is_whole(void**) {
  char path[256];
  strcpy(path, in_directory("away"));
  says_once(run("away", path), path, strerror(ELOOP));
  assert_int_equal(ends_in(path), 3);
  assert_int_equal(count(text, "trace ends"), 1);
  unlink(path);
}

void where_there_is_no_room_nothing_more_is_written(void**) {
  char path[256];
  strcpy(path, in_directory("limited"));
  says_once(run("limited", path), path, strerror(ENOSPC));
  assert_string_equal(contents(path), "");  // the part that found room is taken back
  unlink(path);
  strcpy(path, in_directory("full"));
  says_once(run("full", path), path, strerror(ENOSPC));
  assert_int_equal(ends_in(path), 1);
  assert_true(is_whole());
  assert_int_equal(count(text, "trace ends"), 0);
  unlink(path);
}

void many_threads_and_events_are_all_there(void**) {
  const char* const path = in_directory("many");
  const Run made = run("many", path);
  assert_string_equal(made.errors, "");
  assert_int_equal(ends_in(path), 2 + MANY);
  assert_true(is_whole());
  unlink(path);
}

}  // namespace

#define main run_the_tests
UNIT_TESTS(cmocka_unit_test_setup(the_file_has_what_happened_though_the_process_goes_on, leave_somebody_elses),
           cmocka_unit_test(a_child_begins_anew_in_a_file_of_its_own), cmocka_unit_test(the_thread_leaves_and_comes_again),
           cmocka_unit_test(the_end_is_written_once),
           cmocka_unit_test(a_relative_name_is_of_the_folder_at_the_first_request),
           cmocka_unit_test(the_process_number_may_be_part_of_the_name),
           cmocka_unit_test(a_file_that_cannot_be_made_is_said_once),
           cmocka_unit_test(a_name_that_gets_too_long_is_said_once),
           cmocka_unit_test(a_file_that_is_gone_is_not_made_again),
           cmocka_unit_test(a_file_that_cannot_be_opened_for_a_moment_is_whole),
           cmocka_unit_test(where_there_is_no_room_nothing_more_is_written),
           cmocka_unit_test(many_threads_and_events_are_all_there))
#undef main

int main() {
  if (const char* role = getenv("UNIT_ROLE")) return play(role);
  if (mkdtemp(directory) == nullptr) return 99;
  const int status = run_the_tests();
  rmdir(directory);
  return status;
}
