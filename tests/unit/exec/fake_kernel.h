// SPDX-License-Identifier: MIT
// fake_kernel.h: kernel AIO for Direct without a kernel: transfers end when the test says so, with its result. A wait is over
// while an event is not consumed, as with the true one. For one file of a test program that wraps `kernel_aio_functions`
// (meson.build), clock_gettime and pthread_create.
#pragma once

#include "chain/chains.h"
#include "exec/direct.h"
#include "exec/without_threads.h"

namespace atomrt::unit {

struct FakeKernel {
  static constexpr int MOST = 4096;
  static constexpr std::uint32_t PLACES = 512;

  iocb submitted[MOST];
  bool is_over[MOST];
  std::atomic<int> submissions;  // that were accepted
  std::atomic<int> asked, made, destroyed, reserved, size_signals, pipe_signals;
  std::atomic<int> making_fails, submitting_fails;  // errno
  std::atomic<bool> ends_at_once;                   // with result_at_once, before io_submit returns
  std::atomic<long> result_at_once;
  std::atomic<void (*)()> when_submitted;  // before io_submit returns
  std::atomic<int> sleepers, sleeper;      // threads in a wait, and the last of them
  std::atomic<os::KernelSignalSet> mask;   // of the last wait
  std::atomic<bool> clock_runs_back;       // see wrapped_clock
  std::atomic<int> clock_calls;
  std::atomic<std::int64_t> clock_ahead_ns;
  std::atomic<bool> clock_stands;
  std::atomic<os::CompletionRing*> ring;
  os::CompletionRing* rings[MOST];  // that each submission went to

  // The transfer of that turn ends.
  void complete(int turn, long result) {
    os::CompletionRing* present = ring.load();
    const std::uint32_t tail = present->tail.load();
    if ((tail + 1) % PLACES == present->head.load()) abort();
    is_over[turn] = true;
    present->events[tail] = {submitted[turn].aio_data, 0, result, 0};
    present->tail.store((tail + 1) % PLACES);
  }
  void complete_all(long result) {
    for (int turn = 0; turn < submissions.load(); ++turn) {
      if (!is_over[turn]) complete(turn, result);
    }
  }
  [[nodiscard]] unsigned not_consumed() const {
    const os::CompletionRing* present = ring.load();
    return (present->tail.load() + PLACES - present->head.load()) % PLACES;
  }
};
inline std::atomic<FakeKernel*> fake_kernel;
inline FakeKernel& the_kernel() { return *fake_kernel.load(); }

struct DirectJob {
  std::atomic<int> settled, offered, thread;
  std::atomic<long> outcome;
  std::atomic<exec::By> by;
  std::atomic<chain::Place> place_seen;
  bool is_left_to_reaper;  // not done yet when it ends: the reaper is to offer it
};

struct DirectEngine {
  DirectJob jobs[FakeKernel::MOST];
  chain::ChainPool pool;
  exec::Direct direct;
  std::atomic<int> settled, not_left;
  std::atomic<void (*)(chain::Chain&)> when_settled;
};

inline void direct_settle(void* self, chain::Chain& chain, long result, exec::By by) {
  DirectEngine& engine = *static_cast<DirectEngine*>(self);
  DirectJob& job = engine.jobs[chain.number];
  engine.direct.drop_need_of(chain);
  job.place_seen.store(place_of(chain));
  job.outcome.store(result);
  job.by.store(by);
  job.thread.store(gettid());
  if (auto* act = engine.when_settled.load()) act(chain);
  if (job.is_left_to_reaper && !engine.direct.leave_to_reaper(chain)) engine.not_left.fetch_add(1);
  engine.settled.fetch_add(1);
  job.settled.fetch_add(1);  // last: the test looks at all else then
}
inline void direct_offer(void* self, chain::Chain& chain) {
  DirectJob& job = static_cast<DirectEngine*>(self)->jobs[chain.number];
  job.place_seen.store(place_of(chain));
  job.thread.store(gettid());
  put(chain, chain::Place::RUNNING);
  job.offered.fetch_add(1);
}

constexpr exec::Host::Functions DIRECT_FUNCTIONS{.settle = direct_settle, .go_on = direct_offer};

// Its reaper is there, or on its way: one that has just been made has no name yet.
inline bool has_reaper(exec::Direct& direct) {
  const bool is_there = direct.add_need(exec::MayStart::NO);
  if (is_there) direct.drop_need();
  return is_there || threads_named("atomrt-reaper") != 0;
}

// One engine a test; none is ever freed.
class DirectFixture {
 public:
  static constexpr std::int64_t LONG = 1'000'000'000'000;
  static constexpr exec::Direct::Thread ME = 1, OTHER = 2, THIRD = 3;

