// SPDX-License-Identifier: MIT
// Counters: the bins of latencies, what a snapshot has, and who takes it for his own.
#include "exec/counters.h"

#include "unit.h"

namespace {

using namespace atomrt::exec;
using atomrt::unit::zeroed;

void a_bin_holds_what_is_up_to_its_bound(void**) {
  for (std::uint64_t ns = 0; ns < 100; ++ns) {
    assert_true(ns <= upper_bound_of(bin_of(ns)));
    assert_true(bin_of(upper_bound_of(bin_of(ns))) == bin_of(ns));
  }
  for (unsigned bit = 3; bit < 64; ++bit) {
    const std::uint64_t ns = std::uint64_t{1} << bit;
    assert_int_equal(bin_of(ns - 1) + 1, bin_of(ns));
    assert_true(upper_bound_of(bin_of(ns)) - ns < ns / 4 + 1);
  }
  assert_int_equal(bin_of(UINT64_MAX), LATENCY_BINS - 1);
  assert_true(upper_bound_of(LATENCY_BINS - 1) == UINT64_MAX);
}

void a_snapshot_has_every_number(void**) {
  auto& counters = zeroed<Counters>();
  auto* const numbers = reinterpret_cast<Counter*>(reinterpret_cast<char*>(&counters) + offsetof(Counters, since_ns));
  const std::size_t count = (sizeof counters - offsetof(Counters, since_ns)) / sizeof(Counter);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i + 1;
  memset(&counters.heading, 'x', sizeof counters.heading);
  auto& snapshot = zeroed<Snapshot>();
  take_snapshot(counters, snapshot);
  assert_memory_equal(&snapshot, &counters, sizeof counters);
}

void only_this_form_is_taken(void**) {
  auto& snapshot = zeroed<Snapshot>();
  assert_false(is_of_this_form(snapshot));
  CountersHeading& heading = snapshot.heading;
  memcpy(heading.magic, COUNTERS_MAGIC, sizeof heading.magic);
  heading.form = CountersHeading::FORM;
  heading.bytes = sizeof(Counters);
  heading.contexts = CONTEXTS;
  assert_true(is_of_this_form(snapshot));
  heading.form = CountersHeading::FORM + 1;
  assert_true(heading.is_ours() && !is_of_this_form(snapshot));
  heading.form = CountersHeading::FORM;
  heading.bytes -= 8;
  assert_false(is_of_this_form(snapshot));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_bin_holds_what_is_up_to_its_bound), cmocka_unit_test(a_snapshot_has_every_number),
           cmocka_unit_test(only_this_form_is_taken))
