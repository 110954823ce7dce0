// SPDX-License-Identifier: MIT
#include "engine/submit.h"

#include "engine/at_exit.h"
#include "engine/callers_write.h"
#include "engine/complete.h"
#include "engine/hold.h"
#include "engine/lone.h"
#include "engine/observe.h"
#include "engine/placing.h"
#include "engine/policy.h"
#include "engine/reap.h"
#include "engine/relay.h"
#include "engine/submit_chain.h"
#include "engine/watchdog.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Request;
using exec::Attempt;
using exec::ContextId;
using exec::Descriptor;
using exec::Hint;
using exec::Outcome;

// noinline: the rare case would cost the fast path registers.
[[gnu::noinline]] void go_on_trying(Engine& engine, Request& request, chain::Tail tail) {
  if (tail != chain::Tail::DONE && request.notification.is_left) {
    if (relay(engine, request, tail)) return;
    tail = run_callers_tail(engine.registry, request, tail);
  }
  const os::SignalBlock blocked;
  if (tail == chain::Tail::DONE) {
    poke_retrier(engine, exec::MayStart::YES);
  } else {
    keep_tail(request, tail);
  }
}

// For a request that ends in its submitter: no other thread has ever known of it. Inlined, as each cached read takes
// this path.
[[gnu::always_inline]] inline void complete_request(Engine& engine, Request& request, long result) {
  observe_done_at_once(engine, request, result);
  const chain::Tail tail = finish_request(engine.registry, request, result);
  if (tail != chain::Tail::DONE || engine.retrier.has_work()) go_on_trying(engine, request, tail);
}

// Signals are blocked only for the look at the lane.
bool is_stream_busy(Engine& engine, const Request& request, const os::FileIdentity& identity) {
  if (!may_have_streams(engine)) return false;
  const os::SignalBlock blocked;
  if (request.operation == chain::Operation::READ) place_stream(engine);
  return engine.registry.lanes.is_busy(chain::file_key(identity, request.fd), chain::order_of(request));
}

// With ATOMRT_ORDER=calls the head must not overtake what is in flight, and a later request must not overtake a
// notification that the head leaves to the retrier.
bool may_use_head(const Engine& engine, const Request& request) {
  const Config& settings = config();
  if (!settings.use_head || !settings.keeps_call_order) return settings.use_head;
  return !request.notification.is_left && !engine.registry.in_flight.may_have(request.fd);
}

// Earlier requests of a stream may wait under that number: a device that takes reads at an offset would let this one
// overtake them. May be wrong, as it goes by a hash and a counter; identify decides then.
bool may_overtake(const Engine& engine, int fd) {
  return engine.streams.load(std::memory_order_relaxed) != 0 && engine.registry.in_flight.may_have(fd);
}

// A cached read, before anything is asked of the descriptor. UNEXAMINED: it has to be asked first, or is known already.
Attempt read_unexamined(Engine& engine, Request& request, exec::Budget& budget) {
  const bool is_worth_it = request.operation == chain::Operation::READ && may_use_head(engine, request) &&
                           !engine.hints.has(request.fd, Hint::DIRECT) &&
                           !engine.hints.has(request.fd, Hint::PIPED) &&
                           !engine.registry.in_flight.knows(request.fd) && !may_overtake(engine, request.fd);
  return is_worth_it ? exec::read_unexamined_in_head(request, budget) : Outcome::UNEXAMINED;
}

int examine_number(Engine& engine, Request& request, Descriptor& descriptor) {
  const int error = examine(request, descriptor);
  if (error != 0 || descriptor.is_identified) return error;
  engine.hints.put(request.fd, Hint::DIRECT, request.direct);
  engine.hints.put(request.fd, Hint::SENT, request.direct);
  return 0;
}

// A late chain whose number turned out to mean a stream enters that stream's lane before the next request is examined.
int identify_in_order(Engine& engine, Request& request, Descriptor& descriptor) {
  const int error = identify(request, descriptor);
  if (error != 0) return error;
  engine.hints.put(request.fd, Hint::PIPED, request.kind == os::FileKind::STREAM && !request.is_at_offset);
  if (request.kind == os::FileKind::STREAM && engine.registry.latecomers.any()) reap_if_any(engine);
  return 0;
}

