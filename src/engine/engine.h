// Engine: the one mutable global of the library, and its birth. It lives in memory that the kernel zeroes in a child
// after fork, so a child finds an engine that has never run: none of the parent's requests, threads or locks. All-zero
// is the initial state of everything in it.
//
// Which threads enter: any thread of the application, at any time, also from signal handlers (aio_error, aio_return and
// aio_suspend only); the library's own threads. Locks are held with all signals blocked, never while a signal is sent or
// an application's function runs. Lock order: InFlight bucket, then a lane's or a queue's.
#pragma once

#include "chain/finish.h"
#include "engine/config.h"
#include "engine/statistics.h"
#include "exec/head.h"
#include "exec/retrier.h"
#include "exec/workers.h"

namespace atomrt::engine {

struct Engine {
  os::Mutex start_mutex;
  std::atomic<std::uint32_t> is_started;
  std::atomic<std::uint32_t> streams;  // stream chains in flight: the head must not overtake them
  chain::Registry registry;
  exec::Devices refusing;  // their file systems take no RWF_NOWAIT writes
  exec::Devices local;     // storage of this machine
  exec::Workers workers;
  exec::Retrier retrier;
  Statistics statistics;
};

// The process's engine, started. Null when the kernel has no memory for it.
[[nodiscard]] Engine* engine();
// The same without starting one: null when nothing was submitted yet in this process. Async-signal-safe.
[[nodiscard]] Engine* running_engine();

// Finishes a chain owned by the caller (place RUNNING or MOVING), counts it, and returns whom it held back.
[[nodiscard]] chain::Released complete(Engine& engine, chain::Chain& chain, long result, exec::ContextId context);
// The same for callers who run no chains: those released are offered to the contexts.
void complete_and_offer(Engine& engine, chain::Chain& chain, long result, exec::ContextId context);
// Offers a chain (place MOVING) to the contexts in turn; ACCEPTED, or DECLINED by all.
[[nodiscard]] exec::Verdict offer(Engine& engine, chain::Chain& chain);

// Keeps a published chain whose notification found no room, until it goes through. Signals are blocked.
void retry_tail(Engine& engine, chain::Chain& chain);

// aio_init's settings, for this process and its children.
void set_threads(unsigned limit, unsigned idle_s);

}  // namespace atomrt::engine
