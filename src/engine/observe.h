// SPDX-License-Identifier: MIT
// observe: reports what happens to a request to the statistics, the log of events and the USDT probes.
#pragma once

#include "chain/probes.h"
#include "engine/engine.h"
#include "engine/trace_file.h"

namespace atomrt::engine {

// Called by the submitter, before any other thread knows of the request.
inline void observe_submitted(Engine& engine, chain::Request& request) {
  engine.statistics.submitted(request);
  if (chain::probe_submitted(request)) [[unlikely]] trace_submitted(engine, request);
}

inline void observe_declined(Engine& engine, exec::ContextId context, const chain::Request& request) {
  engine.statistics.declined(context);
  chain::probe_declined(request, static_cast<unsigned>(context));
}

// Before its result is published.
inline void observe_done(Engine& engine, exec::ContextId context, const chain::Request& request, long result) {
  engine.statistics.completed(context, request, result);
  chain::probe_done(request, static_cast<unsigned>(context), result);
}

// The same for a request that ends in its submitter.
inline void observe_done_at_once(Engine& engine, const chain::Request& request, long result) {
  engine.statistics.completed(exec::ContextId::HEAD, request, result);
  chain::probe_done_at_once(request, static_cast<unsigned>(exec::ContextId::HEAD), result);
}

}  // namespace atomrt::engine
