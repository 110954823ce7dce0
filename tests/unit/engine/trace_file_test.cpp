// SPDX-License-Identifier: MIT
// trace_file: run with ATOMRT_TRACE, the name of a file of this build's own (meson.build). What the file holds while the
// process runs, a child's, and what is somebody else's. How it ends tests/hostile/launcher_writes_traces.py sees, and all that is in it.
#include "engine/trace_file.h"

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

}  // namespace

UNIT_TESTS(cmocka_unit_test_setup(the_file_has_what_happened_though_the_process_goes_on, leave_somebody_elses),
           cmocka_unit_test(a_child_begins_anew_in_a_file_of_its_own), cmocka_unit_test(the_thread_leaves_and_comes_again),
           cmocka_unit_test(the_end_is_written_once))
