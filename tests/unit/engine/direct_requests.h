// SPDX-License-Identifier: MIT
// direct_requests.h: direct requests to the real engine that end when the test says so, with what it says. The kernel
// gets a poll of an eventfd in place of each transfer (IOCB_CMD_POLL, Linux 4.18), so that its ring, its sleeps and its
// events are real; what it answers is put in when the event is settled. For one file of a test program, which wraps
// `direct_functions`, exec::perform and pthread_create.
#pragma once

#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "engine/reap.h"
#include "engine/requests.h"
#include "exec/without_threads.h"

namespace atomrt::unit {

constexpr long WHOLE = -100'000;  // all that is left of the transfer
constexpr std::size_t DIRECT_LENGTH = 2048;

// A file that counts as opened for direct transfers. Byte i of it is 'a' + i / 512.
class SlowFile {
 public:
  int fd = memfd_create("unit", MFD_CLOEXEC);
  bool is_asked_first = false;  // its reads are not sent without a question: see engine/sent.h
  std::atomic<long> answer{WHOLE};
  std::atomic<int> refusal{0};      // what io_submit fails with
  std::atomic<int> submitted{0};    // how often the kernel was asked
  std::atomic<int> settled{0};      // events, and by whom the last one
  std::atomic<exec::By> settled_by{exec::By::APPLICATION};

  SlowFile() {
    char text[DIRECT_LENGTH];
    for (std::size_t i = 0; i < sizeof text; ++i) text[i] = static_cast<char>('a' + i / 512);
    if (write(fd, text, sizeof text) != sizeof text || held_ < 0) abort();
    for (std::atomic<SlowFile*>& entry : all_) {
      SlowFile* none = nullptr;
      if (entry.compare_exchange_strong(none, this)) return;
    }
    abort();
  }
  ~SlowFile() {
    for (std::atomic<SlowFile*>& entry : all_) {
      if (entry == this) entry.store(nullptr);
    }
    close(held_);
    close(fd);
  }
  SlowFile(const SlowFile&) = delete;
  SlowFile& operator=(const SlowFile&) = delete;

  // All of its requests complete, now and from now on, as the kernel sees it.
  void let_go(long with = WHOLE) {
    answer.store(with);
    if (eventfd_write(held_, 1) != 0) abort();
  }

  // Those submitted from now on wait again.
  void hold_up() {
    eventfd_t passed;
    if (eventfd_read(held_, &passed) != 0) abort();
    answer.store(WHOLE);
  }

  static SlowFile* under(int fd) {
    for (const std::atomic<SlowFile*>& entry : all_) {
      SlowFile* file = entry.load();
      if (file != nullptr && file->fd == fd) return file;
    }
    return nullptr;
  }

 private:
  friend long submit_poll(os::CompletionRing*, SlowFile&, std::uint64_t);
  inline static std::atomic<SlowFile*> all_[8];
  int held_ = eventfd(0, EFD_CLOEXEC);
};

inline std::atomic<int> poll_refusal{0};  // what io_submit fails with for a stream's poll

// What a handler does that interrupts who is about to enter io_submit, and who comes back from there.
inline void (*before_submission)() = nullptr;
inline void (*after_submission)() = nullptr;

inline std::atomic<int> flags_asked{0};  // how often anybody asked for a slow file's

// Somebody of this process looks, as aio_error does.
inline void look() { engine::reap_if_any(*engine::running_engine()); }

struct SlowRequest : Aio {
  char data[DIRECT_LENGTH] = {};
  SlowFile* file = nullptr;

  SlowRequest() = default;
  ~SlowRequest() {
    if (submitted != 0 || is_over()) return;
    open_gate();
    file->let_go();
    if (!ends_by_looking()) abort();
  }

