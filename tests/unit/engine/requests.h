// SPDX-License-Identifier: MIT
// requests.h: requests to the real engine of the test process, on memory files and pipes, and a gate in front of what
// library threads perform (exec::perform is wrapped). For one file of a test program.
#pragma once

#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "chain/build.h"
#include "chain/stand.h"
#include "engine/cancel.h"
#include "engine/engine.h"
#include "engine/submit.h"
#include "exec/perform.h"
#include "os/signals.h"

namespace atomrt::unit {

// Where library threads wait before an operation at an offset, or a sync. The test's own thread, which may be a waiter,
// never does.
inline Gate perform_gate;
inline std::atomic<int> performed_by_the_test{0};
inline os::KernelSignalSet mask_when_performed = 0;

inline void open_gate() { perform_gate.open(); }
inline void close_gate() { perform_gate.close(); }

inline bool waits_for_peer(chain::Place place) {
  return place == chain::Place::BLOCKED || place == chain::Place::POLLED || place == chain::Place::POLLED_APART;
}

// One aiocb and its buffer; as a program would have it.
struct Aio {
  struct aiocb block {};
  char buffer[64] = {};
  int submitted = -1;

  Aio() { block.aio_sigevent.sigev_notify = SIGEV_NONE; }
  // Its memory is in use up to the end of the request.
  ~Aio() {
    if (submitted != 0 || is_over()) return;
    open_gate();
    [[maybe_unused]] const int outcome = engine::cancel_one(block.aio_fildes, &block);
    if (!eventually([this] { return is_over(); })) abort();
  }
  Aio(const Aio&) = delete;
  Aio& operator=(const Aio&) = delete;

  Aio& submit(int fd, chain::Operation operation, std::size_t length = 4) {
    return submit(fd, operation, buffer, length);
  }
  Aio& submit(int fd, chain::Operation operation, void* memory, std::size_t length) {
    block.aio_fildes = fd;
    block.aio_buf = memory;
    block.aio_nbytes = length;
    chain::Request request = chain::build(&block, operation);
    exec::Budget budget(exec::Budget::ONE_CALL);
    submitted = engine::submit(request, budget);
    return *this;
  }
  Aio& read(int fd, std::size_t length = 4) { return submit(fd, chain::Operation::READ, length); }
  Aio& write(int fd, const char* text) {
    strncpy(buffer, text, sizeof buffer - 1);
    return submit(fd, chain::Operation::WRITE, strlen(text));
  }
  Aio& sync(int fd) { return submit(fd, chain::Operation::FSYNC); }
  Aio& with_signal(int number) {
    block.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    block.aio_sigevent.sigev_signo = number;
    return *this;
  }

  [[nodiscard]] int error() const { return aiocb::load_error(&block); }
  [[nodiscard]] long result() const { return aiocb::load_return_value(&block); }
  [[nodiscard]] bool is_over() const { return error() != EINPROGRESS; }
  // Null where the request never became a chain.
  [[nodiscard]] chain::Chain* chain() const {
    return engine::running_engine()->registry.chains.at(aiocb::load_name(&block).number);
  }
  [[nodiscard]] chain::Place place() const { return place_of(*chain()); }
  void ends_with(int expected_error, long expected_result) const {
    assert_true(eventually([this] { return is_over(); }));
    assert_int_equal(error(), expected_error);
    assert_int_equal(result(), expected_result);
  }
};

struct MemoryFile {
  int fd = memfd_create("unit", MFD_CLOEXEC);
  explicit MemoryFile(const char* text = "abcdefgh") {
    if (::write(fd, text, strlen(text)) < 0) abort();
  }
  ~MemoryFile() { close(fd); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
};

// Opened for both ways: kernel AIO does not poll it.
struct Fifo {
  int fd;
  Fifo() {
    int ends[2];
    char path[32];
    if (pipe2(ends, O_CLOEXEC) != 0) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    close(ends[0]);
    close(ends[1]);
  }
  ~Fifo() { close(fd); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;
};

struct Pipe {
  int out, in;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
  ~Pipe() {
    close(out);
    close(in);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

inline engine::Engine& the_engine() { return *engine::engine(); }

// Nothing is left of any request, but threads.
inline bool is_idle() {
  engine::Engine& engine = the_engine();
  for (std::uint32_t number = 1; number <= engine.registry.chains.made(); ++number) {
    if (place_of(*engine.registry.chains.at(number)) != chain::Place::FREE) return false;
  }
  return engine.streams.load() == 0;
}

// The test's end: what waits at the gate goes on, everything ends, and the threads leave.
inline int settle(void**) {
  open_gate();
  if (engine::running_engine() == nullptr) return 0;
  if (!eventually([] { return is_idle(); })) return -1;
  engine::set_threads(1, 0);
  const auto is_gone = [] {
    the_engine().workers.nudge();
    return the_engine().workers.threads() == 0 && threads_named("atomrt-worker") == 0;
  };
  return eventually(is_gone) ? 0 : -1;
}
inline int prepare(void**) {
  open_gate();
  performed_by_the_test.store(0);
  return 0;
}

}  // namespace atomrt::unit

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, atomrt::unit::prepare, atomrt::unit::settle)

extern "C" long real_perform(atomrt::chain::Chain&) __asm__("__real__ZN6atomrt4exec7performERNS_5chain5ChainE");
extern "C" long gated_perform(atomrt::chain::Chain&) __asm__("__wrap__ZN6atomrt4exec7performERNS_5chain5ChainE");
extern "C" long gated_perform(atomrt::chain::Chain& chain) {
  if (gettid() == getpid()) {
    atomrt::unit::performed_by_the_test.fetch_add(1);
    atomrt::unit::mask_when_performed = atomrt::os::block_signals(0);
  } else {
    atomrt::unit::perform_gate.pass();
  }
  return real_perform(chain);
}
