// SPDX-License-Identifier: MIT
// identity: what the kernel says of descriptors of all sorts. Works on pipes, sockets and memory files.
#include "os/identity.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "os/descriptors.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;
using atomrt::unit::File;
using atomrt::unit::Pipe;
using atomrt::unit::Sockets;
using atomrt::unit::Thread;

void status_flags_are_those_of_the_open_file(void**) {
  const int fd = open("/dev/null", O_WRONLY | O_APPEND | O_NONBLOCK);
  const int flags = status_flags(fd).value();
  assert_int_equal(flags & O_ACCMODE, O_WRONLY);
  assert_true((flags & O_APPEND) != 0 && (flags & O_NONBLOCK) != 0 && (flags & O_DIRECT) == 0);
  close(fd);
  errno = 1234;
  assert_int_equal(status_flags(fd).error(), EBADF);
  assert_int_equal(status_flags(-1).error(), EBADF);
  assert_int_equal(errno, 1234);
}

void duplicates_are_one_file(void**) {
  File file, other;
  const int duplicate = dup(file.fd);
  const FileIdentity a = identify(file.fd).value(), b = identify(duplicate).value(), c = identify(other.fd).value();
  assert_true(a.device == b.device && a.inode == b.inode);
  assert_true(a.device != c.device || a.inode != c.inode);
  assert_true(a.kind == FileKind::POSITIONAL && a.is_regular && !a.is_socket && !a.is_shared_inode);
  close(duplicate);
}

void pipes_and_sockets_are_streams(void**) {
  Pipe pipe;
  Sockets sockets;
  const FileIdentity a = identify(pipe.out).value(), b = identify(sockets.out).value();
  assert_true(a.kind == FileKind::STREAM && !a.is_socket && !a.is_regular && !a.is_shared_inode);
  assert_true(b.kind == FileKind::STREAM && b.is_socket && !b.is_regular && !b.is_shared_inode);
}

void a_terminal_is_a_stream_whose_inode_says_nothing(void**) {
  const int fd = posix_openpt(O_RDWR | O_NOCTTY);
  const FileIdentity identity = identify(fd).value();
  assert_true(identity.kind == FileKind::STREAM && identity.is_shared_inode && !identity.is_socket);
  close(fd);
}

// The kernel lets eventfd, timerfd, signalfd and inotify seek to no effect, and refuses pread all the same.
void an_eventfd_is_a_stream_whose_inode_says_nothing(void**) {
  const int fd = eventfd(0, 0);
  const FileIdentity identity = identify(fd).value();
  close(fd);
  assert_true(identity.is_shared_inode);
  assert_int_equal(identity.kind, FileKind::STREAM);
}

void a_device_that_may_wait_takes_offsets_and_its_inode_says_nothing(void**) {
  const int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);
  const FileIdentity identity = identify(fd).value();
  assert_true(identity.kind == FileKind::STREAM && identity.is_at_offset);
  assert_true(identity.is_shared_inode && !identity.is_regular);
  close(fd);
  assert_int_equal(identify(fd).error(), EBADF);
}

