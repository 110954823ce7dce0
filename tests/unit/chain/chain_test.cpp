// SPDX-License-Identifier: MIT
// Chain: names, places and generations.
#include "chain/chain.h"

#include "chain/chains.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

Chain& adopted(ChainPool& pool, const Request& request) {
  Chain* chain = adopt(pool, request);
  assert_non_null(chain);
  return *chain;
}

void an_adopted_chain_is_moving_and_has_the_request(void**) {
  auto& pool = zeroed<ChainPool>();
  struct aiocb block;
  Request request = request_of(Kind::WRITE, &block, 42);
  request.moved = 5;
  Chain& chain = adopted(pool, request);
  assert_int_equal(place_of(chain), Place::MOVING);
  assert_ptr_equal(chain.block, &block);
  assert_int_equal(chain.fd, 42);
  assert_int_equal(chain.io_fd, 42);
  assert_int_equal(chain.moved, 5);
  assert_int_equal(chain.tail, Tail::NOTIFY);
  assert_null(chain.lane);
  assert_int_equal(chain.hold, 0);
  assert_false(chain.is_out_of_turn || chain.company > 0);
  assert_ptr_equal(pool.at(name_of(chain).number), &chain);
}

void a_chain_used_again_forgets_its_last_use(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::WRITE, nullptr, 42));
  chain.tail = Tail::DONE;
  chain.is_out_of_turn = true;
  chain.company = 9;
  chain.io_fd.store(99);
  chain.hold = 7;
  chain.in_flight_link.previous = chain.member_link.previous = chain.queue_link.previous = &chain;
  atomrt::unit::free_chain(pool, chain);
  Chain& again = adopted(pool, request_of(Kind::READ, nullptr, 43));
  assert_ptr_equal(&again, &chain);
  assert_int_equal(again.operation, Operation::READ);
  assert_int_equal(again.io_fd, 43);
  assert_int_equal(again.tail, Tail::NOTIFY);
  assert_false(again.is_out_of_turn || again.company > 0);
  assert_int_equal(again.hold, 0);
  assert_false(again.in_flight_link.previous || again.member_link.previous || again.queue_link.previous);
}

void recycling_makes_every_name_stale(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::WRITE));
  const auto old_name = name_of(chain);
  atomrt::unit::stand(chain, Place::MAILED);
  atomrt::unit::free_chain(pool, chain);
  assert_int_equal(place_of(chain), Place::FREE);
  assert_int_not_equal(generation_of(chain), old_name.generation);
  Chain& again = adopted(pool, request_of(Kind::WRITE));
  assert_ptr_equal(&again, &chain);
  assert_int_equal(name_of(again).number, old_name.number);
  assert_int_not_equal(name_of(again).generation, old_name.generation);
  atomrt::unit::stand(again, Place::MAILED);
  assert_false(claim(again, old_name.generation, Place::MAILED));
  assert_int_equal(place_of(again), Place::MAILED);
  assert_true(claim(again, generation_of(again), Place::MAILED));
}

void generations_wrap_around(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::WRITE));
  chain.state.store(packed(UINT32_MAX, static_cast<std::uint32_t>(Place::RUNNING)));
  atomrt::unit::free_chain(pool, chain);
  assert_int_equal(generation_of(chain), 0);
  assert_int_equal(place_of(chain), Place::FREE);
}

void a_claim_needs_the_place(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::STREAM_READ));
  const std::uint32_t generation = generation_of(chain);
  for (const Place place : {Place::MOVING, Place::HELD, Place::QUEUED, Place::RUNNING}) {
    atomrt::unit::stand(chain, place);
    assert_false(claim(chain, generation, Place::BLOCKED));
    assert_int_equal(place_of(chain), place);
  }
  atomrt::unit::stand(chain, Place::BLOCKED);
  assert_true(claim(chain, generation, Place::BLOCKED));
  assert_int_equal(place_of(chain), Place::RUNNING);
  assert_false(claim(chain, generation, Place::BLOCKED));
}

void a_claim_may_lead_elsewhere(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::STREAM_READ));
  atomrt::unit::stand(chain, Place::BLOCKED);
  assert_true(claim(chain, generation_of(chain), Place::BLOCKED, Place::MOVING));
  assert_int_equal(place_of(chain), Place::MOVING);
}

