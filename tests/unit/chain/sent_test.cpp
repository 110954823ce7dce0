// SPDX-License-Identifier: MIT
// SentTable: chains that the kernel has, in no list, and how they come into the lists. No file, no thread.
#include "chain/sent.h"

#include "chain/finish.h"
#include "chain/lanes.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;

struct Sent {
  Registry& registry = zeroed<Registry>();
  struct aiocb block {};

  Chain& adopted(int fd = 3) {
    Chain* chain = adopt(registry.chains, request_of(Kind::READ, &block, fd), Place::SENDING, 5);
    assert_non_null(chain);
    assert_int_equal(place_of(*chain), Place::SENDING);
    assert_int_equal(aio_context_of(*chain), 5);
    return *chain;
  }
  bool enter(const Chain& chain) { return registry.sent.enter(registry.chains, chain.fd, name_of(chain)); }
  Chain& entered(int fd = 3) {
    Chain& chain = adopted(fd);
    assert_true(claim(chain, generation_of(chain), Place::SENDING, Place::IN_AIO));
    assert_true(enter(chain));
    return chain;
  }
  void move_out(int fd) { registry.sent.move_out(registry.chains, fd, enter_lists(registry)); }
  void move_all_out() { registry.sent.move_all_out(registry.chains, enter_lists(registry)); }
  bool is_listed(const Chain& chain) const {
    return chain.entered.load() == static_cast<std::uint32_t>(chain.fd) + 1 && chain.order == Order::LATE;
  }
  void ends(Chain& chain) {
    put(chain, Place::RUNNING);
    const Finished finished = finish(registry, chain, 1);
    assert_true(finished.is_over);
    assert_null(finished.released.chains[0]);
  }
  void is_empty() {
    assert_false(registry.sent.may_have(3));
    assert_false(registry.in_flight.may_have(3));
    assert_false(registry.latecomers.any());
  }
};

void a_sent_chain_is_in_no_list(void**) {
  Sent sent;
  sent.is_empty();
  Chain& chain = sent.entered();
  assert_true(sent.registry.sent.may_have(3));
  assert_false(sent.registry.in_flight.may_have(3));
  sent.ends(chain);
  sent.is_empty();
}

void one_number_has_room_for_many(void**) {
  Sent sent;
  Chain* chains[SentTable::ROOM];
  for (Chain*& chain : chains) chain = &sent.entered();
  Chain& one_more = sent.adopted();
  assert_true(claim(one_more, generation_of(one_more), Place::SENDING, Place::IN_AIO));
  assert_false(sent.enter(one_more));
  sent.registry.sent.list(sent.registry.chains, 3, name_of(one_more), enter_lists(sent.registry));
  assert_true(sent.is_listed(one_more));
  sent.ends(*chains[7]);
  Chain& next = sent.entered();
  sent.ends(next);
  sent.ends(one_more);
  for (Chain*& chain : chains) {
    if (chain != chains[7]) sent.ends(*chain);
  }
  sent.is_empty();
}

void those_of_a_number_are_moved_into_the_lists_once(void**) {
  Sent sent;
  Chain &first = sent.entered(), &second = sent.entered(), &elsewhere = sent.entered(3 + SentTable::SPOTS);
  sent.move_out(4);
  assert_false(sent.registry.in_flight.may_have(3));
  for (int i = 0; i < 2; ++i) {
    sent.move_out(3);
    assert_true(sent.is_listed(first) && sent.is_listed(second) && !sent.is_listed(elsewhere));
  }
  assert_int_equal(sent.registry.sent.highest(sent.registry.chains), 3 + static_cast<int>(SentTable::SPOTS));
  sent.ends(first);
  sent.ends(second);
  sent.move_all_out();
  assert_true(sent.is_listed(elsewhere));
  assert_int_equal(sent.registry.sent.highest(sent.registry.chains), -1);
  sent.ends(elsewhere);
  sent.is_empty();
}

void its_owner_lists_it_entered_or_not(void**) {
  Sent sent;
  Chain& entered = sent.entered();
  put(entered, Place::RUNNING);
  sent.registry.sent.list(entered, enter_lists(sent.registry));
  assert_true(sent.is_listed(entered));
  assert_false(sent.registry.sent.may_have(3));
  sent.ends(entered);
  Chain& sending = sent.adopted();
  put(sending, Place::MOVING);
  sent.registry.sent.list(sending, enter_lists(sent.registry));
  assert_true(sent.is_listed(sending));
  sent.ends(sending);
  sent.is_empty();
}

// Whoever saw the event was faster than who enters its name.
void what_is_over_is_not_entered(void**) {
  Sent sent;
  Chain& chain = sent.adopted();
  const atomrt::aiocb::RequestName name = name_of(chain);
  sent.ends(chain);
  assert_true(sent.registry.sent.enter(sent.registry.chains, 3, name));
  sent.is_empty();
  sent.registry.sent.list(sent.registry.chains, 3, name, enter_lists(sent.registry));
  sent.is_empty();
}

// A handler forked, or left for good, before the submitter could take them back.
void stale_names_are_replaced(void**) {
  Sent sent;
  atomrt::aiocb::RequestName names[SentTable::ROOM];
  Chain* chains[SentTable::ROOM];
  for (unsigned i = 0; i < SentTable::ROOM; ++i) names[i] = name_of(*(chains[i] = &sent.entered()));
  for (Chain* chain : chains) {
    put(*chain, Place::RUNNING);
    put(*chain, Place::ENDING);
    recycle(sent.registry.chains, *chain);
  }
  assert_true(sent.registry.sent.may_have(3));
  sent.move_out(3);
  assert_false(sent.registry.in_flight.may_have(3));
  Chain& next = sent.entered();
  sent.ends(next);
}

// One in the whole process, until it is over.
void one_stream_read_is_sent_at_a_time(void**) {
  Sent sent;
  SentTable& table = sent.registry.sent;
  const ChainPool& pool = sent.registry.chains;
  assert_int_equal(table.stream(pool), 0);
  const auto adopted = [&] {
    Request request = request_of(Kind::READ, &sent.block, 3);
    request.kind = atomrt::os::FileKind::STREAM;
    return adopt(sent.registry.chains, request, Place::SENDING_POLL, 0, 7);
  };
  Chain &first = *adopted(), &second = *adopted();
  assert_int_equal(first.poll, 7);
  assert_true(table.begin_stream(pool, first));
  assert_false(table.begin_stream(pool, second));
  assert_int_equal(table.stream(pool), packed(generation_of(first), first.number));
  assert_true(claim(first, generation_of(first), Place::SENDING_POLL, Place::POLLED) && sent.enter(first));
  table.move_out_named(pool, packed(generation_of(second), second.number), enter_lists(sent.registry));
  assert_false(sent.is_listed(first));
  table.move_out_named(pool, table.stream(pool), enter_lists(sent.registry));
  assert_true(sent.is_listed(first));
  assert_true(claim(first, generation_of(first), Place::POLLED, Place::MOVING));
  sent.ends(first);
  assert_int_equal(table.stream(pool), 0);
  assert_true(table.begin_stream(pool, second));
  sent.ends(second);
  sent.is_empty();
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_sent_chain_is_in_no_list), cmocka_unit_test(one_number_has_room_for_many),
           cmocka_unit_test(those_of_a_number_are_moved_into_the_lists_once),
           cmocka_unit_test(its_owner_lists_it_entered_or_not), cmocka_unit_test(what_is_over_is_not_entered),
           cmocka_unit_test(stale_names_are_replaced),
           cmocka_unit_test(one_stream_read_is_sent_at_a_time))
