// SPDX-License-Identifier: MIT
// Scores: several good experiences in a row are enough, one bad one ends it, and any number has an entry.
#include "exec/scores.h"

#include "unit.h"

namespace {

using atomrt::exec::Scores;
using atomrt::unit::zeroed;

int raises_until_enough(Scores& scores, int fd) {
  int count = 0;
  for (; !scores.is_enough(fd) && count < 100; ++count) scores.raise(fd);
  return count;
}

void it_takes_several_raises_in_a_row(void**) {
  auto& scores = zeroed<Scores>();
  assert_false(scores.is_enough(3));
  assert_in_range(raises_until_enough(scores, 3), 2, 16);
  for (int i = 0; i < 300; ++i) scores.raise(3);
  assert_true(scores.is_enough(3));
}

void numbers_are_told_apart(void**) {
  auto& scores = zeroed<Scores>();
  raises_until_enough(scores, 3);
  assert_false(scores.is_enough(4));
  raises_until_enough(scores, 4);
  scores.end(3);
  assert_false(scores.is_enough(3));
  assert_true(scores.is_enough(4));
}

void after_an_end_it_takes_as_many_again(void**) {
  auto& scores = zeroed<Scores>();
  const int first = raises_until_enough(scores, 3);
  scores.end(3);
  assert_int_equal(raises_until_enough(scores, 3), first);
}

void any_number_has_an_entry(void**) {
  auto& scores = zeroed<Scores>();
  for (const int fd : {0, -1, INT32_MAX, INT32_MIN}) {
    raises_until_enough(scores, fd);
    assert_true(scores.is_enough(fd));
    scores.end(fd);
    assert_false(scores.is_enough(fd));
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(it_takes_several_raises_in_a_row), cmocka_unit_test(numbers_are_told_apart),
           cmocka_unit_test(after_an_end_it_takes_as_many_again), cmocka_unit_test(any_number_has_an_entry))