// Counts the reads that find nothing: see engine/sent.h.
Attempt try_stream(Engine& engine, Request& request, exec::Budget& budget) {
  const Attempt tried = exec::stream_in_head(request, budget);
  const bool counts = request.operation == chain::Operation::READ && !request.is_at_offset;
  if (!counts) return tried;
  if (request.was_not_ready) {
    engine.hints.raise(request.fd, exec::Score::VAIN);
  } else {
    engine.hints.reset(request.fd, exec::Score::VAIN);
  }
  return tried;
}

// DONE or DECLINED. read: what read_unexamined returned.
Attempt run_in_head(Engine& engine, Request& request, Descriptor& descriptor, exec::Budget& budget, Attempt read) {
  if (is_sync(request.operation)) return Outcome::DECLINED;
  const bool reads = request.operation == chain::Operation::READ;
  const bool is_unexamined = read.outcome == Outcome::UNEXAMINED;
  const bool asks_first = reads && is_unexamined &&
                          (may_overtake(engine, request.fd) || needs_kind(request, budget) ||
                           engine.hints.has(request.fd, Hint::PIPED));
  if (asks_first) {
    if (const int error = identify_in_order(engine, request, descriptor); error != 0) return Attempt::done(-error);
  }
  if (reads && request.kind != os::FileKind::STREAM) {
    const Attempt tried = is_unexamined ? exec::read_in_head(request, budget) : read;
    if (tried.is_done()) return tried;
  }
  if (const int error = identify_in_order(engine, request, descriptor); error != 0) return Attempt::done(-error);
  if (request.kind == os::FileKind::STREAM) {
    const bool is_busy = is_stream_busy(engine, request, descriptor.identity);
    return is_busy ? Outcome::DECLINED : try_stream(engine, request, budget);
  }
  return reads ? Outcome::DECLINED : exec::write_in_head(request, descriptor, budget, engine.refusing);
}

// Regular files that refuse offsets (none is on this machine's storage) are streams.
void heed_refused_offsets(Request& request, os::FileIdentity& identity) {
  if (!identity.is_regular || is_sync(request.operation)) return;
  if (!os::refuses_offsets(request.fd, request.operation == chain::Operation::WRITE)) return;
  request.kind = identity.kind = os::FileKind::STREAM;
  request.is_by_call = true;
}

// A read that the head has found not to be cached, or has not tried.
bool is_for_storage(const Request& request, Attempt read) {
  return request.operation == chain::Operation::READ && (read.outcome == Outcome::DECLINED || !config().use_head);
}

// By experience alone: nothing has been asked of its descriptor.
Left leave_unexamined(Engine& engine, Request& request, Attempt read) {
  if (!is_for_storage(request, read)) return leave_write_unasked(engine, request);
  const Left left = leave_read_to_waiter(engine, request);
  if (left != Left::NOT && read.outcome == Outcome::DECLINED) observe_declined(engine, ContextId::HEAD, request);
  return left;
}

// For a request that was left to its waiter.
int end_leaving(Engine& engine, Left left) {
  if (left == Left::REFUSED) return EAGAIN;
  watch_closing();
  if (engine.has_watchdog) keep_watch(engine);
  return 0;
}

// What aio_read returns.
int end_sending(Engine& engine, const Request& request, const Sending& sending) {
  if (sending.outcome == Sent::REFUSED) return refuse(request);
  watch_closing();
  if (engine.has_watchdog) keep_watch(engine);
  return sending.outcome == Sent::DECLINED ? take_back_sent(engine, request, sending) : 0;
}

// What its chain has to know of its file. is_known: another request in flight under its number has told that it is on
// this machine's storage. Returns an error, or 0.
int examine_file(Engine& engine, Request& request, Descriptor& descriptor, bool is_known) {
  if (const int error = identify_in_order(engine, request, descriptor); error != 0) return error;
  request.is_local = is_known || is_local(engine, request.fd, descriptor.identity);
  if (!is_known) {
    if (!request.is_local) heed_refused_offsets(request, descriptor.identity);
    note_number(engine, request, descriptor.identity);
    note_file(engine, request, descriptor.identity);
  }
  // What may wait for a peer is never a mere copy.
  if (request.refuses_nowait && request.is_local) {
    request.is_modest = engine.hints.is_enough(request.fd, exec::Score::QUICK);
  }
  return 0;
}

