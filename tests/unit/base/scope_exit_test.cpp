// SPDX-License-Identifier: MIT
// ScopeExit: runs once at the end of the scope, unless released.
#include "base/scope_exit.h"

#include "unit.h"

namespace {

using atomrt::base::ScopeExit;

void runs_when_the_scope_ends(void**) {
  int runs = 0;
  {
    const ScopeExit exit([&] { ++runs; });
    assert_int_equal(runs, 0);
  }
  assert_int_equal(runs, 1);
}

void runs_on_an_early_return(void**) {
  int runs = 0;
  const auto leave_early = [&runs](bool early) {
    const ScopeExit exit([&runs] { ++runs; });
    if (early) return 1;
    return 2;
  };
  assert_int_equal(leave_early(true), 1);
  assert_int_equal(runs, 1);
}

void does_not_run_once_released(void**) {
  int runs = 0;
  {
    ScopeExit exit([&] { ++runs; });
    exit.release();
  }
  assert_int_equal(runs, 0);
}

void the_last_made_runs_first(void**) {
  int order = 0;
  {
    const ScopeExit first([&] { order = order * 10 + 1; });
    const ScopeExit second([&] { order = order * 10 + 2; });
  }
  assert_int_equal(order, 21);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(runs_when_the_scope_ends), cmocka_unit_test(runs_on_an_early_return),
           cmocka_unit_test(does_not_run_once_released), cmocka_unit_test(the_last_made_runs_first))
