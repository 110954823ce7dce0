// await: how a thread sleeps for requests that the direct context has, all of them or some; and what it leaves behind
// however its sleep ends: nobody leads, nobody is needed, nobody follows, and the signal mask is as before.
#include "engine/await.h"

#include "engine/direct_requests.h"
#include "engine/suspend.h"
#include "os/futex.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Place;
using atomrt::os::KernelSignalSet;
using atomrt::os::NO_DEADLINE;
using atomrt::os::now_ns;

constexpr KernelSignalSet MASK = atomrt::os::signal_bit(SIGUSR2);  // of the threads that wait
constexpr std::int64_t LONG_NS = 1'000'000'000'000;
constexpr std::int64_t SHORT_NS = 2'000'000;

// What is waited for, and what its holder is said to be.
struct Wanted {
  const Aio& aio;
  std::atomic<Holder> holder{Holder::DIRECT};

  [[nodiscard]] Awaited awaited() const {
    return {this, [](const void* self) { return static_cast<const Wanted*>(self)->aio.is_over(); },
            [](const Engine&, const void* self) { return static_cast<const Wanted*>(self)->holder.load(); }};
  }
};

void let_go(void* sleeper) { static_cast<Sleeper*>(sleeper)->let_go(); }

KernelSignalSet present_mask() { return atomrt::os::block_signals(0); }

// A thread that waits once, with a mask of its own, in the kernel or on a futex.
struct Waiting {
  enum Where { IN_KERNEL, ON_FUTEX };
  const Where where;
  const Awaited awaited;
  const std::int64_t deadline;
  std::atomic<bool> cancels_itself{false};
  atomrt::os::FutexWord word{0};
  std::atomic<int> thread{0};
  std::atomic<int> wake{-1};
  std::atomic<KernelSignalSet> mask_behind{0};
  std::atomic<bool> holds_something{true};
  pthread_t id{};

  Waiting(Where place, const Wanted& wanted, std::int64_t until = NO_DEADLINE)
      : where(place), awaited(wanted.awaited()), deadline(until) {
    start();
  }
  Waiting(const Wanted& wanted, bool cancelled) : where(IN_KERNEL), awaited(wanted.awaited()), deadline(NO_DEADLINE) {
    cancels_itself.store(cancelled);
    start();
  }
  ~Waiting() {
    if (id != 0) join();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void* join() {
    void* result = nullptr;
    pthread_join(id, &result);
    id = 0;
    return result;
  }
  void end_on_futex(std::uint32_t value) {
    word.store(value);
    atomrt::os::futex_wake(word, 1);
  }
  [[nodiscard]] bool ends_with(Wake expected) {
    join();
    return wake == static_cast<int>(expected) && mask_behind == MASK && !holds_something;
  }
  [[nodiscard]] bool is_asleep_on_futex() const {
    return eventually([this] { return thread != 0 && is_asleep(thread) && kernel_sleeps.thread != thread; });
  }
  [[nodiscard]] bool is_cancelled() {
    return join() == PTHREAD_CANCELED && wake == -1 && mask_behind == MASK;
  }

 private:
  void start() {
    if (pthread_create(&id, nullptr, run, this) != 0) abort();
  }
  void note_mask() { mask_behind.store(present_mask()); }

  // The program's own cleanup handler runs behind the library's.
  static void* run(void* self) {
    Waiting& waiting = *static_cast<Waiting*>(self);
    atomrt::os::set_signal_mask(MASK);
    Sleeper sleeper{};
    sleeper.engine = &the_engine();
    waiting.thread.store(gettid());
    if (waiting.cancels_itself) pthread_cancel(pthread_self());
    pthread_cleanup_push([](void* it) { static_cast<Waiting*>(it)->note_mask(); }, self);
    pthread_cleanup_push(let_go, &sleeper);
    const Wake wake = waiting.where == IN_KERNEL
                          ? wait_in_kernel(sleeper, waiting.awaited, waiting.deadline)
                          : wait_on_futex(sleeper, waiting.awaited, waiting.word, waiting.deadline);
    waiting.wake.store(static_cast<int>(wake));
    waiting.holds_something.store(sleeper.leads != 0 || sleeper.has_need || sleeper.is_masked ||
                                  sleeper.follows != nullptr);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(1);
    return nullptr;
  }
};

// ---- in the kernel ----

void without_direct_requests_the_kernel_is_not_asked(void**) {
  Pipe pipe;
  Aio aio;
  aio.read(pipe.out);
  Wanted wanted{aio};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(waiting.ends_with(Wake::ELSEWHERE));
  assert_int_equal(kernel_sleeps.begun, 0);
  assert_int_equal(write(pipe.in, "data", 4), 4);
}

void the_sleep_ends_when_it_is_over(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  assert_int_equal(request.place(), Place::IN_AIO);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  assert_int_equal(kernel_sleeps.mask, MASK);
  assert_false(is_lead_free());
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
  assert_true(file.settled_by == atomrt::exec::By::APPLICATION);
  request.ends_with(0, DIRECT_LENGTH);
  assert_true(is_lead_free());
}

void what_is_over_already_needs_no_sleep(void**) {
  SlowFile file, other;
  SlowRequest request, in_flight;
  request.start(file);
  in_flight.start(other);
  file.let_go();
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(waiting.ends_with(Wake::OVER));
}

// Its leader finishes others' requests as they come, and goes on sleeping.
void the_end_of_another_request_does_not_end_the_sleep(void**) {
  SlowFile file, other;
  SlowRequest request, another;
  request.start(file);
  another.start(other);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  const int sleeps = kernel_sleeps.begun;
  other.let_go();
  another.ends_with(0, DIRECT_LENGTH);
  assert_true(eventually([&] { return kernel_sleeps.begun > sleeps; }));
  assert_true(sleeps_in_kernel(waiting.thread));
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
}

void the_time_is_kept(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  const std::int64_t deadline = now_ns() + SHORT_NS;
  Waiting waiting(Waiting::IN_KERNEL, wanted, deadline);
  assert_true(waiting.ends_with(Wake::TIMED_OUT));
  assert_true(now_ns() >= deadline);
  assert_true(kernel_sleeps.begun > 0);
  assert_false(request.is_over());
  assert_true(is_lead_free());
}

void what_is_over_when_the_time_is_up_is_over(void**) {
  SlowFile file, other;
  SlowRequest request, in_flight;
  request.start(file);
  in_flight.start(other);
  file.let_go();
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted, now_ns() - 1);
  assert_true(waiting.ends_with(Wake::OVER));
}

