// SPDX-License-Identifier: MIT
// fake_engine.h: an engine for Workers whose operations are the test's: no I/O. A chain's fd is the number of its Job. For
// one file of a test program that wraps `job_functions` (meson.build) and pthread_create.
#pragma once

#include "chain/chains.h"
#include "exec/perform.h"
#include "exec/without_threads.h"
#include "exec/workers.h"

namespace atomrt::unit {

struct Job {
  chain::Chain* chain;
  std::atomic<long> result;
  Gate* gate;                      // where its operation waits
  Gate* end_gate;                  // and its end, as in sending a signal
  std::atomic<bool> ready;         // the stream's peer
  chain::Released releases;        // whom its end lets go
  std::atomic<int> taken_meanwhile;  // the number of a job that a waiter takes during the operation, +1
  std::atomic<int> tries, plain_calls, performed, completed;
  std::atomic<int> thread, turn;  // which of all operations it was
  std::atomic<long> outcome;
  chain::Place place_seen;
  exec::ContextId context;
};

struct FakeEngine {
  static constexpr int MOST = 4096;
  Job jobs[MOST];
  chain::ChainPool pool;
  exec::DescriptorHints hints;
  exec::Workers workers;
  std::atomic<int> made, offered, chores, chores_done;
  std::atomic<int> in_operation, most_in_operation, started;
  std::atomic<bool> polls_for_long;  // a poll ends with the peer only, not to look around
  bool (*ask_chores)(FakeEngine&);
  bool recycles;  // finished chains go back to the pool, as they do in the engine
};
inline std::atomic<FakeEngine*> fake_engine;
inline FakeEngine& the_fake() { return *fake_engine.load(); }

inline chain::Released complete(void*, chain::Chain& chain, long result, exec::ContextId context) {
  Job& job = the_fake().jobs[chain.fd];
  const chain::Released released = job.releases;
  if (job.end_gate != nullptr) job.end_gate->pass();
  job.context = context;
  job.outcome.store(result);
  if (the_fake().recycles) chain::recycle(the_fake().pool, chain);
  job.completed.fetch_add(1);
  return released;
}
inline void offer(void*, chain::Chain& chain) {
  the_fake().offered.fetch_add(1);
  if (the_fake().workers.submit(chain) == exec::Verdict::ACCEPTED) return;
  complete(nullptr, chain, -EAGAIN, exec::ContextId::THREADS);
}
inline void pass_on(void*, chain::Chain&, exec::ContextId) { abort(); }  // workers never do
inline void fail(void*, chain::Chain& chain, int error) {
  if (place_of(chain) != chain::Place::RUNNING) abort();
  complete(nullptr, chain, -error, exec::ContextId::THREADS);
}
// How often the worker that keeps watch has asked for what lies outside of its queue; `all` as it stopped to.
inline std::atomic<int> looks_after_lone{0}, last_looks_after_lone{0};
inline void look_after_lone(void*, bool all) { (all ? last_looks_after_lone : looks_after_lone).fetch_add(1); }
inline exec::Verdict poll(void*, chain::Chain&) { return exec::Verdict::DECLINED; }
inline bool has_chores(void*) {
  if (the_fake().ask_chores != nullptr) return the_fake().ask_chores(the_fake());
  return the_fake().chores.load() > 0;
}
inline void do_chores(void*) {
  the_fake().chores_done.fetch_add(1);
  the_fake().chores.store(0);
}
constexpr exec::Host::Functions FAKE_FUNCTIONS{.complete = complete,
                                               .offer = offer,
                                               .pass_on = pass_on,
                                               .fail = fail,
                                               .poll = poll,
                                               .has_chores = has_chores,
                                               .do_chores = do_chores,
                                               .look_after_lone = look_after_lone};

// One engine a test; threads of the last one may still be about, so none is ever freed.
class WorkersFixture {
 public:
  static constexpr std::int64_t LONG = 1'000'000'000'000;

  explicit WorkersFixture(unsigned limit = 4, std::int64_t idle_ns = LONG, bool looks_around = false)
      : engine(zeroed<FakeEngine>()), workers(engine.workers) {
    thread_fault.start_over();
    fake_engine.store(&engine);
    engine.recycles = true;
    workers.start({&engine, FAKE_FUNCTIONS}, engine.hints, looks_around);
    workers.configure(limit, idle_ns);
  }
  // Idle threads leave, so that the next test can count.
  ~WorkersFixture() {
    workers.configure(1, 0);
    assert_true(eventually([&] {
      workers.nudge();
      return workers.threads() == 0 && threads_named("atomrt-worker") == 0;
    }));
  }

  // Whether a chain of that descriptor would be left to waiters.
  [[nodiscard]] bool leaves_to_waiters(int fd) const {
    return engine.hints.is_enough(fd, exec::Score::TAKEN) && workers.keeps_watch();
  }

