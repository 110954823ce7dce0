// SPDX-License-Identifier: MIT
// The worker that keeps watch over what is left to waiters; operations are the test's (fake_engine.h).
#include "exec/fake_engine.h"
#include "exec/workers.h"

namespace {

using namespace atomrt::unit;
using atomrt::exec::Verdict;
using Fixture = WorkersFixture;

// A write of a number whose writes waiters take.
Job& left_to_waiters(Fixture& f) {
  looks_after_lone = last_looks_after_lone = 0;
  Job& job = f.job(Kind::WRITE);
  job.chain->is_local = true;
  job.chain->company = 1;
  for (int take = 0; take < 4; ++take) f.workers.waiter_took_one(job.chain->fd);
  return job;
}

void what_lies_is_run_and_the_number_is_left_to_waiters_no_more(void**) {
  Fixture f;
  Job& job = left_to_waiters(f);
  const int fd = job.chain->fd;
  assert_false(f.leaves_to_waiters(fd));  // nobody looks after it
  assert_int_equal(f.workers.submit(*job.chain), Verdict::ACCEPTED);
  f.comes_through(job);
  assert_false(f.leaves_to_waiters(fd));
  assert_true(looks_after_lone >= 2);
  assert_int_equal(last_looks_after_lone, 1);
}

// While waiters take what comes it watches, and asks for what lies outside of its queue; and once more as it ends. A
// watch is short, and may be over whenever the test looks: each take wakes the worker for the next one.
void a_watch_goes_on_as_long_as_waiters_take(void**) {
  Fixture f;
  Job& job = left_to_waiters(f);
  const int fd = job.chain->fd;
  assert_int_equal(f.workers.submit(*job.chain), Verdict::ACCEPTED);
  f.comes_through(job);
  assert_true(eventually([&] { return !f.workers.keeps_watch(); }));
  assert_true(eventually([&] {
    for (int take = 0; take < 4; ++take) f.workers.waiter_took_one(fd);
    f.workers.nudge();
    return f.leaves_to_waiters(fd);
  }));
  const int looks = looks_after_lone, ends = last_looks_after_lone;
  assert_true(eventually([&] {
    f.workers.waiter_took_one(fd);
    f.workers.nudge();
    return looks_after_lone > looks + 2;
  }));
  assert_true(eventually([&] { return !f.workers.keeps_watch(); }));
  assert_true(eventually([&] { return last_looks_after_lone > ends; }));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(what_lies_is_run_and_the_number_is_left_to_waiters_no_more),
           cmocka_unit_test(a_watch_goes_on_as_long_as_waiters_take))
