// SPDX-License-Identifier: MIT
// duplicates: what a child has of them, whenever it was forked.
#include "engine/duplicates.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <functional>

#include "unit.h"

namespace {

using namespace atomrt::engine;

struct File {
  int fd = memfd_create("unit", MFD_CLOEXEC);
  ~File() { close(fd); }
};

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// The exit status of a child that does no more than this.
template <typename Work>
int in_child(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

// Handlers of the test's that were registered first run behind the library's: in the middle of a fork.
std::function<void()> in_fork;
void run_in_fork() {
  if (in_fork) in_fork();
}

void a_child_has_none(void**) {
  assert_true(heed_forks());
  File file;
  Duplicate made{};
  assert_true(make_duplicate(file.fd, made));
  assert_true(is_duplicate(made.fd));
  assert_int_equal(lowest_duplicate(0, ~0U), made.fd);
  assert_int_equal(in_child([&] { return is_open(made.fd) || is_duplicate(made.fd); }), 0);
  assert_true(is_open(made.fd));
  close_duplicate(made);
  assert_false(is_open(made.fd));
  assert_false(is_duplicate(made.fd));
}

// The kernel copies the descriptors first and the memory later. Closed in between: the child has the one, and its memory
// says that there is none.
void one_that_is_closed_while_a_fork_is_under_way_is_closed_in_the_child(void**) {
  assert_true(heed_forks());
  File file;
  Duplicate made{};
  assert_true(make_duplicate(file.fd, made));
  in_fork = [&] {
    close_duplicate(made);
    if (dup3(file.fd, made.fd, O_CLOEXEC) != made.fd) abort();
  };
  assert_int_equal(in_child([&] { return is_open(made.fd); }), 0);
  in_fork = nullptr;
  assert_false(is_duplicate(made.fd));
  close(made.fd);
}

void what_the_application_has_under_its_number_is_left_alone(void**) {
  assert_true(heed_forks());
  File file, other;
  Duplicate made{};
  assert_true(make_duplicate(file.fd, made));
  in_fork = [&] {
    close_duplicate(made);
    if (dup3(other.fd, made.fd, O_CLOEXEC) != made.fd) abort();
  };
  assert_int_equal(in_child([&] { return !is_open(made.fd); }), 0);
  in_fork = nullptr;
  // Nor is it closed in a child when the fork is over, whatever it is.
  assert_int_equal(dup3(file.fd, made.fd, O_CLOEXEC), made.fd);
  assert_int_equal(in_child([&] { return !is_open(made.fd); }), 0);
  close(made.fd);
}

void all_that_one_fork_sees_closed_are_remembered(void**) {
  assert_true(heed_forks());
  constexpr int MANY = 3000;
  File file;
  Duplicate made{};
  assert_true(make_duplicate(file.fd, made));
  in_fork = [&] {
    close_duplicate(made);
    if (dup3(file.fd, made.fd, O_CLOEXEC) != made.fd) abort();
    for (int i = 0; i < MANY; ++i) {
      Duplicate next{};
      if (!make_duplicate(file.fd, next)) abort();
      close_duplicate(next);
    }
  };
  assert_int_equal(in_child([&] { return is_open(made.fd); }), 0);
  in_fork = nullptr;
  close(made.fd);
}

// It may be this very thread that a look waits for: it has interrupted itself with the loader's lock held.
void a_fork_goes_on_beside_a_look_and_its_child_never_looks(void**) {
  assert_true(begin_look() == MayLook::YES);
  assert_int_equal(in_child([] { return begin_look() != MayLook::NEVER; }), 0);
  end_look();
  assert_int_equal(in_child([] { return begin_look() != MayLook::YES; }), 0);
}

void nobody_looks_while_another_thread_goes_through_the_objects(void**) {
  static std::atomic<bool> is_in{false}, may_go{false};
  atomrt::unit::Thread other([] {
    dl_iterate_phdr(
        [](dl_phdr_info*, size_t, void*) {
          is_in.store(true);
          if (!atomrt::unit::eventually([] { return may_go.load(); })) abort();
          return 1;
        },
        nullptr);
  });
  assert_true(atomrt::unit::eventually([] { return is_in.load(); }));
  const MayLook beside = begin_look();
  may_go.store(true);
  other.join();
  assert_true(beside == MayLook::NOT_NOW);
  assert_true(begin_look() == MayLook::YES);
  end_look();
}

void nobody_begins_to_look_while_a_fork_is_under_way(void**) {
  MayLook may_look = MayLook::YES;
  in_fork = [&] { may_look = begin_look(); };
  assert_int_equal(in_child([] { return 0; }), 0);
  in_fork = nullptr;
  assert_int_equal(static_cast<int>(may_look), static_cast<int>(MayLook::NOT_NOW));
  assert_int_equal(static_cast<int>(begin_look()), static_cast<int>(MayLook::YES));
  end_look();
}

// Refuses fcntl for the rest of the process: one command, or all.
bool refuse_fcntl(unsigned command, bool all) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, all ? 0 : command, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool is_file_of(int fd, int other) {
  struct stat status, of_other;
  return fstat(fd, &status) == 0 && fstat(other, &of_other) == 0 && status.st_ino == of_other.st_ino;
}

void one_is_made_where_a_filter_refuses_the_usual_way(void**) {
  assert_true(heed_forks());
  for (const bool all : {false, true}) {
    File file;
    const int status = in_child([&] {
      constexpr int NO_FILTERS = 77;
      Duplicate made{};
      if (!refuse_fcntl(F_DUPFD_CLOEXEC, all)) return NO_FILTERS;
      if (!make_duplicate(file.fd, made)) return 1;
      if (!is_file_of(made.fd, file.fd)) return 2;
      if (!all && fcntl(made.fd, F_GETFD) != FD_CLOEXEC) return 3;
      const int grandchild = in_child([&] { return is_file_of(made.fd, file.fd); });
      if (grandchild != 0) return 4;
      close_duplicate(made);
      return is_file_of(made.fd, file.fd) ? 5 : 0;
    });
    if (status == 77) SKIP("no filters here");
    assert_int_equal(status, 0);
  }
}

// Before the library's own constructor.
[[gnu::constructor(101)]] void register_first() { pthread_atfork(run_in_fork, nullptr, nullptr); }

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_child_has_none),
           cmocka_unit_test(one_that_is_closed_while_a_fork_is_under_way_is_closed_in_the_child),
           cmocka_unit_test(what_the_application_has_under_its_number_is_left_alone),
           cmocka_unit_test(all_that_one_fork_sees_closed_are_remembered),
           cmocka_unit_test(a_fork_goes_on_beside_a_look_and_its_child_never_looks),
           cmocka_unit_test(nobody_looks_while_another_thread_goes_through_the_objects),
           cmocka_unit_test(one_is_made_where_a_filter_refuses_the_usual_way),
           cmocka_unit_test(nobody_begins_to_look_while_a_fork_is_under_way))