  SlowRequest& start(SlowFile& of, chain::Operation operation = chain::Operation::READ) {
    file = &of;
    if (of.is_asked_first) the_engine().hints.put(of.fd, exec::Hint::SENT, false);
    submit(of.fd, operation, data, sizeof data);
    return *this;
  }
  [[nodiscard]] bool ends_by_looking() const {
    return eventually([this] {
      look();
      return is_over();
    });
  }
  void ends_when_looked_at(int expected_error, long expected_result) const {
    assert_true(ends_by_looking());
    ends_with(expected_error, expected_result);
  }
};

// A file whose number is known for direct transfers that the kernel takes: the next one comes late, or is sent.
struct LateFile : SlowFile {
  explicit LateFile(bool asks_first = true) {
    is_asked_first = asks_first;
    SlowRequest first;
    first.start(*this);
    let_go();
    first.ends_when_looked_at(0, DIRECT_LENGTH);
    // The next is held up again: its answer is there when the test says so.
    hold_up();
  }
};

// Sleeps in the kernel for an event: how many have begun, the last one's thread and its signal mask.
struct KernelSleeps {
  std::atomic<int> begun{0};
  std::atomic<int> thread{0};
  std::atomic<os::KernelSignalSet> mask{0};
};
inline KernelSleeps kernel_sleeps;
// Waits until that thread sleeps in the kernel; only a fault makes it false.
inline bool sleeps_in_kernel(const std::atomic<int>& thread) {
  return eventually([&] { return thread != 0 && kernel_sleeps.thread == thread && is_asleep(thread); });
}
inline bool reaper_sleeps_in_kernel() {
  return eventually([] {
    const int thread = kernel_sleeps.thread;
    char name[16];
    snprintf(name, sizeof name, "%d", thread);
    return thread != 0 && has_name(name, "atomrt-reaper") && is_asleep(thread);
  });
}

// Nobody leads, and nobody has reason to be led for.
inline bool may_lead() {
  constexpr exec::Direct::Thread NOBODY = 1;
  const os::SignalBlock blocked;
  const bool may = the_engine().direct.at(0).lead(NOBODY, exec::By::APPLICATION);
  the_engine().direct.at(0).stop_leading(NOBODY);
  return may;
}
// The same, or the context has gone meanwhile, and its reaper. Where nothing is in flight: a reaper that has just been
// made has no name yet.
inline bool is_lead_free() { return may_lead() || threads_named("atomrt-reaper") == 0; }

constexpr std::int64_t REAPERS_IDLE_NS = 1'000'000'000'000;

// A test begins without a kernel context and without a reaper. One that comes stays, and takes no event that the test
// waits to see: it looks as often as it thinks of leaving.
inline int prepare_direct(void** state) {
  thread_fault.start_over();
  kernel_sleeps.begun.store(0);
  kernel_sleeps.thread.store(0);
  the_engine().direct.configure(REAPERS_IDLE_NS);
  return prepare(state);
}
// Nor can a reaper be made in it, so that events wait for the test's own threads for as long as they like: one that is
// there looks each second.
inline int prepare_without_reaper(void** state) {
  const int result = prepare_direct(state);
  thread_fault.refused.store(ALL);
  return result;
}
inline int settle_direct(void** state) {
  thread_fault.start_over();
  open_gate();
  const auto is_over = [] {
    look();
    return is_idle();
  };
  if (!eventually(is_over)) return -1;
  the_engine().direct.configure(1);
  exec::Direct& direct = the_engine().direct.at(0);
  if (!direct.add_need(atomrt::exec::MayStart::YES)) return -1;  // a reaper, who gives the context back
  direct.drop_need();
  const auto is_gone = [&] {
    constexpr exec::DirectContexts::Set ALL_OF_THEM = (2U << exec::DirectContexts::OWN) - 1;
    the_engine().direct.wake_reapers(ALL_OF_THEM);
    const bool is_there = direct.add_need(atomrt::exec::MayStart::NO);
    if (is_there) direct.drop_need();
    return !is_there && threads_named("atomrt-reaper") == 0;
  };
  if (!eventually(is_gone)) return -1;
  return settle(state);
}

// In both processes after a handler has forked in the call that submits the request: the child's call is refused, and its
// engine serves the next one.
inline void child_goes_on_without(const Aio& request, int child) {
  if (child == 0) {
    const bool is_refused = request.submitted == EAGAIN && request.error() == EAGAIN;
    const MemoryFile other;
    Aio next;
    next.read(other.fd);
    _exit(is_refused && eventually([&] { return next.is_over(); }) && next.result() == 4 ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

inline long submit_poll(os::CompletionRing* ring, SlowFile& file, std::uint64_t data);

}  // namespace atomrt::unit

#define DIRECT_TEST(name) \
  cmocka_unit_test_setup_teardown(name, atomrt::unit::prepare_direct, atomrt::unit::settle_direct)
#define LONE_DIRECT_TEST(name) \
  cmocka_unit_test_setup_teardown(name, atomrt::unit::prepare_without_reaper, atomrt::unit::settle_direct)

#define WRAPPED(result, name, symbol, parameters)                   \
  extern "C" result real_##name parameters __asm__("__real_" symbol);    \
  extern "C" result wrapped_##name parameters __asm__("__wrap_" symbol); \
  extern "C" result wrapped_##name parameters

WRAPPED(atomrt::base::Expected<int>, status_flags, "_ZN6atomrt2os12status_flagsEi", (int fd)) {
  const auto flags = real_status_flags(fd);
  const bool is_slow = atomrt::unit::SlowFile::under(fd) != nullptr;
  if (!flags || !is_slow) return flags;
  atomrt::unit::flags_asked.fetch_add(1);
  return *flags | O_DIRECT;
}
WRAPPED(long, submit_aio, "_ZN6atomrt2os10submit_aioEPNS0_14CompletionRingEPKP4iocbl",
        (atomrt::os::CompletionRing* ring, iocb* const transfers[], long)) {
  atomrt::unit::SlowFile* file = atomrt::unit::SlowFile::under(static_cast<int>(transfers[0]->aio_fildes));
  if (file != nullptr) file->submitted.fetch_add(1);
  if (atomrt::unit::before_submission != nullptr) atomrt::unit::before_submission();
  const int refusal = file != nullptr ? file->refusal.load() : atomrt::unit::poll_refusal.load();
  const long accepted = refusal != 0      ? -refusal
                        : file == nullptr ? real_submit_aio(ring, transfers, 1)  // a stream's poll
                                          : submit_poll(ring, *file, transfers[0]->aio_data);
  if (atomrt::unit::after_submission != nullptr) atomrt::unit::after_submission();
  return accepted;
}
namespace atomrt::unit {
inline long submit_poll(os::CompletionRing* ring, SlowFile& file, std::uint64_t data) {
  iocb poll{};
  poll.aio_data = data;
  poll.aio_lio_opcode = IOCB_CMD_POLL;
  poll.aio_fildes = static_cast<std::uint32_t>(file.held_);
  poll.aio_buf = POLLIN;
  iocb* polls[] = {&poll};
  return real_submit_aio(ring, polls, 1);
}
}  // namespace atomrt::unit
WRAPPED(int, wait_for_event, "_ZN6atomrt2os14wait_for_eventEPNS0_14CompletionRingERKyl",
        (atomrt::os::CompletionRing* ring, const atomrt::os::KernelSignalSet& mask, std::int64_t deadline_ns)) {
  atomrt::unit::kernel_sleeps.mask.store(mask);
  atomrt::unit::kernel_sleeps.thread.store(gettid());
  atomrt::unit::kernel_sleeps.begun.fetch_add(1);
  return real_wait_for_event(ring, mask, deadline_ns);
}
WRAPPED(void, settle_for, "_ZN6atomrt6engine10settle_forEPvRNS_5chain5ChainElNS_4exec2ByE",
        (void* engine, atomrt::chain::Chain& chain, long, atomrt::exec::By by)) {
  atomrt::unit::SlowFile* file = atomrt::unit::SlowFile::under(chain.fd);
  if (file == nullptr) abort();
  file->settled_by.store(by);
  file->settled.fetch_add(1);
  const long answer = file->answer;
  real_settle_for(engine, chain, answer == atomrt::unit::WHOLE ? static_cast<long>(bytes_left(chain)) : answer, by);
}
