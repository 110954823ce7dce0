// SPDX-License-Identifier: MIT
// moving: a chain that another thread has for a moment is waited for by who cancels it, or closes its descriptor; and
// that thread may need any lock meanwhile: none is held while it is waited for.
#include "engine/cancel.h"

#include "engine/hold.h"
#include "engine/requests.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::Place;

// Behind a read that the only worker has at the gate.
struct Moving {
  MemoryFile file;
  Aio running, request;
  Chain* chain;

  explicit Moving(Place place) {
    atomrt::engine::set_threads(1, 1);
    close_gate();
    MemoryFile other;
    running.read(other.fd);
    assert_true(eventually([] { return perform_gate.arrived() == 1; }));
    request.write(file.fd, "1111");
    assert_int_equal(request.place(), Place::QUEUED);
    chain = request.chain();
    stand(*chain, place);
  }
  // As its mover would, with every lock that it may take on its way; then it goes on to where it was.
  void move_on() {
    for (int i = 0; i < 10; ++i) pause_briefly();
    const atomrt::os::SignalBlock blocked;
    the_engine().registry.in_flight.change(*chain, [] {});
    assert_true(the_engine().registry.lanes.is_busy(chain->lane->key, chain->order));
    stand(*chain, Place::QUEUED);
  }
};

void cancelling_one_holds_no_lock(void**) {
  Moving moving(Place::MOVING);
  std::atomic<int> outcome{-1};
  Thread canceller([&] { outcome.store(atomrt::engine::cancel_one(moving.file.fd, &moving.request.block)); });
  for (int i = 0; i < 10; ++i) pause_briefly();
  assert_int_equal(outcome.load(), -1);
  moving.move_on();
  canceller.join();
  assert_int_equal(outcome.load(), AIO_CANCELED);
  assert_int_equal(moving.request.error(), ECANCELED);
}

void cancelling_all_holds_no_lock(void**) {
  Moving moving(Place::MOVING);
  std::atomic<int> outcome{-1};
  Thread canceller([&] { outcome.store(atomrt::engine::cancel_all(moving.file.fd)); });
  for (int i = 0; i < 10; ++i) pause_briefly();
  assert_int_equal(outcome.load(), -1);
  moving.move_on();
  canceller.join();
  assert_int_equal(outcome.load(), AIO_CANCELED);
  assert_int_equal(moving.request.error(), ECANCELED);
}

// On its way to a context, or into kernel AIO, whose number must mean the same file until it is there.
void closing_holds_no_lock(void**) {
  for (const Place place : {Place::MOVING, Place::IN_SUBMIT}) {
    Moving moving(place);
    std::atomic<bool> is_closing{false}, may_close{false};
    Thread closer([&] {
      is_closing.store(true);
      atomrt::engine::before_close(moving.file.fd);
      may_close.store(true);
    });
    assert_true(eventually([&] { return is_closing.load(); }));
    for (int i = 0; i < 10; ++i) pause_briefly();
    assert_false(may_close.load());
    moving.move_on();
    closer.join();
    open_gate();
    moving.request.ends_with(0, 4);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(cancelling_one_holds_no_lock), cmocka_unit_test(cancelling_all_holds_no_lock),
           cmocka_unit_test(closing_holds_no_lock))
