// SPDX-License-Identifier: MIT
#include "chain/chain.h"

#include "os/clock.h"

namespace atomrt::chain {

namespace {

Way way_to(Place place) { return place == Place::LONE ? Way::LONE : is_sending(place) ? Way::SENT : Way::LISTED; }

}  // namespace

Chain* adopt(ChainPool& pool, const Request& request, Place place, unsigned context, std::uint32_t poll) {
  Chain* chain = pool.take();
  if (chain == nullptr) return nullptr;
  static_cast<Request&>(*chain) = request;
  if (chain->submitted_ns == 0) chain->submitted_ns = os::recent_ns();
  __atomic_store_n(&chain->submitter, os::this_thread_number(), __ATOMIC_RELAXED);
  chain->runner.store(0, std::memory_order_relaxed);
  chain->io_fd.store(request.fd, std::memory_order_relaxed);
  chain->order = Order::NONE;
  chain->tail = Tail::NOTIFY;
  chain->is_out_of_turn = false;
  chain->keeps_known = false;
  chain->is_polled = false;
  chain->tells_late = false;
  chain->is_counted = false;
  chain->is_stream_counted = false;
  chain->company.store(0, std::memory_order_relaxed);
  chain->in_direct.store(static_cast<std::uint8_t>(context << 1), std::memory_order_relaxed);
  chain->way.store(way_to(place), std::memory_order_release);  // see SentTable::is_present
  chain->lane = nullptr;
  chain->hold = 0;
  chain->was_begun = 0;
  chain->in_flight_link = {};
  chain->member_link = {};
  chain->queue_link = {};
  if (poll != 0) chain->poll = poll;
  // A release: a waiter for the chain's previous request may learn of its end from this word alone, and must then see
  // the result and the bytes, which this thread acquired with the chain.
  chain->waiters.store(packed(generation_of(*chain), 0), std::memory_order_release);
  put(*chain, place);
  return chain;
}

Chain* adopt_tail(ChainPool& pool, const Request& request, Tail tail) {
  Chain* chain = adopt(pool, request);
  if (chain == nullptr) return nullptr;
  chain->tail = tail;
  put(*chain, Place::ENDING);
  return chain;
}

void recycle(ChainPool& pool, Chain& chain) {
  assert(may_move(place_of(chain), Place::FREE));
  chain.state.store(packed(generation_of(chain) + 1, static_cast<std::uint32_t>(Place::FREE)),
                    std::memory_order_release);
  pool.give(chain);
}

}  // namespace atomrt::chain
