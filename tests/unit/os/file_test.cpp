// file: what the kernel says of a descriptor, and transfers that neither touch errno nor act on a pending cancellation.
// Works on pipes, sockets and memory files.
#include "os/file.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "unit.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;
using atomrt::unit::is_asleep;
using atomrt::unit::Thread;

struct Pair {
  int out = -1, in = -1;  // read from out what was written into in
  ~Pair() {
    close_out();
    close_in();
  }
  void close_out() {
    if (out >= 0) close(out);
    out = -1;
  }
  void close_in() {
    if (in >= 0) close(in);
    in = -1;
  }
};
struct Pipe : Pair {
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
};
struct Sockets : Pair {
  Sockets() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
};
struct File {
  int fd = memfd_create("unit", 0);
  File() {
    if (write_at(fd, "0123456789", 10, 0) != 10) abort();
  }
  ~File() { close(fd); }
};

void fill(int fd) {
  char bytes[4096] = {};
  while (write_next_now(fd, bytes, sizeof bytes, false) > 0) {
  }
}

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

void a_device_that_seeks_is_positional_and_its_inode_says_nothing(void**) {
  const int fd = open("/dev/zero", O_RDWR);
  const FileIdentity identity = identify(fd).value();
  assert_true(identity.kind == FileKind::POSITIONAL && identity.is_shared_inode && !identity.is_regular);
  close(fd);
  assert_int_equal(identify(fd).error(), EBADF);
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

void positional_transfers_leave_the_file_position(void**) {
  File file;
  char buffer[16] = {};
  lseek(file.fd, 3, SEEK_SET);
  assert_int_equal(read_at(file.fd, buffer, 4, 5), 4);
  assert_string_equal(buffer, "5678");
  assert_int_equal(write_at(file.fd, "xy", 2, 9), 2);
  assert_int_equal(read_at(file.fd, buffer, sizeof buffer, 8), 3);
  assert_memory_equal(buffer, "8xy", 3);
  assert_int_equal(read_at(file.fd, buffer, sizeof buffer, 100), 0);
  assert_int_equal(lseek(file.fd, 0, SEEK_CUR), 3);
}

void errors_are_minus_errno(void**) {
  File file;
  Pipe pipe;
  char byte = 0;
  errno = 1234;
  assert_int_equal(read_at(file.fd, &byte, 1, -1), -EINVAL);
  assert_int_equal(write_at(file.fd, &byte, 1, -1), -EINVAL);
  assert_int_equal(read_at(pipe.out, &byte, 1, 0), -ESPIPE);
  assert_int_equal(read_at(-1, &byte, 1, 0), -EBADF);
  assert_int_equal(read_at(file.fd, nullptr, 1, 0), -EFAULT);
  assert_int_equal(read_next(pipe.in, &byte, 1), -EBADF);
  assert_int_equal(sync_file(-1, false), -EBADF);
  assert_int_equal(sync_file(pipe.in, true), -EINVAL);
  assert_int_equal(errno, 1234);
}

// A length that is negative as ssize_t would be EINVAL.
void lengths_are_cut(void**) {
  File file;
  Pipe pipe;
  Sockets sockets;
  static char buffer[64];
  assert_int_equal(read_at(file.fd, buffer, SIZE_MAX, 0), 10);
  assert_int_equal(write_next(pipe.in, "abc", 3), 3);
  assert_int_equal(read_next(pipe.out, buffer, SIZE_MAX), 3);
  assert_int_equal(write_next(pipe.in, "abc", 3), 3);
  assert_int_equal(read_next_now(pipe.out, buffer, SIZE_MAX, false), 3);
  assert_int_equal(write_next(sockets.in, "abcd", 4), 4);
  assert_int_equal(read_next_now(sockets.out, buffer, SIZE_MAX, true), 4);
}

void offsets_beyond_four_gigabytes_arrive(void**) {
  File file;
  constexpr std::int64_t FAR = 5'000'000'001;
  char byte = 0;
  assert_int_equal(write_at(file.fd, "f", 1, FAR), 1);
  assert_int_equal(read_at(file.fd, &byte, 1, FAR), 1);
  assert_int_equal(byte, 'f');
  assert_int_equal(lseek64(file.fd, 0, SEEK_END), FAR + 1);
}

void a_stream_that_is_not_ready_is_eagain(void**) {
  Pipe pipe;
  Sockets sockets;
  char byte = 0;
  assert_int_equal(read_next_now(pipe.out, &byte, 1, false), -EAGAIN);
  assert_int_equal(read_next_now(sockets.out, &byte, 1, true), -EAGAIN);
  fill(pipe.in);
  assert_int_equal(write_next_now(pipe.in, &byte, 1, false), -EAGAIN);
  assert_int_equal(status_flags(pipe.in).value() & O_NONBLOCK, 0);
}

void a_stream_that_is_ready_moves_data_at_once(void**) {
  Pipe pipe;
  Sockets sockets;
  char buffer[8] = {};
  assert_int_equal(write_next_now(pipe.in, "pipe", 4, false), 4);
  assert_int_equal(read_next_now(pipe.out, buffer, 8, false), 4);
  assert_memory_equal(buffer, "pipe", 4);
  assert_int_equal(write_next_now(sockets.in, "sock", 4, true), 4);
  assert_int_equal(read_next_now(sockets.out, buffer, 8, true), 4);
  assert_memory_equal(buffer, "sock", 4);
}

void a_socket_without_peer_is_epipe_and_no_signal(void**) {
  signal(SIGPIPE, SIG_DFL);
  Sockets sockets;
  sockets.close_out();
  assert_int_equal(write_next_now(sockets.in, "x", 1, true), -EPIPE);
}

// recv of no bytes would wait for a message, and take it.
void a_read_of_no_bytes_takes_nothing(void**) {
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
  char buffer[8];
  assert_int_equal(read_next_now(ends[0], buffer, 0, true), 0);
  assert_int_equal(write_next(ends[1], "abc", 3), 3);
  assert_int_equal(read_next_now(ends[0], buffer, 0, true), 0);
  assert_int_equal(read_next_now(ends[0], buffer, sizeof buffer, true), 3);
  close(ends[0]);
  close(ends[1]);
}

// Memory files can't tell whether they would wait; whoever can moves the data.
void a_transfer_without_waiting_moves_data_or_refuses(void**) {
  File file;
  char byte = 0;
  const long result = read_at_now(file.fd, &byte, 1, 1);
  assert_true(result == -EOPNOTSUPP || (result == 1 && byte == '1'));
  const int zero = open("/dev/zero", O_RDWR);
  byte = 1;
  const long now = read_at_now(zero, &byte, 1, 12345);
  close(zero);
  assert_true(now == -EOPNOTSUPP || (now == 1 && byte == 0));
}

void syncing_works_both_ways(void**) {
  char path[] = "/tmp/atomrt-unit-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  assert_int_equal(sync_file(fd, false), 0);
  assert_int_equal(sync_file(fd, true), 0);
  close(fd);
}

void readiness_is_told_without_waiting(void**) {
  Pipe pipe;
  assert_false(wait_until_ready(pipe.out, false, 0));
  assert_true(wait_until_ready(pipe.in, true, 0));
  fill(pipe.in);
  assert_true(wait_until_ready(pipe.out, false, 0));
  assert_false(wait_until_ready(pipe.in, true, 0));
  assert_false(wait_until_ready(pipe.in, true, 1'000'000));
  pipe.close_out();
  assert_true(wait_until_ready(pipe.in, true, 0));  // an error is an answer too
  const int closed = pipe.in;
  pipe.close_in();
  assert_true(wait_until_ready(closed, false, 0));
}

void a_wait_for_the_peer_survives_signals(void**) {
  SKIP_UNDER_TSAN();
  struct sigaction action {};
  static std::atomic<int> handled{0};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  sigaction(SIGUSR1, &action, nullptr);  // without SA_RESTART
  Pipe pipe;
  std::atomic<int> thread{0};
  std::atomic<long> result{-1};
  char buffer[8] = {};
  Thread reader([&] {
    thread.store(gettid());
    result.store(read_next(pipe.out, buffer, sizeof buffer));
  });
  for (int i = 1; i <= 3; ++i) {
    assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
    pthread_kill(reader.id(), SIGUSR1);
    assert_true(eventually([&] { return handled == i; }));
  }
  assert_int_equal(write_next(pipe.in, "late", 4), 4);
  reader.join();
  assert_int_equal(result, 4);
}

void a_pending_cancellation_does_not_act(void**) {
  File file;
  Pipe pipe;
  std::atomic<int> calls{0};
  Thread thread([&] {
    pthread_cancel(pthread_self());
    char byte = 0;
    const auto count = [&](long) { calls.fetch_add(1); };
    count(status_flags(file.fd).value());
    count(identify(file.fd).error());
    count(read_at(file.fd, &byte, 1, 0));
    count(write_at(file.fd, &byte, 1, 0));
    count(write_next(pipe.in, &byte, 1));
    count(read_next(pipe.out, &byte, 1));
    count(read_next_now(pipe.out, &byte, 1, false));
    count(write_next_now(pipe.in, &byte, 1, false));
    count(read_at_now(file.fd, &byte, 1, 0));
    count(sync_file(file.fd, false));
    count(wait_until_ready(pipe.out, false, 0));
  });
  thread.join();
  assert_int_equal(calls, 11);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(status_flags_are_those_of_the_open_file), cmocka_unit_test(duplicates_are_one_file),
           cmocka_unit_test(pipes_and_sockets_are_streams),
           cmocka_unit_test(a_terminal_is_a_stream_whose_inode_says_nothing),
           cmocka_unit_test(an_eventfd_is_a_stream_whose_inode_says_nothing),
           cmocka_unit_test(a_device_that_seeks_is_positional_and_its_inode_says_nothing),
           cmocka_unit_test(a_mount_has_one_number_by_whatever_name),
           cmocka_unit_test(storage_is_local_where_the_file_system_is_known_to_be),
           cmocka_unit_test(positional_transfers_leave_the_file_position), cmocka_unit_test(errors_are_minus_errno),
           cmocka_unit_test(lengths_are_cut), cmocka_unit_test(offsets_beyond_four_gigabytes_arrive),
           cmocka_unit_test(a_stream_that_is_not_ready_is_eagain),
           cmocka_unit_test(a_stream_that_is_ready_moves_data_at_once),
           cmocka_unit_test(a_socket_without_peer_is_epipe_and_no_signal),
           cmocka_unit_test(a_read_of_no_bytes_takes_nothing), cmocka_unit_test(a_transfer_without_waiting_moves_data_or_refuses),
           cmocka_unit_test(syncing_works_both_ways), cmocka_unit_test(readiness_is_told_without_waiting),
           cmocka_unit_test(a_wait_for_the_peer_survives_signals),
           cmocka_unit_test(a_pending_cancellation_does_not_act))