  explicit DirectFixture(std::int64_t idle_ns = LONG)
      : engine(zeroed<DirectEngine>()), kernel(zeroed<FakeKernel>()), direct(engine.direct) {
    thread_fault.start_over();
    fake_kernel.store(&kernel);
    direct.start({&engine, DIRECT_FUNCTIONS}, engine.pool);
    direct.configure(idle_ns);
  }
  // The reaper leaves, so that the next test can count. It can't while anything is counted in flight or needs it.
  ~DirectFixture() {
    kernel.clock_runs_back.store(false);
    kernel.complete_all(1);
    if (kernel.ring.load() != nullptr) direct.process(exec::By::LIBRARY);
    if (direct.created() > 0) assert_true(reaper_leaves());
  }

  bool reaper_leaves() {
    direct.configure(0);
    return eventually([this] {
      direct.wake_reaper();
      return kernel.destroyed.load() == kernel.made.load() && !has_reaper(direct);
    });
  }

  chain::Chain& chain(Kind kind = Kind::READ) { return adopted(engine.pool, request_of(kind, nullptr, 3)); }
  chain::Chain& submitted(Kind kind = Kind::READ) { return submitted(chain(kind)); }
  chain::Chain& submitted_late(Kind kind) {
    chain::Chain& made = chain(kind);
    made.order = chain::Order::LATE;
    return submitted(made);
  }
  chain::Chain& submitted(chain::Chain& made) {
    assert_int_equal(direct.submit(made), exec::Verdict::ACCEPTED);
    return made;
  }
  // A request that notifies: the reaper is needed.
  chain::Chain& announced(chain::NotifyBy by = chain::NotifyBy::SIGNAL) {
    chain::Chain& made = chain();
    made.notification.by = by;
    return made;
  }
  DirectJob& job(const chain::Chain& chain) { return engine.jobs[chain.number]; }
  void is_settled(const chain::Chain& chain, long result) {
    DirectJob& job = this->job(chain);
    assert_true(eventually([&] { return job.settled.load() != 0; }));
    assert_int_equal(job.settled, 1);
    assert_int_equal(job.outcome, result);
    assert_int_equal(job.place_seen.load(), chain::Place::RUNNING);
  }
  void is_settled(const chain::Chain& chain, long result, exec::By by) {
    is_settled(chain, result);
    assert_int_equal(static_cast<int>(job(chain).by.load()), static_cast<int>(by));
  }
  bool sleeps_in_kernel() {
    return eventually([this] { return kernel.sleepers.load() == 1; });
  }
  bool does_not_sleep() {
    return eventually([this] { return kernel.sleepers.load() == 0; });
  }
  // By the reaper, which is asleep again afterwards.
  void settled_one_more() {
    chain::Chain& made = submitted(announced());
    kernel.complete(kernel.submissions - 1, 1);
    is_settled(made, 1, exec::By::LIBRARY);
    const int reaper = job(made).thread;
    assert_true(eventually([&] { return kernel.sleepers.load() != 0 || is_asleep(reaper); }));
  }
  // Until it waits for the next as a matter of course. The clock runs back from here on.
  void reaper_is_needed_often() {
    kernel.clock_runs_back.store(true);
    unsigned waits = 0;
    for (unsigned turn = 0; waits <= exec::Lookout::MOST; ++turn) {
      assert_true(turn < 2 * exec::Lookout::RETRY);
      settled_one_more();
      waits += kernel.sleepers.load() != 0;
    }
  }

  DirectEngine& engine;
  FakeKernel& kernel;
  exec::Direct& direct;
};

// The reaper is there, and does nothing before the end of the test.
inline Gate reaper_gate;
struct HeldReaperFixture : DirectFixture {
  HeldReaperFixture() {
    reaper_gate.close();
    thread_fault.gate.store(&reaper_gate);
  }
  ~HeldReaperFixture() { reaper_gate.open(); }
  bool is_declined(chain::Chain& chain) {
    const bool is_declined = direct.submit(chain) == exec::Verdict::DECLINED;
    return is_declined && place_of(chain) == chain::Place::MOVING && job(chain).settled == 0;
  }
};

}  // namespace atomrt::unit

// Times that a thread waits for become longer than any test where the clock runs back: what ends a wait then has woken it.
// Where it stands no time passes for a test that has no other threads.
extern "C" int real_clock(clockid_t, timespec*) __asm__("__real_clock_gettime");
extern "C" int wrapped_clock(clockid_t, timespec*) __asm__("__wrap_clock_gettime");
extern "C" int wrapped_clock(clockid_t clock, timespec* now) {
  const int result = real_clock(clock, now);
  atomrt::unit::FakeKernel* kernel = atomrt::unit::fake_kernel.load();
  if (kernel == nullptr) return result;
  if (kernel->clock_stands.load()) *now = {1'000'000, 0};
  now->tv_sec += kernel->clock_ahead_ns.load() / 1'000'000'000;
  const int call = kernel->clock_calls.fetch_add(1);
  if (kernel->clock_runs_back.load()) now->tv_sec += 100'000'000 - 1'000 * call;
  return result;
}

