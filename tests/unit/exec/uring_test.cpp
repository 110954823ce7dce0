// SPDX-License-Identifier: MIT
// uring: a ring without a descriptor, and why there is none. io_uring_setup is asked by the true kernel, or refused by a
// seccomp filter in a child. Where this kernel offers no such ring the tests are skipped.
#include "exec/uring.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "unit.h"
#include "without_memory.h"

namespace {

using namespace atomrt::unit;
using atomrt::exec::close_uring;
using atomrt::exec::open_uring;
using atomrt::exec::Uring;

// On a thread of its own each: the kernel keeps a ring until the task that made it ends, and a few for one task.
template <typename Body>
void in_thread(Body body) {
  Thread<Body> thread(body);
}

int error_of_opening() {
  int error = 0;
  in_thread([&] {
    Uring uring;
    error = open_uring(uring, 8);
    if (error == 0) close_uring(uring);
  });
  return error;
}

bool has_none() {
  const int error = error_of_opening();
  if (error != 0) print_message("skipped: this kernel has no ring without a descriptor: %s\n", strerror(error));
  return error != 0;
}
#define SKIP_WITHOUT_RING()    \
  if (has_none()) {            \
    _skip(__FILE__, __LINE__); \
    return;                    \
  }

// Submissions that come back, in one round.
unsigned nothings_done(Uring& uring, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    io_uring_sqe* entry = io_uring_get_sqe(&uring.ring);
    if (entry == nullptr) return i;
    io_uring_prep_nop(entry);
    entry->user_data = 100 + i;
  }
  io_uring_submit_and_wait(&uring.ring, count);
  unsigned done = 0;
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(&uring.ring, &completion) == 0) {
    if (completion->user_data == 100 + done && completion->res == 0) ++done;
    io_uring_cqe_seen(&uring.ring, completion);
  }
  return done;
}

void a_ring_has_no_descriptor(void**) {
  SKIP_WITHOUT_RING();
  int before = 0, during = 0;
  in_thread([&] {
    before = open_descriptors();
    Uring uring;
    if (open_uring(uring, 8) != 0) return;
    during = open_descriptors();
    close_uring(uring);
  });
  assert_int_equal(during, before);
}

void a_ring_takes_as_many_as_it_was_made_for(void**) {
  SKIP_WITHOUT_RING();
  for (const unsigned entries : {1U, 4U, 8U, 64U}) {
    unsigned done = 0;
    in_thread([&] {
      Uring uring;
      if (open_uring(uring, entries) != 0) return;
      // Again and again: the queues go round.
      done = entries;
      for (int round = 0; round < 5 && done == entries; ++round) done = nothings_done(uring, entries);
      close_uring(uring);
    });
    assert_int_equal(done, entries);
  }
}

// Its queues need several pages, which an older kernel refuses: then it is smaller.
void a_large_ring_is_made_or_a_smaller_one(void**) {
  SKIP_WITHOUT_RING();
  for (const unsigned entries : {256U, 4096U}) {
    int error = -1;
    unsigned room = 0, done = 0;
    in_thread([&] {
      Uring uring;
      error = open_uring(uring, entries);
      if (error != 0) return;
      room = uring.ring.sq.ring_entries;
      done = nothings_done(uring, room);
      close_uring(uring);
    });
    assert_int_equal(error, 0);
    assert_in_range(room, 64, entries);
    assert_int_equal(done, room);
  }
}

void a_ring_can_be_made_after_another(void**) {
  SKIP_WITHOUT_RING();
  for (int i = 0; i < 50; ++i) assert_int_equal(error_of_opening(), 0);
}

void without_memory_there_is_no_ring(void**) {
  Uring uring;
  const WithoutMemory none;
  assert_int_equal(open_uring(uring, 8), ENOMEM);
}

// Refuses one system call, where its first argument (an opcode of io_uring_register: the second) is at least `from`.
bool refuse(int number, int argument, unsigned from, int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               static_cast<unsigned>(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * static_cast<unsigned>(argument))),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, from, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Lines of the memory map: what is not given back is a line more.
int mappings() {
  FILE* file = fopen("/proc/self/maps", "re");
  int lines = 0;
  for (int c; file != nullptr && (c = fgetc(file)) != EOF;) lines += c == '\n';
  if (file != nullptr) fclose(file);
  return lines;
}

void the_kernels_refusal_is_told_and_leaves_no_memory_behind(void**) {
  for (const int error : {EPERM, ENOSYS, EINVAL, ENOMEM}) {
    const int status = in_child([error] {
      if (!refuse(SYS_io_uring_setup, 0, 0, error)) return 77;
      Uring uring;
      if (open_uring(uring, 256) != error) return 1;
      const int before = mappings();
      for (int i = 0; i < 20; ++i) {
        if (open_uring(uring, 256) != error) return 1;
      }
      return mappings() == before ? 0 : 2;
    });
    if (status == 77) return SKIP("no seccomp filter may be entered here");
    assert_int_equal(status, 0);
  }
}

// As before Linux 6.10: only a ring whose queues are one page each.
void where_the_kernel_wants_one_page_the_ring_is_smaller(void**) {
  SKIP_WITHOUT_RING();
  const int status = in_child([] {
    if (!refuse(SYS_io_uring_setup, 0, 65, EINVAL)) return 77;
    Uring uring;
    if (open_uring(uring, 256) != 0) return 1;
    if (uring.ring.sq.ring_entries != 64) return 2;
    return nothings_done(uring, 64) == 64 ? 0 : 3;
  });
  if (status == 77) return SKIP("no seccomp filter may be entered here");
  assert_int_equal(status, 0);
}

// The probe fails: as on a kernel that knows rings without a descriptor, but no waiting on a futex (6.5 and 6.6).
void a_ring_that_cannot_wait_on_a_futex_is_none(void**) {
  SKIP_WITHOUT_RING();
  const int status = in_child([] {
    if (!refuse(SYS_io_uring_register, 1, 0, EINVAL)) return 77;
    Uring uring;
    return open_uring(uring, 8) == EOPNOTSUPP ? 0 : 1;
  });
  if (status == 77) return SKIP("no seccomp filter may be entered here");
  assert_int_equal(status, 0);
}

// It is the parent's; the child's own is another.
void a_child_does_not_have_the_memory(void**) {
  SKIP_WITHOUT_RING();
  int status = -1;
  in_thread([&] {
    Uring uring;
    if (open_uring(uring, 8) != 0) return;
    status = in_child([&] {
      unsigned char resident;
      errno = 0;
      return mincore(uring.memory, 4096, &resident) == -1 && errno == ENOMEM ? 0 : 1;
    });
    close_uring(uring);
  });
  assert_int_equal(status, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_ring_has_no_descriptor), cmocka_unit_test(a_ring_takes_as_many_as_it_was_made_for),
           cmocka_unit_test(a_large_ring_is_made_or_a_smaller_one), cmocka_unit_test(a_ring_can_be_made_after_another),
           cmocka_unit_test(without_memory_there_is_no_ring),
           cmocka_unit_test(the_kernels_refusal_is_told_and_leaves_no_memory_behind),
           cmocka_unit_test(where_the_kernel_wants_one_page_the_ring_is_smaller),
           cmocka_unit_test(a_ring_that_cannot_wait_on_a_futex_is_none),
           cmocka_unit_test(a_child_does_not_have_the_memory))
