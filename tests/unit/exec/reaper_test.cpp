// Reaper: when it leads, what it is woken for, and when it goes. Kernel AIO is the test's (fake_kernel.h).
#include "exec/reaper.h"

#include "exec/fake_kernel.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::NotifyBy;
using atomrt::chain::Place;
using atomrt::exec::By;
using Fixture = DirectFixture;

void nobody_needs_it_and_it_sleeps(void**) {
  Fixture f;
  Chain& chain = f.submitted();
  assert_int_equal(f.direct.created(), 1);
  assert_true(eventually([] { return threads_named("atomrt-reaper") == 1; }));
  f.kernel.complete(0, 512);
  f.direct.wake_reaper();
  assert_true(f.direct.has_events());
  assert_int_equal(f.job(chain).settled, 0);
  assert_int_equal(f.kernel.sleepers, 0);
  f.direct.process(By::APPLICATION);
  f.is_settled(chain, 512, By::APPLICATION);
}

void what_is_announced_is_settled_though_nobody_looks(void**) {
  for (const NotifyBy by : {NotifyBy::SIGNAL, NotifyBy::SIGNAL_TO_THREAD, NotifyBy::THREAD}) {
    Fixture f;
    Chain& chain = f.submitted(f.announced(by));
    assert_true(f.sleeps_in_kernel());
    assert_true(f.kernel.mask == atomrt::os::LIBRARY_THREAD_SIGNALS);
    f.kernel.complete(0, 4096);
    f.is_settled(chain, 4096, By::LIBRARY);
    assert_int_not_equal(f.job(chain).thread, gettid());
    assert_true(eventually([&] { return f.kernel.sleepers == 0; }));
    assert_int_equal(f.direct.created(), 1);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nobody_needs_it_and_it_sleeps),
           cmocka_unit_test(what_is_announced_is_settled_though_nobody_looks))