// The true kernel's clock is not ahead.
extern "C" int real_wait_until(const atomrt::os::FutexWord&, std::uint32_t, std::int64_t) __asm__(
    "__real__ZN6atomrt2os16futex_wait_untilERKSt6atomicIjEjl");
extern "C" int wrapped_wait_until(const atomrt::os::FutexWord&, std::uint32_t, std::int64_t) __asm__(
    "__wrap__ZN6atomrt2os16futex_wait_untilERKSt6atomicIjEjl");
extern "C" int wrapped_wait_until(const atomrt::os::FutexWord& word, std::uint32_t value, std::int64_t deadline_ns) {
  atomrt::unit::FakeKernel* kernel = atomrt::unit::fake_kernel.load();
  return real_wait_until(word, value, deadline_ns - (kernel != nullptr ? kernel->clock_ahead_ns.load() : 0));
}

extern "C" atomrt::base::Expected<atomrt::os::CompletionRing*> wrapped_make(std::uint32_t) __asm__(
    "__wrap__ZN6atomrt2os16make_aio_contextEj");
extern "C" atomrt::base::Expected<atomrt::os::CompletionRing*> wrapped_make(std::uint32_t) {
  using namespace atomrt::unit;
  FakeKernel& kernel = the_kernel();
  kernel.asked.fetch_add(1);
  if (const int error = kernel.making_fails.load(); error != 0) return atomrt::base::Error{error};
  void* memory = calloc(1, sizeof(atomrt::os::CompletionRing) + FakeKernel::PLACES * sizeof(io_event));
  auto* ring = static_cast<atomrt::os::CompletionRing*>(memory);
  ring->size = FakeKernel::PLACES;
  ring->head.store(FakeKernel::PLACES - 2);  // goes round soon
  ring->tail.store(FakeKernel::PLACES - 2);
  kernel.ring.store(ring);
  kernel.made.fetch_add(1);
  return ring;
}

extern "C" void wrapped_destroy(atomrt::os::CompletionRing*) __asm__(
    "__wrap__ZN6atomrt2os19destroy_aio_contextEPNS0_14CompletionRingE");
extern "C" void wrapped_destroy(atomrt::os::CompletionRing* ring) {
  atomrt::unit::the_kernel().ring.store(nullptr);
  free(ring);  // a sanitizer sees who looks at it later
  atomrt::unit::the_kernel().destroyed.fetch_add(1);
}

extern "C" void wrapped_reserve(void*) __asm__("__wrap__ZN6atomrt2os12reserve_pageEPv");
extern "C" void wrapped_reserve(void*) { atomrt::unit::the_kernel().reserved.fetch_add(1); }

extern "C" long wrapped_submit(atomrt::os::CompletionRing*, iocb* const*, long) __asm__(
    "__wrap__ZN6atomrt2os10submit_aioEPNS0_14CompletionRingEPKP4iocbl");
extern "C" long wrapped_submit(atomrt::os::CompletionRing* ring, iocb* const* transfers, long count) {
  atomrt::unit::FakeKernel& kernel = atomrt::unit::the_kernel();
  if (const int error = kernel.submitting_fails.load(); error != 0) return -error;
  if (count != 1) abort();
  const int turn = kernel.submissions.load();
  kernel.submitted[turn] = *transfers[0];
  kernel.rings[turn] = ring;
  kernel.submissions.fetch_add(1);
  if (kernel.ends_at_once.load()) kernel.complete(turn, kernel.result_at_once.load());
  if (auto* act = kernel.when_submitted.load()) act();
  return 1;
}

extern "C" int wrapped_wait(atomrt::os::CompletionRing*, const atomrt::os::KernelSignalSet&, std::int64_t) __asm__(
    "__wrap__ZN6atomrt2os14wait_for_eventEPNS0_14CompletionRingERKyl");
extern "C" int wrapped_wait(atomrt::os::CompletionRing* ring, const atomrt::os::KernelSignalSet& mask, std::int64_t deadline) {
  atomrt::unit::FakeKernel& kernel = atomrt::unit::the_kernel();
  kernel.sleeper.store(gettid());
  kernel.mask.store(mask);
  kernel.sleepers.fetch_add(1);
  int result = 0;
  while (ring->head.load() == ring->tail.load()) {
    if (deadline != atomrt::os::NO_DEADLINE && atomrt::os::now_ns() >= deadline) {
      result = ETIMEDOUT;
      break;
    }
    atomrt::unit::pause_briefly();
  }
  kernel.sleepers.fetch_sub(1);
  return result;
}

extern "C" void wrapped_take_back(int) __asm__("__wrap__ZN6atomrt2os22take_back_write_signalEi");
extern "C" void wrapped_take_back(int number) {
  atomrt::unit::FakeKernel& kernel = atomrt::unit::the_kernel();
  (number == SIGXFSZ ? kernel.size_signals : kernel.pipe_signals).fetch_add(1);
}
