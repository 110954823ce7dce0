// SPDX-License-Identifier: MIT
// file: what the kernel says of a descriptor, and transfers that neither touch errno nor act on a pending cancellation.
// Works on pipes, sockets and memory files.
#include "os/file.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "os/descriptors.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;
using atomrt::unit::File;
using atomrt::unit::Pipe;
using atomrt::unit::Sockets;
using atomrt::unit::Thread;

void fill(int fd) {
  char bytes[4096] = {};
  while (write_next_now(fd, bytes, sizeof bytes, false) > 0) {
  }
}

// Memory files know no transfers without waiting.
int open_disk_file(int flags) {
  char name[] = "unit-XXXXXX";
  const int fd = mkstemp(name), wanted = flags == 0 ? dup(fd) : open(name, O_RDWR | flags);
  assert_int_equal(ftruncate(fd, 8192), 0);
  unlink(name);
  close(fd);
  return wanted;
}

void a_read_of_memory_is_whole_wherever_it_goes(void**) {
  const int fd = open_disk_file(0);
  char pattern[3000], bytes[2 * 4096] = {};
  for (int i = 0; i < 3000; ++i) pattern[i] = static_cast<char>(i % 251 + 1);
  assert_int_equal(pwrite(fd, pattern, sizeof pattern, 0), sizeof pattern);
  assert_int_equal(pwrite(fd, pattern, 1000, 7192), 1000);
  char* const page = bytes + (4096 - reinterpret_cast<std::uintptr_t>(bytes) % 4096);
  for (const std::size_t length : {2UL, 3UL, 1000UL, 2999UL, 3000UL}) {
    std::memset(bytes, 0, sizeof bytes);
    assert_int_equal(read_memory_at_now(fd, page - 2, length, 0), length);
    assert_memory_equal(page - 2, pattern, length);
    assert_true(page[-3] == 0 && page[static_cast<long>(length) - 2] == 0);
  }
  assert_int_equal(read_memory_at_now(fd, page, 4000, 4192 + 3000), 1000);
  assert_int_equal(read_memory_at_now(fd, page, 4000, 8192), 0);
  assert_int_equal(read_memory_at_now(fd, page, 0, 0), 0);
  // These are for read_at_now.
  assert_int_equal(read_memory_at_now(fd, page, 1, 0), -EINVAL);
  assert_int_equal(read_memory_at_now(fd, page - 1, 100, 0), -EINVAL);
  assert_int_equal(read_memory_at_now(fd, page, 100, 8191), -EINVAL);  // one byte is left
  close(fd);
}

void a_read_of_memory_touches_no_page_that_the_kernel_could_not_write(void**) {
  const int fd = open_disk_file(0);
  char block[4096] = {};
  assert_int_equal(pwrite(fd, block, sizeof block, 0), sizeof block);
  char* const pages = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  assert_int_equal(mprotect(pages, 4096, PROT_NONE), 0);
  assert_int_equal(read_memory_at_now(fd, pages + 4095, 100, 0), -EINVAL);
  assert_true(read_memory_at_now(fd, pages + 4000, 1000, 0) < 0);
  assert_int_equal(read_memory_at_now(fd, pages + 4096, 100, 0), 100);
  assert_int_equal(mprotect(pages, 8192, PROT_READ), 0);
  assert_true(read_memory_at_now(fd, pages + 4096, 100, 0) < 0);
  munmap(pages, 8192);
  close(fd);
}