std::atomic<int> handled{0};
void on_signal(int flags) {
  handled.store(0);
  struct sigaction action {};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

void a_handler_without_sa_restart_interrupts(void**) {
  SKIP_UNDER_TSAN();
  on_signal(0);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(waiting.ends_with(Wake::INTERRUPTED));
  assert_int_equal(handled, 1);
  assert_true(is_lead_free());
}

void a_handler_with_sa_restart_does_not(void**) {
  SKIP_UNDER_TSAN();
  on_signal(SA_RESTART);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted);
  assert_true(sleeps_in_kernel(waiting.thread));
  const int sleeps = kernel_sleeps.begun;
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(eventually([&] { return kernel_sleeps.begun > sleeps; }));
  assert_int_equal(handled, 1);
  assert_int_equal(waiting.wake, -1);
  file.let_go();
  assert_true(waiting.ends_with(Wake::OVER));
}

void any_handler_interrupts_where_there_is_a_time(void**) {
  SKIP_UNDER_TSAN();
  on_signal(SA_RESTART);
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  Waiting waiting(Waiting::IN_KERNEL, wanted, now_ns() + LONG_NS);
  assert_true(sleeps_in_kernel(waiting.thread));
  pthread_kill(waiting.id, SIGUSR1);
  assert_true(waiting.ends_with(Wake::INTERRUPTED));
}

// A request of its list has gone to another context: that one can't end a sleep in the kernel.
void what_others_have_is_waited_for_elsewhere(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  for (const Holder holder : {Holder::SOME, Holder::OTHERS}) {
    Wanted wanted{request, holder};
    Waiting waiting(Waiting::IN_KERNEL, wanted);
    assert_true(waiting.ends_with(Wake::ELSEWHERE));
    assert_true(is_lead_free());
  }
  assert_int_equal(kernel_sleeps.begun, 0);
}

void* result_of(Waiting& waiting) {
  pthread_cancel(waiting.id);
  return waiting.is_cancelled() ? PTHREAD_CANCELED : nullptr;
}

void cancellation_in_the_kernel_leaves_the_lead_free(void**) {
  SlowFile file;
  SlowRequest request;
  request.start(file);
  Wanted wanted{request};
  {
    Waiting waiting(Waiting::IN_KERNEL, wanted);
    assert_true(sleeps_in_kernel(waiting.thread));
    assert_ptr_equal(result_of(waiting), PTHREAD_CANCELED);
    assert_true(is_lead_free());
  }
  Waiting pending(wanted, true);  // on its way there, with all signals blocked
  assert_true(pending.is_cancelled());
  assert_true(is_lead_free());
  assert_false(request.is_over());
}

}  // namespace

UNIT_TESTS(DIRECT_TEST(without_direct_requests_the_kernel_is_not_asked), DIRECT_TEST(the_sleep_ends_when_it_is_over),
           DIRECT_TEST(what_is_over_already_needs_no_sleep),
           DIRECT_TEST(the_end_of_another_request_does_not_end_the_sleep), DIRECT_TEST(the_time_is_kept),
           DIRECT_TEST(what_is_over_when_the_time_is_up_is_over), DIRECT_TEST(a_handler_without_sa_restart_interrupts),
           DIRECT_TEST(a_handler_with_sa_restart_does_not), DIRECT_TEST(any_handler_interrupts_where_there_is_a_time),
           DIRECT_TEST(what_others_have_is_waited_for_elsewhere),
           DIRECT_TEST(cancellation_in_the_kernel_leaves_the_lead_free))
