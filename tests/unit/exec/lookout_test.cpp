// SPDX-License-Identifier: MIT
// Lookout: looks that find something earn more of them, vain ones end them but for a try now and then.
#include "exec/lookout.h"

#include "unit.h"

namespace {

using atomrt::exec::Lookout;
using atomrt::unit::zeroed;

Lookout& started() {
  Lookout& lookout = zeroed<Lookout>();
  lookout.start(true);
  return lookout;
}

// How many of so many chances are worth a look that is vain.
unsigned vain_looks(Lookout& lookout, unsigned chances) {
  unsigned looks = 0;
  for (unsigned i = 0; i < chances; ++i) {
    if (!lookout.is_worthwhile()) continue;
    ++looks;
    lookout.look_ended(false);
  }
  return looks;
}

void without_success_one_chance_in_many_is_tried(void**) {
  Lookout& lookout = started();
  assert_int_equal(vain_looks(lookout, 10 * Lookout::RETRY), 10);
}

void success_earns_looks(void**) {
  Lookout& lookout = started();
  while (!lookout.is_worthwhile()) {
  }
  lookout.look_ended(true);
  assert_int_equal(vain_looks(lookout, 10), 2);
  for (unsigned i = 0; i < 10 * Lookout::MOST; ++i) {
    while (!lookout.is_worthwhile()) {
    }
    lookout.look_ended(true);
  }
  assert_int_equal(vain_looks(lookout, Lookout::MOST + 10), Lookout::MOST);
}

void without_another_processor_no_look_is_worthwhile(void**) {
  for (const bool is_started : {false, true}) {
    Lookout& lookout = zeroed<Lookout>();
    if (is_started) lookout.start(false);
    lookout.look_ended(true);
    assert_int_equal(vain_looks(lookout, 10 * Lookout::RETRY), 0);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(without_success_one_chance_in_many_is_tried), cmocka_unit_test(success_earns_looks),
           cmocka_unit_test(without_another_processor_no_look_is_worthwhile))