void a_read_of_memory_is_refused_by_o_direct(void**) {
  const int fd = open_disk_file(O_DIRECT);
  if (fd < 0) return;
  alignas(4096) static char bytes[8192];
  for (const std::size_t length : {512UL, 4096UL, 8192UL}) {
    const long result = read_memory_at_now(fd, bytes, length, 0);
    assert_true(result == -EINVAL || result == -EAGAIN || result > 0);  // > 0: a file system that looks into memory
  }
  close(fd);
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
  SKIP_WITHOUT_NOWAIT_PIPES();
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
  SKIP_WITHOUT_NOWAIT_PIPES();
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
  SKIP_WITHOUT_NOWAIT_PIPES();
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
  SKIP_WITHOUT_NOWAIT_PIPES();
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

void a_file_is_cut_anywhere(void**) {
  const int fd = memfd_create("unit", MFD_CLOEXEC);
  constexpr std::int64_t FIVE_GB = std::int64_t{5} << 30;
  for (const std::int64_t size : {FIVE_GB + 3, std::int64_t{3}, std::int64_t{0}}) {
    assert_int_equal(cut_file(fd, size), 0);
    assert_true(lseek64(fd, 0, SEEK_END) == size);
  }
  assert_int_equal(cut_file(fd, -1), -EINVAL);
  close(fd);
  assert_int_equal(cut_file(fd, 1), -EBADF);
}

void a_terminal_polls_for_more_than_a_read_gets(void**) {
  const int control = posix_openpt(O_RDWR | O_NOCTTY);
  if (control < 0 || grantpt(control) != 0 || unlockpt(control) != 0) SKIP("no terminals here");
  const int terminal = open(ptsname(control), O_RDWR | O_NOCTTY);
  if (terminal < 0) SKIP("no terminals here");
  termios settings{};
  assert_int_equal(tcgetattr(terminal, &settings), 0);
  assert_true((settings.c_lflag & ICANON) != 0 && !is_terminal_that_polls_for_more(terminal, 4));  // by lines
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON);
  const auto polls_for_more = [&](cc_t least, cc_t tenths_of_seconds) {
    settings.c_cc[VMIN] = least;
    settings.c_cc[VTIME] = tenths_of_seconds;
    if (tcsetattr(terminal, TCSANOW, &settings) != 0) abort();
    return is_terminal_that_polls_for_more(terminal, 4);
  };
  assert_true(polls_for_more(0, 0) && polls_for_more(0, 1));  // it is readable without data
  assert_false(polls_for_more(1, 0) || polls_for_more(4, 0));
  assert_true(polls_for_more(5, 0));
  assert_false(polls_for_more(5, 1));
  const Pipe no_terminal;
  assert_false(is_terminal_that_polls_for_more(no_terminal.out, 4));
  close(terminal);
  close(control);
}

void marks_and_timeouts_are_those_of_sockets(void**) {
  const Sockets sockets;
  const Pipe no_socket;
  assert_int_equal(low_mark(sockets.out), 1);
  constexpr int MARK = 4;
  assert_int_equal(setsockopt(sockets.out, SOL_SOCKET, SO_RCVLOWAT, &MARK, sizeof MARK), 0);
  assert_int_equal(low_mark(sockets.out), 4);
  int datagrams[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
  assert_int_equal(setsockopt(datagrams[0], SOL_SOCKET, SO_RCVLOWAT, &MARK, sizeof MARK), 0);
  assert_int_equal(low_mark(datagrams[0]), 1);  // a message is whole
  assert_int_equal(low_mark(no_socket.out), 1);
  for (const bool for_writing : {false, true}) {
    assert_false(has_timeout(sockets.out, for_writing) || has_timeout(no_socket.out, for_writing));
  }
  for (const timeval time : {timeval{1, 0}, timeval{0, 500'000}}) {
    assert_int_equal(setsockopt(sockets.out, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), 0);
    assert_true(has_timeout(sockets.out, false) && !has_timeout(sockets.out, true));
  }
  for (const int end : datagrams) close(end);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_terminal_polls_for_more_than_a_read_gets),
           cmocka_unit_test(marks_and_timeouts_are_those_of_sockets),
           cmocka_unit_test(a_read_of_memory_is_whole_wherever_it_goes), cmocka_unit_test(a_file_is_cut_anywhere),
           cmocka_unit_test(a_read_of_memory_touches_no_page_that_the_kernel_could_not_write),
           cmocka_unit_test(a_read_of_memory_is_refused_by_o_direct),
           cmocka_unit_test(positional_transfers_leave_the_file_position),
           cmocka_unit_test(errors_are_minus_errno),
           cmocka_unit_test(lengths_are_cut),
           cmocka_unit_test(offsets_beyond_four_gigabytes_arrive),
           cmocka_unit_test(a_stream_that_is_not_ready_is_eagain),
           cmocka_unit_test(a_stream_that_is_ready_moves_data_at_once),
           cmocka_unit_test(a_socket_without_peer_is_epipe_and_no_signal),
           cmocka_unit_test(a_read_of_no_bytes_takes_nothing),
           cmocka_unit_test(a_transfer_without_waiting_moves_data_or_refuses),
           cmocka_unit_test(syncing_works_both_ways),
           cmocka_unit_test(readiness_is_told_without_waiting),
           cmocka_unit_test(a_wait_for_the_peer_survives_signals),
           cmocka_unit_test(a_pending_cancellation_does_not_act))
