// SPDX-License-Identifier: MIT
// Direct, its reaper and the kernel at moments that are left to chance: the kernel's part is the test's.
#include "exec/direct.h"

#include "chain/chains.h"
#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::ChainPool;
using atomrt::chain::Place;
using atomrt::exec::By;
using atomrt::exec::Direct;
using atomrt::exec::Verdict;
using atomrt::os::CompletionRing;

// A context of 8 events, and what happens inside its calls.
struct Kernel {
  alignas(64) unsigned char memory[sizeof(CompletionRing) + 8 * sizeof(io_event)];
  std::atomic<int> made, destroyed, submissions, sleeps, refusal;
  void (*inside_submit)(const iocb&);

  CompletionRing& ring() { return *reinterpret_cast<CompletionRing*>(memory); }
  void post(std::uint64_t data, long result) {
    const std::uint32_t at = ring().tail.load();
    ring().events[at] = {data, 0, result, 0};
    ring().tail.store((at + 1) % ring().size);
  }
};
std::atomic<Kernel*> kernel_now;
Kernel& kernel() { return *kernel_now.load(); }

}  // namespace

using MadeContext = atomrt::base::Expected<CompletionRing*>;
extern "C" MadeContext fake_make(std::uint32_t) __asm__("__wrap__ZN6atomrt2os16make_aio_contextEj");
extern "C" MadeContext fake_make(std::uint32_t) {
  kernel().made.fetch_add(1);
  kernel().ring().size = 8;
  return &kernel().ring();
}
extern "C" void fake_destroy(CompletionRing*) __asm__(
    "__wrap__ZN6atomrt2os19destroy_aio_contextEPNS0_14CompletionRingE");
extern "C" void fake_destroy(CompletionRing*) { kernel().destroyed.fetch_add(1); }
extern "C" long fake_submit(CompletionRing*, iocb* const[], long) __asm__(
    "__wrap__ZN6atomrt2os10submit_aioEPNS0_14CompletionRingEPKP4iocbl");
extern "C" long fake_submit(CompletionRing*, iocb* const transfers[], long) {
  kernel().submissions.fetch_add(1);
  if (const int error = kernel().refusal.load(); error != 0) return -error;
  if (kernel().inside_submit != nullptr) kernel().inside_submit(*transfers[0]);
  return 1;
}
extern "C" int fake_wait(CompletionRing*, const atomrt::os::KernelSignalSet&, std::int64_t) __asm__(
    "__wrap__ZN6atomrt2os14wait_for_eventEPNS0_14CompletionRingERKyl");
extern "C" int fake_wait(CompletionRing* ring, const atomrt::os::KernelSignalSet&, std::int64_t) {
  kernel().sleeps.fetch_add(1);
  while (ring->head.load() == ring->tail.load()) pause_briefly();
  return 0;
}

namespace {

struct Engine {
  ChainPool pool;
  Direct direct;
  std::atomic<int> settled, chores_done;
};

void settle(void* self, Chain& chain, long, By) {
  Engine& engine = *static_cast<Engine*>(self);
  engine.direct.drop_need_of(chain);
  engine.settled.fetch_add(1);
}
void offer(void*, Chain&) { abort(); }
bool do_chores(void* self) {
  static_cast<Engine*>(self)->chores_done.fetch_add(1);
  return false;
}

constexpr atomrt::exec::Host::Functions FUNCTIONS{.settle = settle, .go_on = offer, .see_to_chores = do_chores};
constexpr std::int64_t LONG = 1'000'000'000'000;
Engine* engine_of_callback = nullptr;

struct Fixture {
  Fixture() : engine(zeroed<Engine>()) {
    kernel_now.store(&zeroed<Kernel>());
    engine_of_callback = &engine;
    thread_fault.start_over();
    engine.direct.start({&engine, FUNCTIONS}, engine.pool);
    engine.direct.configure(LONG);
  }
  // The context is given back: all has been counted out.
  ~Fixture() {
    engine.direct.configure(0);
    assert_true(eventually([&] {
      engine.direct.wake_reaper();
      return kernel().destroyed == kernel().made.load() && threads_named("atomrt-reaper") == 0;
    }));
  }
  Chain& chain(Kind kind) { return adopted(engine.pool, request_of(kind)); }
  void complete(const Chain& chain) {
    kernel().post(atomrt::chain::packed(generation_of(chain), chain.number), 1);
  }

  Engine& engine;
};

// The submitter of a write looks at the ring once more behind io_submit.
void a_context_is_not_given_back_under_a_submitter(void**) {
  Fixture f;
  static std::atomic<int> destroyed_inside;
  kernel().inside_submit = [](const iocb& transfer) {
    Direct& direct = engine_of_callback->direct;
    kernel().post(transfer.aio_data, 1);
    direct.process(By::APPLICATION);  // as another thread would
    direct.configure(0);
    for (int i = 0; i < 100; ++i) {
      direct.wake_reaper();
      pause_briefly();
    }
    destroyed_inside.store(kernel().destroyed.load());
  };
  Chain& chain = f.chain(Kind::DIRECT_WRITE);
  assert_int_equal(f.engine.direct.submit(chain), Verdict::ACCEPTED);
  assert_int_equal(f.engine.settled, 1);
  assert_int_equal(place_of(chain), Place::RUNNING);
  assert_int_equal(destroyed_inside, 0);
}

// The sync comes when the request that it waits for is on its way to the kernel, and nobody looks at either.
void a_sync_that_overtakes_a_submission_finds_a_reaper(void**) {
  Fixture f;
  Direct& direct = f.engine.direct;
  direct.add_sync();
  direct.call_reaper_if_busy();
  Chain& write = f.chain(Kind::DIRECT_WRITE);
  assert_int_equal(direct.submit(write), Verdict::ACCEPTED);
  f.complete(write);
  assert_true(eventually([&] { return f.engine.settled == 1; }));
  direct.drop_sync();
}

void a_sync_that_waits_for_nothing_direct_makes_no_reaper(void**) {
  Fixture f;
  f.engine.direct.add_sync();
  f.engine.direct.call_reaper_if_busy();
  f.engine.direct.drop_sync();
  f.engine.direct.drop_sync();
  assert_int_equal(thread_fault.asked, 0);
}

void the_reaper_does_chores_though_nothing_is_in_flight(void**) {
  Fixture f;
  Chain& read = f.chain(Kind::READ);
  assert_int_equal(f.engine.direct.submit(read), Verdict::ACCEPTED);
  f.complete(read);
  f.engine.direct.process(By::APPLICATION);
  assert_true(eventually([] { return threads_named("atomrt-reaper") == 1; }));
  for (int i = 1; i <= 3; ++i) {
    f.engine.direct.nudge();
    assert_true(eventually([&] { return f.engine.chores_done == i; }));
  }
}

// A filter entered later than the context was made.
void a_kernel_that_refuses_submission_is_not_asked_again(void**) {
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    Fixture f;
    kernel().refusal.store(error);
    for (int i = 0; i < 3; ++i) assert_int_equal(f.engine.direct.submit(f.chain(Kind::READ)), Verdict::DECLINED);
    assert_int_equal(kernel().submissions, 1);
    assert_true(f.engine.direct.is_refused());
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_context_is_not_given_back_under_a_submitter),
           cmocka_unit_test(a_sync_that_overtakes_a_submission_finds_a_reaper),
           cmocka_unit_test(a_sync_that_waits_for_nothing_direct_makes_no_reaper),
           cmocka_unit_test(the_reaper_does_chores_though_nothing_is_in_flight),
           cmocka_unit_test(a_kernel_that_refuses_submission_is_not_asked_again))
