// SPDX-License-Identifier: MIT
// Ring: when its thread is made, and what becomes of requests that no thread of it will do. The thread's body is the
// test's (exec::serve is wrapped): the kernel refuses. What the true one does is ring_thread_test.cpp's.
#include "exec/ring.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "exec/ring_engine.h"
#include "without_memory.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Place;
using atomrt::exec::Ring;
using atomrt::exec::Verdict;

Gate serve_gate;

}  // namespace

extern "C" bool wrapped_serve(Ring&) __asm__("__wrap__ZN6atomrt4exec5serveERNS0_4RingE");
extern "C" bool wrapped_serve(Ring&) {
  serve_gate.pass();
  return false;
}

namespace {

struct Fixture : RingFixture {
  using RingFixture::RingFixture;
  ~Fixture() { serve_gate.open(); }
  // The thread is there, and has not asked the kernel yet.
  void hold_thread() { serve_gate.close(); }
};

auto read_request() { return request_of(Kind::READ); }

void before_the_first_request_there_is_no_thread(void**) {
  Fixture f;
  serve_gate.open();
  f.ring.nudge();
  f.ring.configure(1);
  assert_int_equal(thread_fault.asked, 0);
  assert_int_equal(f.ring.created(), 0);
  assert_false(f.ring.is_refused());
}

void requests_are_mailed_to_one_thread(void**) {
  Fixture f;
  f.hold_thread();
  Chain* chains[5];
  for (Chain*& chain : chains) chain = &f.submitted(read_request());
  for (const Chain* chain : chains) assert_int_equal(place_of(*chain), Place::MAILED);
  assert_int_equal(thread_fault.asked, 1);
  assert_int_equal(f.ring.created(), 1);
  assert_int_equal(f.engine.passed_on, 0);
}

void where_the_kernel_refuses_all_are_passed_on(void**) {
  Fixture f;
  f.hold_thread();
  Chain* chains[5];
  for (Chain*& chain : chains) chain = &f.submitted(read_request());
  serve_gate.open();
  for (const Chain* chain : chains) f.is_passed_on(*chain);
  assert_int_equal(f.engine.passed_on, 5);
}

void once_refused_the_ring_declines_and_makes_no_thread(void**) {
  Fixture f;
  serve_gate.open();
  f.is_passed_on(f.submitted(read_request()));
  assert_true(f.ring.is_refused());
  const int asked = thread_fault.asked;
  for (int i = 0; i < 3; ++i) {
    Chain& chain = f.chain(read_request());
    assert_int_equal(f.ring.submit(chain), Verdict::DECLINED);
    assert_int_equal(place_of(chain), Place::MOVING);
    assert_int_equal(f.job(chain).passed_on, 0);
  }
  assert_int_equal(thread_fault.asked, asked);
}

void what_was_taken_from_the_mailbox_is_not_passed_on(void**) {
  Fixture f;
  f.hold_thread();
  Chain& first = f.submitted(read_request());
  Chain& taken = f.submitted(read_request());
  Chain& last = f.submitted(read_request());
  assert_true(f.ring.take(taken));
  assert_int_equal(place_of(taken), Place::RUNNING);
  assert_false(f.ring.take(taken));
  serve_gate.open();
  f.is_passed_on(first);
  f.is_passed_on(last);
  assert_int_equal(f.job(taken).passed_on, 0);
  assert_int_equal(place_of(taken), Place::RUNNING);
}

// The chain's place in the pool is another's when the letter is read.
void a_letter_of_a_chain_that_is_over_means_nobody(void**) {
  Fixture f;
  f.hold_thread();
  Chain& taken = f.submitted(read_request());
  assert_true(f.ring.take(taken));
  atomrt::unit::free_chain(f.engine.pool, taken);
  Chain& next = f.submitted(read_request());
  assert_ptr_equal(&next, &taken);
  serve_gate.open();
  f.is_passed_on(next);  // by its own letter, once
  assert_int_equal(f.engine.passed_on, 1);
}

void letters_that_forget_mean_nothing_to_a_refused_ring(void**) {
  Fixture f;
  f.hold_thread();
  Chain& chain = f.submitted(read_request());
  f.ring.forget(name_of(chain));
  serve_gate.open();
  f.is_passed_on(chain);
  assert_int_equal(f.engine.passed_on, 1);
}

void only_what_is_mailed_can_be_taken(void**) {
  Fixture f;
  Chain& chain = f.chain(read_request());
  for (const Place place : {Place::MOVING, Place::HELD, Place::QUEUED, Place::BLOCKED, Place::RUNNING, Place::IN_RING, Place::IN_AIO, Place::ENDING}) {
    atomrt::unit::stand(chain, place);
    assert_false(f.ring.take(chain));
    assert_int_equal(place_of(chain), place);
  }
}

void without_a_thread_the_ring_declines_for_now(void**) {
  Fixture f;
  f.hold_thread();
  thread_fault.refused.store(1);
  Chain& chain = f.chain(read_request());
  assert_int_equal(f.ring.submit(chain), Verdict::DECLINED);
  assert_int_equal(place_of(chain), Place::MOVING);
  assert_int_equal(f.engine.passed_on, 0);
  assert_false(f.ring.is_refused());
  assert_int_equal(f.ring.created(), 0);
  f.submitted(read_request());  // the next has its thread
  assert_int_equal(f.ring.created(), 1);
}

Fixture* fixture_of_callback = nullptr;
Chain* chain_of_callback = nullptr;

// It may come late, or never: nobody but who makes it waits for that.
void while_one_makes_the_thread_others_are_declined(void**) {
  Fixture f;
  f.hold_thread();
  fixture_of_callback = &f;
  thread_fault.refused.store(1);
  thread_fault.when_refused.store([] {
    Chain& other = fixture_of_callback->chain(read_request());
    assert_int_equal(fixture_of_callback->ring.submit(other), Verdict::DECLINED);
    assert_int_equal(place_of(other), Place::MOVING);
  });
  Chain& chain = f.chain(read_request());
  assert_int_equal(f.ring.submit(chain), Verdict::DECLINED);
  assert_int_equal(f.engine.passed_on, 0);
}

// Cancelled by another thread between the letter and the failure: it is the other's.
void what_is_taken_while_no_thread_can_be_made_is_not_declined(void**) {
  Fixture f;
  f.hold_thread();
  Chain& chain = f.chain(read_request());
  fixture_of_callback = &f;
  chain_of_callback = &chain;
  thread_fault.refused.store(1);
  thread_fault.when_refused.store([] { assert_true(fixture_of_callback->ring.take(*chain_of_callback)); });
  assert_int_equal(f.ring.submit(chain), Verdict::ACCEPTED);
  assert_int_equal(place_of(chain), Place::RUNNING);
  assert_int_equal(f.engine.passed_on, 0);
}

void without_memory_for_a_letter_the_ring_declines(void**) {
  Fixture f;
  f.hold_thread();
  Chain& chain = f.chain(read_request());
  {
    const WithoutMemory none;
    assert_int_equal(f.ring.submit(chain), Verdict::DECLINED);
    f.ring.forget(name_of(chain));  // unheard, and no harm
  }
  assert_int_equal(place_of(chain), Place::MOVING);
  assert_int_equal(thread_fault.asked, 0);
  f.submitted(read_request());
  assert_int_equal(thread_fault.asked, 1);
}

// No thread can ever be made, and each chain is taken at the same time: by one of the two.
void of_submitter_and_canceller_one_has_the_chain(void**) {
  Fixture f;
  thread_fault.refused.store(ALL);
  Rounds rounds(1, 20'000);
  std::atomic<Chain*> current{nullptr};
  std::atomic<int> taken{0};
  const auto cancel = [&] {
    for (int round = 0; rounds.join(round); rounds.leave()) {
      Chain& chain = *current.load();
      for (int i = 0; i < 20; ++i) {
        if (f.ring.take(chain)) taken.fetch_add(1);
      }
    }
  };
  Thread canceller(cancel);
  int wrong = 0;
  while (rounds.more()) {
    Chain& chain = f.chain(read_request());
    current.store(&chain);
    taken.store(0);
    rounds.start();
    const bool is_declined = f.ring.submit(chain) == Verdict::DECLINED;
    rounds.finish();
    wrong += is_declined == (taken.load() == 1) || taken.load() > 1;
    wrong += place_of(chain) != (is_declined ? Place::MOVING : Place::RUNNING);
    atomrt::unit::free_chain(f.engine.pool, chain);
  }
  canceller.join();
  assert_int_equal(wrong, 0);
  assert_int_equal(f.engine.passed_on, 0);
}

// A filter that allows everything, and could as well kill.
int filter_this_process() {
  sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {1, allow};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void under_a_seccomp_filter_only_a_forced_ring_is_tried(void**) {
  const int status = in_child([] {
    if (filter_this_process() != 0) return 77;
    serve_gate.open();
    for (const bool is_forced : {false, true}) {
      Fixture f(Ring::ENTRIES, Fixture::LONG, is_forced);
      if (f.ring.is_refused() == is_forced) return 1;
      Chain& chain = f.chain(read_request());
      if ((f.ring.submit(chain) == Verdict::ACCEPTED) != is_forced) return 2;
      if (thread_fault.asked.load() != is_forced) return 3;
    }
    return 0;
  });
  if (status == 77) return SKIP("no seccomp filter may be entered here");
  assert_int_equal(status, 0);
}

// The thread has left, and a new ring would have to be made.
void under_a_filter_entered_later_no_ring_is_made_either(void**) {
  const int status = in_child([] {
    serve_gate.open();
    for (const bool is_forced : {true, false}) {
      Fixture f(Ring::ENTRIES, Fixture::LONG, is_forced);
      if (!is_forced && filter_this_process() != 0) return 77;
      if (f.ring.is_refused()) return 1;
      if ((f.ring.submit(f.chain(read_request())) == Verdict::ACCEPTED) != is_forced) return 2;
      if (!is_forced && !f.ring.is_refused()) return 3;
      if (thread_fault.asked.load() != is_forced) return 4;
    }
    return 0;
  });
  if (status == 77) return SKIP("no seccomp filter may be entered here");
  assert_int_equal(status, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(before_the_first_request_there_is_no_thread),
           cmocka_unit_test(requests_are_mailed_to_one_thread),
           cmocka_unit_test(where_the_kernel_refuses_all_are_passed_on),
           cmocka_unit_test(once_refused_the_ring_declines_and_makes_no_thread),
           cmocka_unit_test(what_was_taken_from_the_mailbox_is_not_passed_on),
           cmocka_unit_test(a_letter_of_a_chain_that_is_over_means_nobody),
           cmocka_unit_test(letters_that_forget_mean_nothing_to_a_refused_ring),
           cmocka_unit_test(only_what_is_mailed_can_be_taken),
           cmocka_unit_test(without_a_thread_the_ring_declines_for_now),
           cmocka_unit_test(while_one_makes_the_thread_others_are_declined),
           cmocka_unit_test(what_is_taken_while_no_thread_can_be_made_is_not_declined),
           cmocka_unit_test(without_memory_for_a_letter_the_ring_declines),
           cmocka_unit_test(of_submitter_and_canceller_one_has_the_chain),
           cmocka_unit_test(under_a_seccomp_filter_only_a_forced_ring_is_tried),
           cmocka_unit_test(under_a_filter_entered_later_no_ring_is_made_either))
