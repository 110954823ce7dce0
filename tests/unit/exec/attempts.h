// SPDX-License-Identifier: MIT
// Assertions on what an attempt has come to.
#pragma once

#include "exec/attempt.h"
#include "unit.h"

#define assert_outcome(attempt, expected) \
  assert_int_equal(static_cast<int>((attempt).outcome), static_cast<int>(atomrt::exec::Outcome::expected))

#define assert_done(attempt, expected)       \
  do {                                       \
    const atomrt::exec::Attempt a = attempt; \
    assert_outcome(a, DONE);                 \
    assert_int_equal(a.result, expected);    \
  } while (false)
