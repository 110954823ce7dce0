// SPDX-License-Identifier: MIT
// context: a fake one fulfils the concept, what lacks a part of it does not; and the statistics have a name for each.
#include "exec/context.h"

#include "unit.h"

namespace {

using namespace atomrt;

struct Fake {
  exec::Verdict submit(chain::Chain&) { return exec::Verdict::DECLINED; }
  bool take(chain::Chain&) { return false; }
};
struct WithoutTake {
  exec::Verdict submit(chain::Chain&) { return exec::Verdict::DECLINED; }
};
struct WithAnotherVerdict {
  int submit(chain::Chain&) { return 0; }
  bool take(chain::Chain&) { return false; }
};
static_assert(exec::Context<Fake>);
static_assert(!exec::Context<WithoutTake>);
static_assert(!exec::Context<WithAnotherVerdict>);

void every_context_has_its_name(void**) {
  assert_int_equal(sizeof exec::CONTEXT_NAMES / sizeof exec::CONTEXT_NAMES[0], exec::CONTEXTS);
  assert_string_equal(exec::CONTEXT_NAMES[static_cast<unsigned>(exec::ContextId::HEAD)], "head");
  assert_string_equal(exec::CONTEXT_NAMES[static_cast<unsigned>(exec::ContextId::WAITER)], "waiter");
  assert_string_equal(exec::CONTEXT_NAMES[static_cast<unsigned>(exec::ContextId::DIRECT)], "direct");
  assert_string_equal(exec::CONTEXT_NAMES[static_cast<unsigned>(exec::ContextId::RING)], "ring");
  assert_string_equal(exec::CONTEXT_NAMES[static_cast<unsigned>(exec::ContextId::THREADS)], "threads");
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(every_context_has_its_name))