void a_device_of_memory_is_positional_and_its_inode_says_nothing(void**) {
  for (const char* name : {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"}) {
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    const FileIdentity identity = identify(fd).value();
    assert_true(identity.kind == FileKind::POSITIONAL && !identity.is_at_offset);
    assert_true(identity.is_shared_inode && !identity.is_regular);
    close(fd);
  }
}

// Of a regular file what ends before the end; of devices what memory gives, which stops for other threads.
void a_short_read_is_whole_but_within_files_and_of_memory(void**) {
  const int file = memfd_create("unit", MFD_CLOEXEC);
  assert_int_equal(ftruncate(file, 1000), 0);
  assert_false(is_short_read_whole(file, 999));
  assert_true(is_short_read_whole(file, 1000));
  close(file);
  assert_true(is_short_read_whole(file, 0));
  const int random = open("/dev/random", O_RDONLY | O_CLOEXEC), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  assert_true(is_short_read_whole(random, 0));
  assert_false(is_short_read_whole(zero, 0));
  close(random);
  close(zero);
}

// Linux 6.8 and later say it; before, nobody does.
void a_mount_has_one_number_by_whatever_name(void**) {
  const int folder = open("/proc", O_RDONLY), file = open("/proc/self/status", O_RDONLY);
  File memory;
  const auto of_folder = identify(folder).value(), of_file = identify(file).value(), elsewhere = identify(memory.fd).value();
  assert_int_equal(of_folder.mount, of_file.mount);
  assert_true(elsewhere.mount != of_file.mount || of_file.mount == 0);
  struct utsname system;
  uname(&system);
  int version = 0, minor = 0;
  sscanf(system.release, "%d.%d", &version, &minor);
  if (version * 100 + minor >= 608) assert_int_not_equal(of_file.mount, 0);
  close(folder);
  close(file);
}

bool is_local(int fd) { return is_on_local_storage(fd, identify(fd).value()); }

void storage_is_local_where_the_file_system_is_known_to_be(void**) {
  File memory;
  Pipe pipe;
  assert_true(is_local(memory.fd));  // tmpfs
  assert_false(is_local(pipe.in));
  const int proc = open("/proc/self/status", O_RDONLY);
  assert_false(is_local(proc));
  close(proc);
}

// As from a chroot that is no mount point: the kernel tells nothing of a mount that no path leads to.
void a_mount_that_cannot_be_asked_about_is_looked_at_by_its_file_system(void**) {
  char path[] = "identity-XXXXXX";
  const int file = mkstemp(path);
  assert_true(file >= 0);
  unlink(path);
  auto identity = identify(file).value();
  identity.mount = 0;
  const bool is_local_by_file_system = is_on_local_storage(file, identity);
  identity.mount = 1;  // the numbers of mounts begin beyond 2^31
  assert_int_equal(is_on_local_storage(file, identity), is_local_by_file_system);
  close(file);
}

#ifdef SYS_fstatat64
constexpr long NEWER_STAT = SYS_fstatat64, OLDER_STAT = SYS_fstat64;
#else
constexpr long NEWER_STAT = SYS_newfstatat, OLDER_STAT = SYS_fstat;
#endif

// A filter from here on: statx and one more call are refused. False: this machine has none.
bool refuse_statx_and(long number, int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void a_filter_may_know_one_way_to_ask_alone(void**) {
  File memory;
  const FileIdentity known = identify(memory.fd).value();
  for (const int error : {EPERM, EACCES, ENOSYS}) {
    for (const long refused : {OLDER_STAT, NEWER_STAT}) {
      const pid_t child = fork();
      if (child == 0) {
        if (!refuse_statx_and(refused, error)) _exit(77);
        const auto found = identify(memory.fd);
        const auto numbers = file_numbers(memory.fd);
      const bool is_same = found.has_value() && found.value().inode == known.inode && numbers &&
                           *numbers == FileNumbers{known.device, known.inode} &&
                             found.value().device == known.device && found.value().is_regular;
        _exit(is_same ? 0 : 1);
      }
      int status = 0;
      assert_int_equal(waitpid(child, &status, 0), child);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 77) SKIP("no seccomp filter may be entered here");
      assert_int_equal(status, 0);
    }
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(status_flags_are_those_of_the_open_file),
           cmocka_unit_test(duplicates_are_one_file),
           cmocka_unit_test(pipes_and_sockets_are_streams),
           cmocka_unit_test(a_terminal_is_a_stream_whose_inode_says_nothing),
           cmocka_unit_test(an_eventfd_is_a_stream_whose_inode_says_nothing),
           cmocka_unit_test(a_device_that_may_wait_takes_offsets_and_its_inode_says_nothing),
           cmocka_unit_test(a_device_of_memory_is_positional_and_its_inode_says_nothing),
           cmocka_unit_test(a_short_read_is_whole_but_within_files_and_of_memory),
           cmocka_unit_test(a_mount_has_one_number_by_whatever_name),
           cmocka_unit_test(storage_is_local_where_the_file_system_is_known_to_be),
           cmocka_unit_test(a_mount_that_cannot_be_asked_about_is_looked_at_by_its_file_system),
           cmocka_unit_test(a_filter_may_know_one_way_to_ask_alone))
