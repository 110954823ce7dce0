// SPDX-License-Identifier: MIT
// The functions of <atomrt.h>, of the library as a program links it.
#include <aio.h>
#include <atomrt.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "unit.h"

namespace {

using atomrt::unit::eventually;

// A memory file's text, and the file is empty again.
struct Output {
  int fd = memfd_create("output", MFD_CLOEXEC);
  char text[8192];
  ~Output() { close(fd); }
  const char* take() {
    const ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) abort();
    return text;
  }
};

void fails_with(int error, int result) {
  const int seen = errno;
  assert_int_equal(result, -1);
  assert_int_equal(seen, error);
}

int closed_number() {
  const int fd = dup(0);
  close(fd);
  return fd;
}

void the_version_is_the_projects(void**) { assert_string_equal(atomrt_version(), ATOMRT_VERSION); }

void without_an_engine_there_is_nothing_to_write(void**) {
  Output output;
  assert_int_equal(atomrt_write_statistics(output.fd), 0);
  assert_int_equal(atomrt_write_pending(output.fd), 0);
  assert_null(strstr(output.take(), "read"));
  fails_with(EBADF, atomrt_write_statistics(closed_number()));
  fails_with(EBADF, atomrt_write_pending(closed_number()));
}

void requests_are_shown_and_counted(void**) {
  Output output;
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  assert_int_equal(atomrt_enable_statistics(), 0);
  char bytes[4];
  struct aiocb block {};
  block.aio_fildes = ends[0];
  block.aio_buf = bytes;
  block.aio_nbytes = sizeof bytes;
  block.aio_sigevent.sigev_notify = SIGEV_NONE;
  assert_int_equal(aio_read(&block), 0);
  // A thread may have it in its hands just now.
  const char* line = nullptr;
  const auto is_shown = [&] {
    assert_int_equal(atomrt_write_pending(output.fd), 0);
    line = strstr(output.take(), " read ");
    return line != nullptr;
  };
  assert_true(eventually(is_shown));
  assert_null(strstr(line + 1, " read "));
  assert_non_null(strstr(line, "; pipe:["));
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_true(full >= 0);
  fails_with(ENOSPC, atomrt_write_pending(full));

  assert_int_equal(write(ends[1], "data", 4), 4);
  assert_true(eventually([&] { return aio_error(&block) != EINPROGRESS; }));
  assert_int_equal(aio_return(&block), 4);
  assert_true(eventually([&] { return !is_shown(); }));
  assert_true(eventually([&] {
    assert_int_equal(atomrt_write_statistics(output.fd), 0);
    return strstr(output.take(), "\nrequests 1\ncompleted 1\n") != nullptr;
  }));
  fails_with(ENOSPC, atomrt_write_statistics(full));
  fails_with(EBADF, atomrt_write_statistics(closed_number()));
  for (const int fd : {full, ends[0], ends[1]}) close(fd);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_version_is_the_projects), cmocka_unit_test(without_an_engine_there_is_nothing_to_write),
           cmocka_unit_test(requests_are_shown_and_counted))
