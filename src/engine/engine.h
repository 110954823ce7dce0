// SPDX-License-Identifier: MIT
// Engine: the state of the library that a child must not inherit (but for the trace's, trace_file.cpp), and its start.
// It lives in memory that the kernel zeroes in a child after fork, so a child finds an engine that has never run: none
// of the parent's requests, threads or locks. All-zero is the initial state of everything in it.
//
// Which threads enter: any thread of the application, at any time, also from signal handlers (aio_error, aio_return and
// aio_suspend only); the library's own threads. Locks are held with all signals blocked, never while a signal is sent
// or an application's function runs. Lock order: LoneTable's or SentTable's spot, latecomers, InFlight bucket, then a
// lane's or a queue's.
#pragma once

#include "chain/finish.h"
#include "engine/config.h"
#include "engine/statistics.h"
#include "exec/descriptor_hints.h"
#include "exec/direct_contexts.h"
#include "exec/head.h"
#include "exec/retrier.h"
#include "exec/ring.h"
#include "exec/spawner.h"
#include "exec/workers.h"

namespace atomrt::engine {

struct Engine {
  os::Mutex start_mutex;
  std::atomic<std::uint32_t> is_started;
  bool keeps_call_order;  // ATOMRT_ORDER=calls
  bool has_watchdog;      // ATOMRT_WATCHDOG
  int process;  // its ID: a vfork child sees this memory, and must leave it alone
  std::atomic<std::uint32_t> streams;  // stream chains in lanes: the head must not overtake them
  chain::Registry registry;
  chain::HoldPool holds;
  exec::Devices refusing;  // their file systems take no RWF_NOWAIT writes
  exec::Devices local;     // mounts of file systems on storage of this machine
  exec::Devices remote;    // mounts of file systems of other machines
  exec::DescriptorHints hints;
  exec::DirectContexts direct;
  exec::Direct polls_apart;  // polls for streams that workers have, if direct has no room
  exec::Ring ring;
  exec::Workers workers;
  exec::Lookout lookout;  // of threads in aio_suspend
  exec::Retrier retrier;
  std::atomic<std::uint32_t> signals_of_callers;  // for requests that may end in them; see relay.h
  exec::Spawner spawner;
  Statistics statistics;
  std::atomic<bool> is_tracing;    // the thread for ATOMRT_TRACE is there
  std::atomic<bool> is_watching;   // the thread for ATOMRT_WATCHDOG is there
  std::atomic<bool> is_reporting;  // a thread for ATOMRT_STATS_INTERVAL is there, or none could be made
};

// Set once, by compare-exchange (release), read with acquire; the mapping is never given back and the same in children.
extern constinit std::atomic<Engine*> process_engine;

[[nodiscard]] Engine* start_engine();
// The process's engine where one runs: null when nothing was submitted yet in this process. Async-signal-safe.
[[nodiscard]] inline Engine* running_engine() {
  Engine* present = process_engine.load(std::memory_order_acquire);
  return present != nullptr && present->is_started.load(std::memory_order_acquire) != 0 ? present : nullptr;
}
// The same, started where none runs. Null when the kernel has no memory for it.
[[nodiscard]] inline Engine* engine() {
  Engine* present = running_engine();
  return present != nullptr ? present : start_engine();
}
// For what only this process may do: null also in a vfork child, which runs in its parent's memory.
[[nodiscard]] Engine* own_engine();

using exec::Workers;

// For a submitter whose chain may need threads that other threads ask for: the spawner stays until the chain is over.
// YES: it is made now, if possible; also for a file's transfer that is offered to the ring. NO is for one without a
// notification, as submitters make the workers for it; not called if direct takes that.
void expect_threads(Engine& engine, chain::Chain& chain, exec::MayStart may_start);

// For a submitter of what ends with a function (SIGEV_THREAD): there is a spawner as long as this lives, or it is
// missing, as no thread can be made. Without one nobody would try again where the function's thread is refused. Signals
// need not be blocked.
class [[nodiscard]] KeptSpawner {
 public:
  KeptSpawner(Engine& engine, bool is_wanted);
  ~KeptSpawner() {
    if (is_wanted_) engine_.spawner.leave();
  }
  KeptSpawner(const KeptSpawner&) = delete;
  KeptSpawner& operator=(const KeptSpawner&) = delete;
  [[nodiscard]] bool is_missing() const { return is_wanted_ && !engine_.spawner.is_present(); }

 private:
  Engine& engine_;
  bool is_wanted_;
};

// Whether a stream's request may be in flight that a later one must not overtake. A hint, unless the caller is ordered
// after its submitter.
[[nodiscard]] inline bool may_have_streams(const Engine& engine) {
  return engine.streams.load(std::memory_order_relaxed) != 0 ||
         engine.registry.sent.stream(engine.registry.chains) != 0;
}

// Made so far, of all kinds but the spawner.
[[nodiscard]] unsigned library_threads(const Engine& engine);

// Wakes idle library threads to look for chores.
void nudge_threads(Engine& engine);

// Notifications that were left may find room, or a thread, by now.
void poke_retrier(Engine& engine, exec::MayStart may_start);

// aio_init's settings, for this process and its children. Without idle_s the idle time stays as it is.
void set_threads(unsigned limit);
void set_threads(unsigned limit, unsigned idle_s);

}  // namespace atomrt::engine
