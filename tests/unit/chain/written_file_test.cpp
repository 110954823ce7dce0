// WrittenFile: what was noted is recalled whole or not at all, for its descriptor, until it is forgotten.
#include "chain/written_file.h"

#include "unit.h"

namespace {

using atomrt::chain::WrittenFile;
using atomrt::os::FileIdentity;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

FileIdentity file(std::uint64_t number) {
  return {number, number * 3, 0, atomrt::os::FileKind::POSITIONAL, false, true, false};
}

void nothing_is_known_at_first(void**) {
  const WrittenFile& written = zeroed<WrittenFile>();
  bool appends;
  FileIdentity identity;
  assert_false(written.is_known());
  assert_false(written.recall(0, appends, identity));
  assert_false(written.recall(-1, appends, identity));
}

void what_was_noted_is_recalled_for_its_descriptor(void**) {
  WrittenFile& written = zeroed<WrittenFile>();
  written.note(0, true, file(7));
  bool appends = false;
  FileIdentity identity{};
  assert_true(written.is_known());
  assert_true(written.recall(0, appends, identity));
  assert_true(appends && identity.device == 7 && identity.inode == 21 && identity.is_regular);
  assert_false(identity.is_socket || identity.is_shared_inode);
  assert_false(written.recall(1, appends, identity));
}

void what_is_forgotten_is_not_recalled(void**) {
  WrittenFile& written = zeroed<WrittenFile>();
  bool appends;
  FileIdentity identity;
  written.note(3, false, file(7));
  written.forget();
  assert_false(written.is_known());
  assert_false(written.recall(3, appends, identity));
  written.note(3, false, file(8));
  assert_true(written.recall(3, appends, identity) && identity.device == 8);
}

void a_reader_never_sees_halves(void**) {
  WrittenFile& written = zeroed<WrittenFile>();
  std::atomic<bool> over{false};
  std::atomic<long> halves{0}, wholes{0};
  {
    Thread reader([&] {
      while (!over.load()) {
        bool appends;
        FileIdentity identity;
        if (!written.recall(3, appends, identity)) continue;
        wholes.fetch_add(1);
        if (identity.inode != identity.device * 3 || appends != (identity.device % 2 == 1)) halves.fetch_add(1);
      }
    });
    for (std::uint64_t i = 0; i < 20'000 || wholes.load() == 0; ++i) {
      written.note(3, i % 2 == 1, file(i));
      if (i % 16 == 0) written.forget();
    }
    over.store(true);
  }
  assert_int_equal(halves.load(), 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_known_at_first), cmocka_unit_test(what_was_noted_is_recalled_for_its_descriptor),
           cmocka_unit_test(what_is_forgotten_is_not_recalled), cmocka_unit_test(a_reader_never_sees_halves))