void a_patient_claim_fails_elsewhere_and_on_old_names(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::READ));
  const std::uint32_t generation = generation_of(chain);
  for (const Place place : {Place::HELD, Place::QUEUED, Place::BLOCKED, Place::RUNNING, Place::IN_RING, Place::IN_AIO, Place::FREE}) {
    atomrt::unit::stand(chain, place);
    assert_false(claim_patiently(chain, generation, Place::MAILED, Place::RUNNING));
    assert_int_equal(place_of(chain), place);
  }
  atomrt::unit::stand(chain, Place::MAILED);
  assert_false(claim_patiently(chain, generation + 1, Place::MAILED, Place::RUNNING));
  assert_true(claim_patiently(chain, generation, Place::MAILED, Place::RUNNING));
  assert_int_equal(place_of(chain), Place::RUNNING);
  atomrt::unit::stand(chain, Place::MOVING);  // an old name's claim does not wait for the chain's next user
  assert_false(claim_patiently(chain, generation + 1, Place::MAILED, Place::RUNNING));
}

// Somebody else has it between two places, and puts it back or takes it elsewhere.
void a_patient_claim_waits_for_who_moves_it(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::READ));
  const std::uint32_t generation = generation_of(chain);
  for (const Place next : {Place::MAILED, Place::RUNNING}) {
    atomrt::unit::stand(chain, Place::MOVING);
    std::atomic<int> outcome{-1};
    const auto work = [&] { outcome.store(claim_patiently(chain, generation, Place::MAILED, Place::MOVING)); };
    Thread claimer(work);
    for (int i = 0; i < 20; ++i) atomrt::unit::pause_briefly();
    assert_int_equal(outcome.load(), -1);
    atomrt::unit::stand(chain, next);
    claimer.join();
    assert_int_equal(outcome.load(), next == Place::MAILED);
    assert_int_equal(place_of(chain), next == Place::MAILED ? Place::MOVING : Place::RUNNING);
  }
}

void transfers_of_streams_are_told_from_all_else(void**) {
  auto& pool = zeroed<ChainPool>();
  assert_true(is_stream_transfer(adopted(pool, request_of(Kind::STREAM_READ))));
  assert_true(is_stream_transfer(adopted(pool, request_of(Kind::STREAM_WRITE))));
  assert_false(is_stream_transfer(adopted(pool, request_of(Kind::STREAM_SYNC))));
  assert_false(is_stream_transfer(adopted(pool, request_of(Kind::READ))));
}

void of_two_claims_one_succeeds(void**) {
  auto& pool = zeroed<ChainPool>();
  Chain& chain = adopted(pool, request_of(Kind::STREAM_READ));
  const std::uint32_t generation = generation_of(chain);
  atomrt::unit::Rounds rounds(2, 50'000);
  std::atomic<int> claims{0};
  const auto work = [&] {
    for (int round = 0; rounds.join(round); rounds.leave()) {
      claims.fetch_add(claim(chain, generation, Place::BLOCKED));
    }
  };
  Thread first(work), second(work);
  int wrong = 0;
  while (rounds.more()) {
    claims.store(0);
    atomrt::unit::stand(chain, Place::BLOCKED);
    rounds.start();
    rounds.finish();
    wrong += claims.load() != 1;
  }
  first.join();
  second.join();
  assert_int_equal(wrong, 0);
}

void a_packed_word_keeps_both_halves(void**) {
  const std::uint64_t word = packed(0xfedcba98, 0x87654321);
  assert_int_equal(generation_of(word), 0xfedcba98);
  assert_int_equal(low_of(word), 0x87654321);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(an_adopted_chain_is_moving_and_has_the_request),
           cmocka_unit_test(a_chain_used_again_forgets_its_last_use),
           cmocka_unit_test(recycling_makes_every_name_stale), cmocka_unit_test(generations_wrap_around),
           cmocka_unit_test(a_claim_needs_the_place), cmocka_unit_test(of_two_claims_one_succeeds),
           cmocka_unit_test(a_claim_may_lead_elsewhere),
           cmocka_unit_test(a_patient_claim_fails_elsewhere_and_on_old_names),
           cmocka_unit_test(a_patient_claim_waits_for_who_moves_it),
           cmocka_unit_test(transfers_of_streams_are_told_from_all_else),
           cmocka_unit_test(a_packed_word_keeps_both_halves))
