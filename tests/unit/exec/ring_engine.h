// SPDX-License-Identifier: MIT
// ring_engine.h: an engine for the Ring: it counts what comes back, by the chain's number, and recycles nothing. For one
// file of a test program that wraps pthread_create.
#pragma once

#include "chain/chains.h"
#include "exec/ring.h"
#include "exec/without_threads.h"

namespace atomrt::unit {

struct RingJob {
  std::atomic<int> completed, passed_on;
  std::atomic<long> outcome;
  std::atomic<int> thread;
  std::atomic<chain::Place> place_seen;
  std::atomic<exec::ContextId> context;
  chain::Released releases;  // whom its end lets go
};

struct RingEngine {
  static constexpr int MOST = 16'384;
  RingJob jobs[MOST];
  chain::ChainPool pool;
  exec::Ring ring;
  std::atomic<int> completed, passed_on, offered, chores, chores_done;
};

inline void note(RingJob& job, const chain::Chain& chain, exec::ContextId context) {
  job.place_seen.store(place_of(chain));
  job.context.store(context);
  job.thread.store(gettid());
}

inline chain::Released ring_complete(void* self, chain::Chain& chain, long result, exec::ContextId context) {
  RingEngine& engine = *static_cast<RingEngine*>(self);
  RingJob& job = engine.jobs[chain.number];
  note(job, chain, context);
  job.outcome.store(result);
  const chain::Released released = job.releases;
  put(chain, chain::Place::RUNNING);
  engine.completed.fetch_add(1);
  job.completed.fetch_add(1);  // last: the test looks at all else then
  return released;
}
inline void ring_pass_on(void* self, chain::Chain& chain, exec::ContextId from) {
  RingEngine& engine = *static_cast<RingEngine*>(self);
  RingJob& job = engine.jobs[chain.number];
  note(job, chain, from);
  put(chain, chain::Place::RUNNING);  // MOVING lasts a moment only
  engine.passed_on.fetch_add(1);
  job.passed_on.fetch_add(1);
}
inline void ring_offer(void* self, chain::Chain& chain) {
  RingEngine& engine = *static_cast<RingEngine*>(self);
  engine.offered.fetch_add(1);
  if (engine.ring.submit(chain) == exec::Verdict::DECLINED) ring_pass_on(self, chain, exec::ContextId::RING);
}
inline void ring_fail(void*, chain::Chain&, int) { abort(); }  // the ring always passes on
inline bool ring_has_chores(void* self) { return static_cast<RingEngine*>(self)->chores.load() > 0; }
inline void ring_do_chores(void* self) {
  RingEngine& engine = *static_cast<RingEngine*>(self);
  engine.chores_done.fetch_add(1);
  engine.chores.store(0);
}
constexpr exec::Host::Functions RING_FUNCTIONS{.complete = ring_complete,
                                               .offer = ring_offer,
                                               .pass_on = ring_pass_on,
                                               .fail = ring_fail,
                                               .has_chores = ring_has_chores,
                                               .do_chores = ring_do_chores};

// One engine a test; none is ever freed.
class RingFixture {
 public:
  static constexpr std::int64_t LONG = 1'000'000'000'000;

  explicit RingFixture(unsigned entries = exec::Ring::ENTRIES, std::int64_t idle_ns = LONG, bool is_forced = true)
      : engine(zeroed<RingEngine>()), ring(engine.ring) {
    thread_fault.start_over();
    ring.start({&engine, RING_FUNCTIONS}, engine.pool, {entries, is_forced, false});
    ring.configure(idle_ns);
  }
  // The thread leaves, so that the next test can count. It can't while the kernel holds anything of it.
  ~RingFixture() { assert_true(thread_leaves()); }

  bool thread_leaves() {
    ring.configure(0);
    return eventually([this] {
      ring.nudge();
      return threads_named("atomrt-ring") == 0;
    });
  }

  chain::Chain& chain(const chain::Request& request) { return adopted(engine.pool, request); }
  chain::Chain& submitted(const chain::Request& request) {
    chain::Chain& made = chain(request);
    assert_int_equal(ring.submit(made), exec::Verdict::ACCEPTED);
    return made;
  }
  RingJob& job(const chain::Chain& chain) { return engine.jobs[chain.number]; }

  // Completed once, by the ring, with that result.
  void ends_with(const chain::Chain& chain, long result) {
    RingJob& job = this->job(chain);
    assert_true(eventually([&] { return job.completed.load() != 0 || job.passed_on.load() != 0; }));
    assert_int_equal(job.completed, 1);
    assert_int_equal(job.outcome, result);
    assert_int_equal(job.context.load(), exec::ContextId::RING);
    assert_int_equal(job.passed_on, 0);
  }
  void is_passed_on(const chain::Chain& chain) {
    RingJob& job = this->job(chain);
    assert_true(eventually([&] { return job.completed.load() != 0 || job.passed_on.load() != 0; }));
    assert_int_equal(job.passed_on, 1);
    assert_int_equal(job.place_seen.load(), chain::Place::MOVING);
    assert_int_equal(job.context.load(), exec::ContextId::RING);
    assert_int_equal(job.completed, 0);
  }
  static bool comes_to(const chain::Chain& chain, chain::Place place) {
    return eventually([&] { return place_of(chain) == place; });
  }

  RingEngine& engine;
  exec::Ring& ring;
};

}  // namespace atomrt::unit
