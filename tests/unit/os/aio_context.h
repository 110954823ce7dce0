// SPDX-License-Identifier: MIT
// aio_context.h: a context of the true kernel for one test. What is in flight is a poll of its pipe (IOCB_CMD_POLL, Linux
// 4.18), which ends when the test feeds it. And threads that wait, and what refuses or interrupts them.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "os/clock.h"
#include "os/kernel_aio.h"
#include "unit.h"

namespace atomrt::unit {

using namespace os;

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif
#ifdef SYS_io_pgetevents_time64
constexpr int GET_EVENTS = SYS_io_pgetevents_time64;
#else
constexpr int GET_EVENTS = SYS_io_pgetevents;
#endif
constexpr KernelSignalSet NO_SIGNALS = 0;
constexpr unsigned ROOM = 8;

struct Pipe {
  int out, in;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
  ~Pipe() {
    close(out);
    close(in);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void feed() const {
    if (write(in, "x", 1) != 1) abort();
  }
};

inline iocb poll_of(int fd, std::uint64_t data) {
  iocb poll{};
  poll.aio_data = data;
  poll.aio_lio_opcode = IOCB_CMD_POLL;
  poll.aio_fildes = static_cast<std::uint32_t>(fd);
  poll.aio_buf = POLLIN;
  return poll;
}

struct Fixture {
  Pipe pipe;
  CompletionRing* ring = nullptr;
  explicit Fixture(unsigned requests = ROOM) {
    const auto made = make_aio_context(requests);
    if (made) {
      ring = *made;
    } else {
      print_message("no context of kernel AIO: %s\n", strerror(made.error()));
    }
  }
  ~Fixture() { give_back(); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void give_back() {
    if (ring != nullptr) destroy_aio_context(ring);
    ring = nullptr;
  }
  [[nodiscard]] long submit(iocb transfer) const {
    iocb* all[] = {&transfer};
    return submit_aio(ring, all, 1);
  }
  void poll(std::uint64_t data = 1) const { assert_int_equal(submit(poll_of(pipe.out, data)), 1); }
  [[nodiscard]] unsigned events() const {
    return (ring->tail.load(std::memory_order_acquire) + ring->size - ring->head.load()) % ring->size;
  }
  void consume() const { ring->head.store(ring->tail.load(std::memory_order_acquire), std::memory_order_release); }
  [[nodiscard]] int wait_no_longer() const { return wait_for_event(ring, NO_SIGNALS, now_ns()); }
};
#define SKIP_WITHOUT_CONTEXT(fixture)               \
  if ((fixture).ring == nullptr) {                  \
    SKIP("this kernel gives no context for AIO");   \
    return;                                         \
  }

// One system call fails from here on, in this process.
inline bool refuse(int number, int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// As the kernel maps them.
inline int mapped_contexts() {
  FILE* file = fopen("/proc/self/maps", "re");
  char line[512];
  int count = 0;
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr) count += strstr(line, "[aio]") != nullptr;
  if (file != nullptr) fclose(file);
  return count;
}

// Its data is in memory.
struct TestFile {
  char name[32] = "/tmp/atomrt-unit-XXXXXX";
  int fd = mkostemp(name, O_CLOEXEC);
  TestFile() {
    if (fd < 0 || pwrite(fd, "0123456789abcdef", 16, 0) != 16) abort();
    unlink(name);
  }
  ~TestFile() { close(fd); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
};

// A thread in a wait, and how it ended.
struct Sleep {
  std::atomic<int> thread{0}, outcome{-1};
  void run(const Fixture& f, KernelSignalSet mask, std::int64_t deadline) {
    thread.store(gettid());
    outcome.store(wait_for_event(f.ring, mask, deadline));
  }
  bool has_begun() {
    return eventually([this] { return thread != 0 && is_asleep(thread); });
  }
};

inline std::atomic<int> handled{0};
inline void install(int flags) {
  handled.store(0);
  struct sigaction action {};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

}  // namespace atomrt::unit