[[gnu::noinline]] int submit_examined(Engine& engine, Request& request, exec::Budget& budget, Attempt read) {
  if (may_be_sent(engine, request)) {
    const Sending sending = send(engine, request);
    if (sending.outcome != Sent::NOT) return end_sending(engine, request, sending);
  }
  Descriptor descriptor{};
  const bool is_known = engine.registry.in_flight.recall(request.fd, descriptor.flags, descriptor.identity);
  descriptor.is_identified = is_known;
  if (!is_known) {
    const Left left = leave_unexamined(engine, request, read);
    if (left != Left::NOT) return end_leaving(engine, left);
  }
  if (const int error = examine_number(engine, request, descriptor); error != 0) {
    complete_request(engine, request, -error);
    return 0;
  }
  if (!is_known) {
    const Left left = leave_write_to_waiter(engine, request);
    if (left != Left::NOT) return end_leaving(engine, left);
  }
  if (!is_known && may_come_late(engine, request, descriptor.flags)) {
    watch_closing();
    return submit_chain(request, descriptor);
  }
  if (!is_known && may_be_polled_for(engine, request, descriptor.flags)) {
    const Sending sending = send_poll(engine, request);
    if (sending.outcome != Sent::NOT) return end_sending(engine, request, sending);
  }
  if (may_use_head(engine, request)) {
    const Attempt tried = run_in_head(engine, request, descriptor, budget, read);
    if (tried.is_done()) {
      complete_request(engine, request, tried.result);
      return 0;
    }
    observe_declined(engine, ContextId::HEAD, request);
  }
  watch_closing();
  if (const int error = examine_file(engine, request, descriptor, is_known); error != 0) {
    complete_request(engine, request, -error);
    return 0;
  }
  return submit_chain(request, descriptor);
}

void observe_begin(Engine& engine, Request& request) {
  observe_submitted(engine, request);
  if (engine.statistics.enabled()) keep_reporting(engine);
}

void begin(Engine& engine, Request& request) {
  aiocb::store_name(request.block, {});
  aiocb::store_in_progress(request.block);
  if (notifies(request)) request.notification.is_left = is_anothers_turn(engine, request.notification);
}

// Before its aiocb says EINPROGRESS, as no other thread could wait for it, cancel it, or sync it. False: not done.
[[gnu::noinline]] bool do_by_caller(Engine& engine, Request& request, exec::Budget& budget) {
  const Attempt written = write_by_caller(engine, request, budget);
  if (!written.is_done()) return false;
  begin(engine, request);
  complete_request(engine, request, written.result);
  return true;
}

// error: found in the request already, or 0.
[[gnu::always_inline]] inline int submit_begun(Engine& engine, Request& request, exec::Budget& budget, int error) {
  const Attempt read = error != 0 ? Attempt::done(-error) : read_unexamined(engine, request, budget);
  if (!read.is_done()) return submit_examined(engine, request, budget, read);
  complete_request(engine, request, read.result);
  return 0;
}

// Where no thread can be made it is refused before anything is done, as by glibc.
[[gnu::noinline]] int submit_with_function(Engine& engine, Request& request, exec::Budget& budget, int error) {
  const KeptSpawner spawner(engine, true);
  return spawner.is_missing() ? refuse(request) : submit_begun(engine, request, budget, error);
}

[[gnu::always_inline]] inline int submit_checked(Request& request, exec::Budget& budget, int error) {
  Engine* engine = engine::engine();
  if (engine == nullptr) return refuse(request);
  observe_begin(*engine, request);
  if (request.group != nullptr && error == 0 && do_by_caller(*engine, request, budget)) return 0;
  begin(*engine, request);
  if (needs_thread(request, chain::Tail::NOTIFY)) return submit_with_function(*engine, request, budget, error);
  return submit_begun(*engine, request, budget, error);
}

}  // namespace

int submit(Request& request, exec::Budget& budget) { return submit_checked(request, budget, 0); }

int submit_long(Request& request, std::size_t bytes, exec::Budget& budget) {
  const bool writes = request.operation == chain::Operation::WRITE;
  return submit_checked(request, budget,
                        os::check_long_transfer(request.fd, writes, request.buffer, bytes, request.offset));
}

}  // namespace atomrt::engine
