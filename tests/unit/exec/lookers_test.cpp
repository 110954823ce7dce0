// SPDX-License-Identifier: MIT
// Lookers: who looks is seen from his beginning to his end, however that comes.
#include "exec/lookers.h"

#include <new>

#include "unit.h"

namespace {

using namespace atomrt::exec;
using atomrt::unit::zeroed;

void who_looks_is_seen_until_the_end(void**) {
  auto& lookers = zeroed<Lookers>();
  assert_false(lookers.any());
  Look first(lookers), second(lookers);
  assert_true(first.begin());
  assert_true(second.begin());
  first.end();
  assert_true(lookers.any());
  second.end();
  assert_false(lookers.any());
}

// Whatever a handler's longjmp has left undone is done by another end.
void an_end_may_come_twice_or_for_nothing(void**) {
  auto& lookers = zeroed<Lookers>();
  Look never(lookers), look(lookers);
  never.end();
  assert_true(look.begin());
  look.end();
  look.end();
  assert_false(lookers.any());
}

void an_end_in_a_child_takes_nothing(void**) {
  auto& lookers = zeroed<Lookers>();
  Look look(lookers);
  assert_true(look.begin());
  new (&lookers) Lookers{};  // as the kernel does to it
  look.end();
  assert_false(lookers.any());
}

void a_lost_entry_is_found_by_its_name(void**) {
  auto& lookers = zeroed<Lookers>();
  alignas(Look) unsigned char frame[sizeof(Look)];
  Look* look = nullptr;
  for (int i = 0; i < 1000; ++i) {
    look = new (frame) Look(lookers);
    assert_true(look->begin());
  }
  look->end();
  assert_false(lookers.any());
}

void without_room_nobody_looks(void**) {
  auto& lookers = zeroed<Lookers>();
  constexpr unsigned MANY = 4 * Lookers::MOST;
  alignas(Look) static unsigned char frames[MANY][sizeof(Look)];
  unsigned looking = 0;
  for (auto& frame : frames) looking += (new (frame) Look(lookers))->begin();
  assert_true(looking > 0 && looking <= Lookers::MOST);
  for (auto& frame : frames) reinterpret_cast<Look*>(frame)->end();
  assert_false(lookers.any());
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(who_looks_is_seen_until_the_end), cmocka_unit_test(an_end_may_come_twice_or_for_nothing),
           cmocka_unit_test(an_end_in_a_child_takes_nothing), cmocka_unit_test(a_lost_entry_is_found_by_its_name),
           cmocka_unit_test(without_room_nobody_looks))