  Job& job(Kind kind, Gate* gate = nullptr) {
    const int number = engine.made.fetch_add(1);
    Job& job = engine.jobs[number];
    job.result = 1000 + number;
    job.gate = gate;
    job.chain = &adopted(engine.pool, request_of(kind, nullptr, number));
    return job;
  }
  Job& submitted(Kind kind, Gate* gate = nullptr) {
    Job& made = job(kind, gate);
    assert_int_equal(workers.submit(*made.chain), exec::Verdict::ACCEPTED);
    return made;
  }
  Job& begun(Gate& gate) {
    Job& made = submitted(Kind::READ, &gate);
    assert_true(eventually([&] { return gate.arrived() == 1; }));
    return made;
  }
  Job& submitted_direct_with_signal(Gate& end_gate, chain::Chain* next = nullptr) {
    Job& made = job(Kind::READ);
    made.end_gate = &end_gate;
    made.releases = {{next, nullptr}};
    made.chain->direct = true;
    made.chain->notification.by = chain::NotifyBy::SIGNAL;
    assert_int_equal(workers.submit(*made.chain), exec::Verdict::ACCEPTED);
    assert_true(eventually([&] { return end_gate.arrived() == 1; }));
    return made;
  }
  static bool is_over(const Job& job) { return job.completed.load() == 1 && job.outcome.load() == job.result; }
  static void comes_through(const Job& job) {
    assert_true(eventually([&] { return is_over(job); }));
    assert_int_equal(job.context, exec::ContextId::THREADS);
  }

  FakeEngine& engine;
  exec::Workers& workers;
};

inline void enter_operation(Job& job) {
  job.thread.store(gettid());
  job.turn.store(the_fake().started.fetch_add(1) + 1);
  const int inside = the_fake().in_operation.fetch_add(1) + 1;
  for (int most = the_fake().most_in_operation.load(); most < inside;) {
    if (the_fake().most_in_operation.compare_exchange_weak(most, inside)) break;
  }
  if (job.gate != nullptr) job.gate->pass();
  if (const int taken = job.taken_meanwhile.load(); taken > 0) the_fake().workers.waiter_took_one(taken - 1);
  the_fake().in_operation.fetch_sub(1);
}

}  // namespace atomrt::unit

extern "C" long fake_perform(atomrt::chain::Chain&) __asm__("__wrap__ZN6atomrt4exec7performERNS_5chain5ChainE");
extern "C" long fake_perform(atomrt::chain::Chain& chain) {
  atomrt::unit::Job& job = atomrt::unit::the_fake().jobs[chain.io_fd.load()];
  job.place_seen = place_of(chain);
  job.performed.fetch_add(1);
  atomrt::unit::enter_operation(job);
  return job.result;
}

atomrt::exec::Attempt fake_attempt(atomrt::chain::Request&, int) __asm__(
    "__wrap__ZN6atomrt4exec7attemptERNS_5chain7RequestEi");
atomrt::exec::Attempt fake_attempt(atomrt::chain::Request&, int fd) {
  atomrt::unit::Job& job = atomrt::unit::the_fake().jobs[fd];
  job.tries.fetch_add(1);
  job.thread.store(gettid());
  if (!job.ready.load()) return atomrt::exec::Outcome::NOT_READY;
  return atomrt::exec::Attempt::done(job.result.load());
}

atomrt::exec::Attempt fake_perform_stream(atomrt::chain::Request&, int) __asm__(
    "__wrap__ZN6atomrt4exec14perform_streamERNS_5chain7RequestEi");
atomrt::exec::Attempt fake_perform_stream(atomrt::chain::Request&, int fd) {
  atomrt::unit::Job& job = atomrt::unit::the_fake().jobs[fd];
  job.plain_calls.fetch_add(1);
  return atomrt::exec::Attempt::done(job.result);
}

extern "C" long fake_poll_all(pollfd*, std::size_t, std::int64_t) __asm__("__wrap__ZN6atomrt2os8poll_allEP6pollfdml");
extern "C" long fake_poll_all(pollfd* entries, std::size_t count, std::int64_t) {
  atomrt::unit::pause_briefly();
  long ready = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const atomrt::unit::Job& job = atomrt::unit::the_fake().jobs[entries[i].fd];
    entries[i].revents = job.ready.load() || job.result < 0 ? entries[i].events : static_cast<short>(0);
    ready += entries[i].revents != 0;
  }
  return ready;
}

// Polls for a short slice only, so that a cancellation is seen soon. A peer that pretends: `result` negative.
extern "C" bool fake_wait(int, bool, std::int64_t) __asm__("__wrap__ZN6atomrt2os16wait_until_readyEibl");
extern "C" bool fake_wait(int fd, bool, std::int64_t) {
  const atomrt::unit::Job& job = atomrt::unit::the_fake().jobs[fd];
  do {
    atomrt::unit::pause_briefly();
  } while (atomrt::unit::the_fake().polls_for_long.load() && !job.ready.load());
  return job.ready.load() || job.result < 0;
}
