// SPDX-License-Identifier: MIT
// KnownFile: what was noted is recalled whole or not at all, for its descriptor, until it is forgotten.
#include "chain/known_file.h"

#include "unit.h"

namespace {

using atomrt::chain::KnownFile;
using atomrt::os::FileIdentity;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

FileIdentity file(std::uint64_t number) {
  return {number, number * 3, 0, atomrt::os::FileKind::POSITIONAL, false, true, false};
}

void nothing_is_known_at_first(void**) {
  const KnownFile& known = zeroed<KnownFile>();
  int flags;
  FileIdentity identity;
  assert_false(known.is_known());
  assert_false(known.recall(0, flags, identity));
  assert_false(known.recall(-1, flags, identity));
}

void what_was_noted_is_recalled_for_its_descriptor(void**) {
  KnownFile& known = zeroed<KnownFile>();
  known.note(0, 1, file(7));
  int flags = 0;
  FileIdentity identity{};
  assert_true(known.is_known());
  assert_true(known.recall(0, flags, identity));
  assert_true(flags == 1 && identity.device == 7 && identity.inode == 21 && identity.is_regular);
  assert_false(identity.is_socket || identity.is_shared_inode);
  assert_false(known.recall(1, flags, identity));
}

void what_is_forgotten_is_not_recalled(void**) {
  KnownFile& known = zeroed<KnownFile>();
  int flags;
  FileIdentity identity;
  known.note(3, 0, file(7));
  known.forget();
  assert_false(known.is_known());
  assert_false(known.recall(3, flags, identity));
  known.note(3, 0, file(8));
  assert_true(known.recall(3, flags, identity) && identity.device == 8);
}

void it_is_known_while_somebody_keeps_it(void**) {
  KnownFile& known = zeroed<KnownFile>();
  int flags;
  FileIdentity identity;
  assert_false(known.keep(3));
  known.note(3, 0, file(7));
  assert_true(known.keep(3));
  assert_false(known.keep(4));
  known.let_go(4);  // not its own
  known.let_go(3);
  assert_true(known.is_of(3) && known.recall(3, flags, identity));
  known.let_go(3);
  assert_false(known.is_known() || known.is_of(3) || known.recall(3, flags, identity));
  assert_false(known.keep(3));
  known.note(3, 0, file(8));
  assert_true(known.recall(3, flags, identity) && identity.device == 8);
}

void who_kept_what_was_forgotten_makes_nothing_known(void**) {
  KnownFile& known = zeroed<KnownFile>();
  known.note(3, 0, file(7));
  assert_true(known.keep(3));
  known.forget();
  known.let_go(3);
  assert_false(known.is_known());
  known.note(3, 0, file(8));
  known.let_go(3);  // the other of the two: what is known may be lost early, and never late
  known.let_go(3);
  assert_false(known.is_known());
}

void a_reader_never_sees_halves(void**) {
  KnownFile& known = zeroed<KnownFile>();
  std::atomic<bool> over{false};
  std::atomic<long> halves{0}, wholes{0};
  {
    Thread reader([&] {
      while (!over.load()) {
        int flags;
        FileIdentity identity;
        if (!known.recall(3, flags, identity)) continue;
        wholes.fetch_add(1);
        if (identity.inode != identity.device * 3 || flags != static_cast<int>(identity.device % 1000)) halves.fetch_add(1);
      }
    });
    for (std::uint64_t i = 0; i < 20'000 || wholes.load() == 0; ++i) {
      known.note(3, static_cast<int>(i % 1000), file(i));
      if (i % 16 == 0) known.forget();
    }
    over.store(true);
  }
  assert_int_equal(halves.load(), 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_known_at_first), cmocka_unit_test(what_was_noted_is_recalled_for_its_descriptor),
           cmocka_unit_test(what_is_forgotten_is_not_recalled), cmocka_unit_test(it_is_known_while_somebody_keeps_it),
           cmocka_unit_test(who_kept_what_was_forgotten_makes_nothing_known), cmocka_unit_test(a_reader_never_sees_halves))
