// SPDX-License-Identifier: MIT
// perform_timed: whose reads are known to copy only. What a read takes is the test's.
#include "exec/timed.h"

#include "base/tuning.h"
#include "chain/chains.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::exec::DescriptorHints;
using atomrt::exec::Score;

std::int64_t clock_ns = 0;
std::int64_t read_takes_ns = 0;
std::int64_t clock_step_ns = 0;  // from one look at the clock to the next

struct Fixture {
  DescriptorHints& hints = zeroed<DescriptorHints>();
  atomrt::chain::ChainPool& pool = zeroed<atomrt::chain::ChainPool>();

  Chain& chain(int fd, bool refuses_nowait = true) {
    Chain& made = adopted(pool, request_of(Kind::READ, nullptr, fd));
    made.refuses_nowait = refuses_nowait;
    return made;
  }
  [[nodiscard]] bool is_quick(int fd) const { return hints.is_enough(fd, Score::QUICK); }
  void read(Chain& chain, std::int64_t ns, int times) {
    read_takes_ns = ns;
    for (int i = 0; i < times; ++i) assert_int_equal(atomrt::exec::perform_timed(chain, hints), 4096);
  }
};

void several_quick_reads_in_a_row_make_it_quick(void**) {
  Fixture f;
  Chain& chain = f.chain(3);
  f.read(chain, 0, 1);
  assert_false(f.is_quick(3));
  f.read(chain, atomrt::tuning::QUICK_NS - 1, 16);
  assert_true(f.is_quick(3));
  assert_false(f.is_quick(4));
}

void a_slow_one_ends_it(void**) {
  Fixture f;
  Chain& chain = f.chain(3);
  f.read(chain, 1000, 16);
  f.read(chain, atomrt::tuning::QUICK_NS, 1);
  assert_false(f.is_quick(3));
  f.read(chain, 1000, 1);
  assert_false(f.is_quick(3));
  f.read(chain, 1000, 16);
  assert_true(f.is_quick(3));
}

void where_the_file_system_tells_nothing_is_remembered(void**) {
  Fixture f;
  f.read(f.chain(3, false), 1000, 16);
  assert_false(f.is_quick(3));
}

// One that took no longer than it takes to wake a worker ends nothing; and it does not begin it, either.
void a_callers_write_may_take_longer(void**) {
  Fixture f;
  Chain& chain = f.chain(1000);  // no such descriptor: the write fails at once
  static char bytes[4096];
  chain.buffer = bytes;
  const auto write = [&](std::int64_t ns) {
    clock_step_ns = ns;
    assert_int_equal(atomrt::exec::write_timed(chain, f.hints), -EBADF);
    clock_step_ns = 0;
  };
  for (int i = 0; i < 16; ++i) write(1000);
  assert_false(f.is_quick(1000));
  f.read(chain, 1000, 16);
  write(atomrt::tuning::CALLERS_WRITE_NS - 1);
  assert_true(f.is_quick(1000));
  write(atomrt::tuning::CALLERS_WRITE_NS);
  assert_false(f.is_quick(1000));
}

void writes_count_but_for_lone_ones(void**) {
  Fixture f;
  Chain& chain = f.chain(3, false);
  chain.operation = atomrt::chain::Operation::WRITE;
  chain.way.store(atomrt::chain::Way::LONE);
  f.read(chain, 1000, 16);
  assert_false(f.is_quick(3));
  chain.way.store(atomrt::chain::Way::LISTED);
  f.read(chain, 1000, 16);
  assert_true(f.is_quick(3));
}

}  // namespace

extern "C" long timed_perform(Chain&) __asm__("__wrap__ZN6atomrt4exec7performERNS_5chain5ChainE");
extern "C" long timed_perform(Chain&) {
  clock_ns += read_takes_ns;
  return 4096;
}

extern "C" int wrapped_clock(clockid_t, timespec*) __asm__("__wrap_clock_gettime");
extern "C" int wrapped_clock(clockid_t, timespec* time) {
  clock_ns += clock_step_ns;
  *time = {static_cast<time_t>(clock_ns / 1'000'000'000), static_cast<long>(clock_ns % 1'000'000'000)};
  return 0;
}

UNIT_TESTS(cmocka_unit_test(several_quick_reads_in_a_row_make_it_quick), cmocka_unit_test(a_slow_one_ends_it),
           cmocka_unit_test(where_the_file_system_tells_nothing_is_remembered),
           cmocka_unit_test(a_callers_write_may_take_longer), cmocka_unit_test(writes_count_but_for_lone_ones))
