// SPDX-License-Identifier: MIT
#include "engine/sent.h"

#include "engine/placing.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Place;
using chain::Request;

bool is_polled_for(const Request& request) { return request.kind == os::FileKind::STREAM; }

// The chain belongs to whoever sees its event, and may be over already. Another thread that has the event may not be
// done with it, so it is entered in any case: what is in flight when its call returns can be found.
void enter(Engine& engine, exec::Direct& context, const Request& request, aiocb::RequestName name,
           std::optional<long> result) {
  chain::Registry& registry = engine.registry;
  const bool is_polled = is_polled_for(request);
  const bool is_entered = registry.sent.enter(registry.chains, request.fd, name);
  const bool needs_reaper = context.is_needed();
  const bool lacks_patrol = is_polled && context.lacks_patrol();
  const bool goes_on = is_polled ? result.has_value() : exec::is_left_over(request.length, result);
  if (is_entered && !needs_reaper && !lacks_patrol && !goes_on) return;
  const os::SignalBlock blocked;
  if (!is_entered) registry.sent.list(registry.chains, request.fd, name, enter_lists(registry));
  if (needs_reaper) context.call_reaper();
  if (lacks_patrol) context.call_patrol();
  if (goes_on) context.process(exec::By::APPLICATION);
}

// Whether the next such read asks first, or tries.
void note_answer(Engine& engine, exec::Direct& context, const Request& request, const exec::Direct::Answer& answer) {
  if (is_polled_for(request)) {
    if (answer.result || answer.error != 0) engine.hints.reset(request.fd, exec::Score::VAIN);
    return;
  }
  const bool is_refused = answer.result && exec::is_refusal(*answer.result);
  if (is_refused || context.answers_at_once(answer.result)) engine.hints.put(request.fd, exec::Hint::SENT, false);
}

// The chain is SENDING, or SENDING_POLL. poll: that of a stream's read, else 0.
Sending submit(Engine& engine, exec::Direct& context, os::CompletionRing& ring, const Request& request, Chain& chain,
               int process, std::uint32_t poll = 0) {
  const aiocb::RequestName name = name_of(chain);
  aiocb::store_name(request.block, name);
  if (!is_in_process(engine, process)) return {Sent::REFUSED, nullptr, process};
  const exec::Direct::Answer answer =
      poll != 0 ? context.send_poll(ring, request.fd, poll, name)
                : context.send(ring, request, chain::packed(name.generation, name.number));
  if (!is_in_process(engine, process)) return {Sent::REFUSED, nullptr, process};
  note_answer(engine, context, request, answer);
  if (answer.error != 0) {
    context.end_sending(2);
    context.note_refusal(answer.error);
    return {Sent::DECLINED, &chain, process};
  }
  // If another thread has taken the event already, the claim fails.
  const bool is_polled = poll != 0;
  const Place sending = is_polled ? Place::SENDING_POLL : Place::SENDING;
  static_cast<void>(claim(chain, name.generation, sending, is_polled ? Place::POLLED : Place::IN_AIO));
  context.end_sending(1);
  enter(engine, context, request, name, answer.result);
  return {Sent::YES, nullptr, process};
}

// It has no order, or none that it could break, and nobody waits to be told of its end.
bool may_go_unlisted(const Engine& engine, const Request& request) {
  return request.operation == chain::Operation::READ && config().use_direct && request.moved == 0 &&
         request.length <= exec::Budget::ONE_CALL && request.group == nullptr && !notifies(request) &&
         !engine.keeps_call_order && !may_have_streams(engine) && !engine.retrier.has_work() &&
         os::this_thread_number() != 0;
}

}  // namespace

bool may_be_sent(const Engine& engine, const Request& request) {
  return engine.hints.has(request.fd, exec::Hint::SENT) && engine.hints.has(request.fd, exec::Hint::LATE) &&
         request.offset >= 0 && may_go_unlisted(engine, request);
}

// Of those that came late one may have found that its number means a stream, and not be in that one's lane yet.
bool may_be_polled_for(const Engine& engine, const Request& request, int flags) {
  return engine.hints.is_enough(request.fd, exec::Score::VAIN) && engine.hints.has(request.fd, exec::Hint::PIPED) &&
         are_of_pipe(flags) && !request.nonblocking && request.length > 0 && !engine.registry.latecomers.any() &&
         may_go_unlisted(engine, request);
}

Sending send(Engine& engine, Request& request) {
  constexpr Sending NOT{Sent::NOT, nullptr, 0};
  if (engine.is_started.load(std::memory_order_acquire) == 0) return NOT;
  const int process = engine.process;
  const unsigned index = engine.direct.present_for(os::this_thread_number());
  if (index == exec::DirectContexts::NONE) return NOT;
  exec::Direct& context = engine.direct.at(index);
  os::CompletionRing* const ring = context.begin_sending();
  if (ring == nullptr) return NOT;
  request.direct = request.are_flags_guessed = true;
  Chain* const chain = chain::adopt(engine.registry.chains, request, Place::SENDING, index);
  if (chain != nullptr) return submit(engine, context, *ring, request, *chain, process);
  if (is_in_process(engine, process)) context.end_sending(2);
  return NOT;
}

Sending send_poll(Engine& engine, const Request& request) {
  constexpr Sending NOT{Sent::NOT, nullptr, 0};
  if (engine.is_started.load(std::memory_order_acquire) == 0) return NOT;
  const int process = engine.process;
  exec::Direct& context = engine.direct.at(0);
  os::CompletionRing* const ring = context.begin_sending();
  if (ring == nullptr) return NOT;
  Request polled = request;
  polled.kind = os::FileKind::STREAM;
  polled.is_at_offset = polled.is_socket = polled.is_disk = false;
  chain::Registry& registry = engine.registry;
  const std::uint32_t poll = context.take_poll();
  Chain* const chain = poll != 0 ? chain::adopt(registry.chains, polled, Place::SENDING_POLL, 0, poll) : nullptr;
  const bool is_the_one = chain != nullptr && registry.sent.begin_stream(registry.chains, *chain);
  if (is_the_one && engine.spawner.enter_if_present()) {
    chain->is_counted = true;  // it may need a thread: see expect_threads
    return submit(engine, context, *ring, polled, *chain, process, poll);
  }
  const os::SignalBlock blocked;
  if (!is_in_process(engine, process)) return NOT;
  if (chain != nullptr) {
    put(*chain, Place::RUNNING);
    registry.waiters.publish(*chain);
    recycle(registry.chains, *chain);
  }
  if (poll != 0) context.give_poll(poll);
  context.end_sending(2);
  return NOT;
}

void list_sent(Engine& engine, Chain& chain) {
  if (chain.way.load(std::memory_order_relaxed) != chain::Way::SENT) return;
  engine.registry.sent.list(chain, enter_lists(engine.registry));
}

}  // namespace atomrt::engine
