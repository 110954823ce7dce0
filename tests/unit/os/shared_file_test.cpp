// SPDX-License-Identifier: MIT
// shared_file: what is written is in the file; no file is left, and no signal raised, where it cannot be.
#include "os/shared_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "os/memory.h"
#include "unit.h"

namespace {

using namespace atomrt::os;

constexpr std::size_t BYTES = 10000;

// In memory, as far as the kernel tells; a name that nobody else has.
const char* name_in(const char* folder) {
  static char path[128];
  static int count = 0;
  snprintf(path, sizeof path, "%s/atomrt-unit-%d-%d", folder, static_cast<int>(getpid()), ++count);
  return path;
}

bool is_there(const char* path) { return access(path, F_OK) == 0; }

void needs_shm() {
  if (access("/dev/shm", W_OK) != 0) SKIP("no /dev/shm");
}

void what_is_stored_is_in_the_file(void**) {
  needs_shm();
  const char* const path = name_in("/dev/shm");
  const auto memory = map_new_file(path, BYTES);
  assert_true(memory.has_value());
  auto* const bytes = static_cast<char*>(*memory);
  for (std::size_t i = 0; i < BYTES; ++i) assert_int_equal(bytes[i], 0);
  bytes[BYTES - 1] = 'x';
  char last = 0;
  const int fd = open(path, O_RDONLY);
  assert_int_equal(pread(fd, &last, 1, BYTES - 1), 1);
  assert_int_equal(last, 'x');
  struct stat status {};
  assert_int_equal(fstat(fd, &status), 0);
  assert_int_equal(status.st_size, BYTES);
  assert_true(status.st_blocks * 512 >= static_cast<blkcnt_t>(BYTES));  // no store finds no room
  close(fd);
  assert_int_equal(map_new_file(path, BYTES).error(), EEXIST);
  assert_true(is_there(path));
  unlink(path);
  unmap_memory(*memory, BYTES);
}

void a_file_on_a_disk_is_refused(void**) {
  const char* const path = name_in("/var/tmp");
  const auto memory = map_new_file(path, BYTES);
  if (memory.has_value()) {
    unlink(path);
    SKIP("/var/tmp is in memory");
  }
  assert_int_equal(memory.error(), access("/var/tmp", W_OK) == 0 ? EMEDIUMTYPE : errno);
  assert_false(is_there(path));
  assert_int_equal(map_new_file("/dev/shm/none/at/all", BYTES).error(), ENOENT);
}

// The kernel sends SIGXFSZ beside the error; here it would end the process.
void the_limit_of_sizes_raises_no_signal(void**) {
  needs_shm();
  const char* const path = name_in("/dev/shm");
  const pid_t child = fork();
  if (child == 0) {
    const rlimit small{BYTES / 2, BYTES / 2};
    setrlimit(RLIMIT_FSIZE, &small);
    _exit(map_new_file(path, BYTES).error() == EFBIG && !is_there(path) ? 0 : 1);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

void a_link_is_not_followed(void**) {
  needs_shm();
  const char* const path = name_in("/dev/shm");
  assert_int_equal(symlink("/dev/shm/atomrt-unit-nowhere", path), 0);
  assert_int_equal(map_new_file(path, BYTES).error(), EEXIST);
  assert_false(remove_file_that_begins(path, "", 0));
  assert_true(access("/dev/shm/atomrt-unit-nowhere", F_OK) != 0);
  unlink(path);
}

void only_what_begins_so_is_removed(void**) {
  char path[] = "/tmp/atomrt-unit-XXXXXX";
  const int fd = mkstemp(path);
  assert_int_equal(write(fd, "abcdef", 6), 6);
  close(fd);
  assert_false(remove_file_that_begins(path, "abd", 3));
  assert_false(remove_file_that_begins(path, "abcdefg", 7));
  assert_true(is_there(path));
  assert_true(remove_file_that_begins(path, "abc", 3));
  assert_false(is_there(path));
  assert_false(remove_file_that_begins(path, "abc", 3));
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_false(remove_file_that_begins(path, "", 0));  // nor is its writer waited for
  unlink(path);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(what_is_stored_is_in_the_file), cmocka_unit_test(a_file_on_a_disk_is_refused),
           cmocka_unit_test(the_limit_of_sizes_raises_no_signal), cmocka_unit_test(a_link_is_not_followed),
           cmocka_unit_test(only_what_begins_so_is_removed))
