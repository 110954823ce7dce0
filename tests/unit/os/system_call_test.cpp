// SPDX-License-Identifier: MIT
// system_call: -errno as the result, all six words, and nothing of the thread's state touched.
#include "os/system_call.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "unit.h"

namespace {

using atomrt::os::system_call;

void a_failure_is_minus_errno_and_leaves_errno_alone(void**) {
  errno = 1234;
  assert_int_equal(system_call(SYS_close, -1), -EBADF);
  assert_int_equal(system_call(SYS_openat, AT_FDCWD, "/does/not/exist", O_RDONLY), -ENOENT);
  assert_int_equal(system_call(100'000), -ENOSYS);
  assert_int_equal(errno, 1234);
}

void a_success_is_the_value_and_leaves_errno_alone(void**) {
  errno = 1234;
  assert_int_equal(system_call(SYS_getpid), getpid());
  assert_int_equal(errno, 1234);
}

void all_six_words_arrive(void**) {
  const int fd = memfd_create("six words", 0);
  const long page = sysconf(_SC_PAGESIZE);
  assert_int_equal(ftruncate(fd, 2 * page), 0);
  assert_int_equal(pwrite(fd, "second page", 12, page), 12);
#ifdef SYS_mmap2
  const long address = system_call(SYS_mmap2, nullptr, page, PROT_READ, MAP_PRIVATE, fd, 1);
#else
  const long address = system_call(SYS_mmap, nullptr, page, PROT_READ, MAP_PRIVATE, fd, page);
#endif
  assert_false(address < 0 && address >= -4095);
  assert_string_equal(reinterpret_cast<const char*>(address), "second page");
  munmap(reinterpret_cast<void*>(address), static_cast<size_t>(page));
  close(fd);
}

void words_keep_their_sign(void**) {
  assert_int_equal(atomrt::os::as_word(-1), -1L);
  assert_int_equal(atomrt::os::as_word(~0U), static_cast<long>(~0U));
  assert_int_equal(atomrt::os::as_word(nullptr), 0L);
  int local;
  assert_int_equal(atomrt::os::as_word(&local), reinterpret_cast<long>(&local));
}

void a_pending_cancellation_waits(void**) {
  bool went_on = false;
  atomrt::unit::Thread thread([&] {
    pthread_cancel(pthread_self());
    char byte = 0;
    system_call(SYS_read, -1, &byte, 1);
    went_on = true;
  });
  thread.join();
  assert_true(went_on);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_failure_is_minus_errno_and_leaves_errno_alone),
           cmocka_unit_test(a_success_is_the_value_and_leaves_errno_alone), cmocka_unit_test(all_six_words_arrive),
           cmocka_unit_test(words_keep_their_sign), cmocka_unit_test(a_pending_cancellation_waits))
