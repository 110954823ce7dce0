// SPDX-License-Identifier: MIT
#include "engine/sent.h"

#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Place;
using chain::Request;

// The chain belongs to whoever sees its event, and may be over already. Another thread that has the event may not be done
// with it, so it is entered in any case: what is in flight when its call returns can be found.
void enter(Engine& engine, exec::Direct& context, const Request& request, aiocb::RequestName name,
           std::optional<long> result) {
  chain::Registry& registry = engine.registry;
  const bool is_listed = registry.sent.enter(registry.chains, request.fd, name);
  const bool needs_reaper = context.is_needed();
  const bool is_left_over = exec::is_left_over(request.length, result);
  if (is_listed && !needs_reaper && !is_left_over) return;
  const os::SignalBlock blocked;
  if (!is_listed) registry.sent.list(registry.chains, request.fd, name, enter_lists(registry));
  if (needs_reaper) context.call_reaper();
  if (is_left_over) context.process(exec::By::APPLICATION);
}

// The chain is SENDING.
Sending submit(Engine& engine, exec::Direct& context, os::CompletionRing& ring, const Request& request, Chain& chain,
               int process) {
  const aiocb::RequestName name = name_of(chain);
  aiocb::store_name(request.block, name);
  if (!is_in_process(engine, process)) return {Sent::REFUSED, nullptr, process};
  const exec::Direct::Answer answer = context.send(ring, request, chain::packed(name.generation, name.number));
  if (!is_in_process(engine, process)) return {Sent::REFUSED, nullptr, process};
  const bool is_refused = answer.result && exec::is_refusal(*answer.result);
  const bool asks_next_time = is_refused || context.answers_at_once(answer.result);
  if (asks_next_time) engine.hints.put(request.fd, exec::Hint::SENT, false);
  if (answer.error != 0) {
    context.end_sending(2);
    context.note_refusal(answer.error);
    return {Sent::DECLINED, &chain, process};
  }
  // If another thread has taken the event already, the claim fails.
  static_cast<void>(claim(chain, name.generation, Place::SENDING, Place::IN_AIO));
  context.end_sending(1);
  enter(engine, context, request, name, answer.result);
  return {Sent::YES, nullptr, process};
}

}  // namespace

bool may_be_sent(const Engine& engine, const Request& request) {
  return request.operation == chain::Operation::READ && engine.hints.has(request.fd, exec::Hint::SENT) &&
         engine.hints.has(request.fd, exec::Hint::LATE) && config().use_direct && request.offset >= 0 &&
         request.moved == 0 && request.length <= exec::Budget::ONE_CALL && request.group == nullptr &&
         !notifies(request) && !engine.keeps_call_order &&
         engine.streams.load(std::memory_order_relaxed) == 0 && !engine.retrier.has_work() &&
         os::this_thread_number() != 0;
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

void list_sent(Engine& engine, Chain& chain) {
  if (chain.way.load(std::memory_order_relaxed) != chain::Way::SENT) return;
  engine.registry.sent.list(chain, enter_lists(engine.registry));
}

}  // namespace atomrt::engine
