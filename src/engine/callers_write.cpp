// SPDX-License-Identifier: MIT
#include "engine/callers_write.h"

#include <fcntl.h>

#include "engine/placing.h"
#include "exec/timed.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Request;
using exec::Attempt;
using exec::Outcome;

// By experience with the number; nothing is asked yet.
bool is_likely(const Engine& engine, const Request& request) {
  return request.operation == chain::Operation::WRITE && request.offset >= 0 && request.length != 0 &&
         request.length <= tuning::HEAD_BYTES && config().use_head && !engine.keeps_call_order &&
         engine.hints.has(request.fd, exec::Hint::DRAINED) && engine.hints.is_enough(request.fd, exec::Score::QUICK);
}

// Without O_DIRECT and O_SYNC, which wait for the disk, and O_APPEND, which keeps an order.
bool is_plain_file(Engine& engine, Request& request) {
  exec::Descriptor descriptor{};
  if (exec::examine(request, descriptor) != 0 || request.flags_unknown) return false;
  if ((descriptor.flags & (O_DIRECT | O_APPEND | O_DSYNC)) != 0) return false;
  if (exec::identify(request, descriptor) != 0 || request.kind != os::FileKind::POSITIONAL) return false;
  return is_local(engine, request.fd, descriptor.identity);
}

}  // namespace

Attempt write_by_caller(Engine& engine, Request& request, exec::Budget& budget) {
  const chain::Group* const group = request.group;
  if (group == nullptr || !group->caller_runs() || !is_likely(engine, request)) return Outcome::DECLINED;
  // In a child that a handler has forked the group's memory is zero, and so is the engine's.
  os::SignalStretch* const signals = group->signals();
  if (signals == nullptr) return Outcome::DECLINED;
  signals->block();
  if (!group->caller_runs()) return Outcome::DECLINED;
  if (budget.known() != request.fd) {
    if (!is_plain_file(engine, request)) return Outcome::DECLINED;
    budget.know(request.fd);
  }
  const os::WriteSignals raised(signals->saved());
  const long result = exec::write_timed(request, engine.hints);
  raised.absorb(result);
  // The usual way finds the true error: the number may mean another file, or none, since.
  return result < 0 ? Attempt(Outcome::DECLINED) : Attempt::done(result);
}

}  // namespace atomrt::engine
