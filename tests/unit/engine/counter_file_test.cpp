// SPDX-License-Identifier: MIT
// counter_file: a file for this process alone, in place of an old one of that name, or a message. A full file system is
// map_new_file's matter (tests/unit/os/shared_file_test.cpp); here it is one that says so.
#include "engine/counter_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "os/shared_file.h"
#include "unit.h"

static int test_error = 0;

using MappedFile = atomrt::base::Expected<void*>;
MappedFile real_map(const char* path, std::size_t size) __asm__("__real__ZN6atomrt2os12map_new_fileEPKcm");
MappedFile wrapped_map(const char* path, std::size_t size) __asm__("__wrap__ZN6atomrt2os12map_new_fileEPKcm");
MappedFile wrapped_map(const char* path, std::size_t size) {
  return test_error == 0 ? real_map(path, size) : MappedFile(atomrt::base::Error{test_error});
}

namespace {

using namespace atomrt::engine;
using atomrt::exec::Counters;
using atomrt::exec::Snapshot;

char base[64], path[96];

int set_up(void**) {
  snprintf(base, sizeof base, "/dev/shm/atomrt-unit-counters-%d", static_cast<int>(getpid()));
  snprintf(path, sizeof path, "%s.%d", base, static_cast<int>(getpid()));
  return 0;
}

void needs_shm() {
  if (access("/dev/shm", W_OK) != 0) SKIP("no /dev/shm");
}

bool read_file(Snapshot& snapshot) {
  const int fd = open(path, O_RDONLY);
  const ssize_t length = read(fd, &snapshot, sizeof snapshot);
  close(fd);
  return length == sizeof snapshot && is_of_this_form(snapshot);
}

// What make_counter_file says meanwhile.
const char* messages_of(const char* pattern, Counters*& counters) {
  static char text[1024];
  const int saved = dup(2), file = memfd_create("messages", 0);
  dup2(file, 2);
  counters = make_counter_file(pattern);
  dup2(saved, 2);
  const ssize_t length = pread(file, text, sizeof text - 1, 0);
  text[length < 0 ? 0 : length] = '\0';
  close(saved);
  close(file);
  return text;
}

void the_file_has_what_is_counted(void**) {
  needs_shm();
  static Snapshot snapshot;
  Counters* const counters = make_counter_file(base);
  assert_non_null(counters);
  counters->requests.store(17);
  assert_true(read_file(snapshot));
  assert_int_equal(snapshot.requests, 17);
  assert_int_equal(snapshot.heading.process, getpid());
  assert_string_equal(snapshot.heading.program, program_invocation_short_name);
  // One that has the number after this process removes it, and this one goes on.
  Counters* const newer = make_counter_file(base);
  assert_true(newer != nullptr && newer != counters);
  counters->requests.store(18);
  assert_true(read_file(snapshot));
  assert_int_equal(snapshot.requests, 0);
  unlink(path);
}

void what_is_not_its_own_stays(void**) {
  needs_shm();
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  assert_int_equal(write(fd, "somebody's text", 15), 15);
  Counters* counters;
  const char* const text = messages_of(base, counters);
  assert_null(counters);
  assert_non_null(strstr(text, "File exists; they are in memory only\n"));
  struct stat status {};
  assert_int_equal(fstat(fd, &status), 0);
  assert_true(status.st_nlink == 1 && status.st_size == 15);
  close(fd);
  unlink(path);
  // Once.
  test_error = ENOSPC;
  assert_string_equal(messages_of(base, counters), "");
  test_error = 0;
  assert_null(counters);
}

// With the process's number in it a name may get longer than a path can be.
void a_name_that_gets_too_long_is_said(void**) {
  static char numbers[4096];
  for (size_t length = 0; length + 4 < sizeof numbers; length += 3) strcpy(numbers + length, "/%p");
  const int status = atomrt::unit::in_child([] {  // a process says one thing only
    Counters* counters = nullptr;
    const char* const said = messages_of(numbers, counters);
    return counters == nullptr && strstr(said, strerror(ENAMETOOLONG)) != nullptr ? 0 : 1;
  });
  assert_int_equal(status, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_name_that_gets_too_long_is_said),
           cmocka_unit_test_setup(the_file_has_what_is_counted, set_up), cmocka_unit_test_setup(what_is_not_its_own_stays, set_up))
