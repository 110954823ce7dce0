// SPDX-License-Identifier: MIT
#include "engine/engine.h"

#include <pthread.h>

#include <cerrno>
#include <cstring>

#include "base/tuning.h"
#include "engine/at_exit.h"
#include "engine/complete.h"
#include "engine/counter_file.h"
#include "engine/lone.h"
#include "engine/message.h"
#include "engine/observe.h"
#include "engine/reap.h"
#include "engine/stream.h"
#include "os/memory.h"
#include "os/signals.h"
#include "os/thread.h"

namespace atomrt::engine {

constinit std::atomic<Engine*> process_engine{nullptr};

namespace {

// Written by aio_init, read when an engine starts. Relaxed: an aio_init that is not before the first request races with
// it anyway.
constinit std::atomic<unsigned> wished_threads{0};
constinit std::atomic<unsigned> wished_idle_s{DEFAULT_IDLE_S};

// The pointer may be null: a handler may have forked before it was stored.
void wipe_in_child() {
  if (Engine* present = process_engine.load()) std::memset(static_cast<void*>(present), 0, sizeof(Engine));
}

Engine* map_engine() {
  const auto memory = os::map_memory(sizeof(Engine));
  if (!memory) return nullptr;
  if (!os::wipe_on_fork(*memory, sizeof(Engine))) pthread_atfork(nullptr, nullptr, wipe_in_child);
  Engine* made = static_cast<Engine*>(*memory);
  Engine* present = nullptr;
  if (process_engine.compare_exchange_strong(present, made, std::memory_order_acq_rel)) return made;
  os::unmap_memory(made, sizeof(Engine));
  return present;
}

chain::Released complete_for(void* self, chain::Chain& chain, long result, exec::ContextId context) {
  Engine& engine = *static_cast<Engine*>(self);
  const bool is_worker = context == exec::ContextId::THREADS;
  return is_worker ? complete_on_worker(engine, chain, result) : complete(engine, chain, result, context);
}

void offer_for(void* self, chain::Chain& chain) { offer_or_fail(*static_cast<Engine*>(self), chain); }

void pass_on_for(void* self, chain::Chain& chain, exec::ContextId from) {
  Engine& engine = *static_cast<Engine*>(self);
  observe_declined(engine, from, chain);
  if (offer(engine, chain, from) == exec::Verdict::DECLINED) {
    complete_and_offer(engine, chain, -EAGAIN, exec::ContextId::THREADS);
  }
}

void fail_for(void* self, chain::Chain& chain, int error) {
  complete_and_offer(*static_cast<Engine*>(self), chain, -error, exec::ContextId::THREADS);
}

exec::Verdict poll_for(void* self, chain::Chain& chain) {
  return poll_stream(*static_cast<Engine*>(self), chain, exec::By::LIBRARY, exec::MayStart::ASKS);
}

// Left to the spawner where there is one.
bool has_chores_for(void* self) {
  const Engine& engine = *static_cast<Engine*>(self);
  return engine.retrier.has_work() && !engine.spawner.is_present();
}
void do_chores_for(void* self) { static_cast<Engine*>(self)->retrier.serve(); }

void look_after_lone_for(void* self, bool all) { list_old_lone(*static_cast<Engine*>(self), all); }

// True: some are left and there is no spawner; the caller tries again soon.
bool see_to_chores_for(void* self) {
  Engine& engine = *static_cast<Engine*>(self);
  if (!engine.retrier.has_work() || engine.spawner.ask(exec::MayStart::YES)) return false;
  return engine.retrier.serve();
}

constexpr exec::Host::Functions FOR_CONTEXTS{.complete = complete_for,
                                             .offer = offer_for,
                                             .pass_on = pass_on_for,
                                             .fail = fail_for,
                                             .poll = poll_for,
                                             .settle = settle_for,
                                             .ready = ready_for,
                                             .go_on = offer_leftover_for,
                                             .has_chores = has_chores_for,
                                             .do_chores = do_chores_for,
                                             .see_to_chores = see_to_chores_for,
                                             .look_after_lone = look_after_lone_for};

bool try_tail_again(void* self, chain::Chain& chain) {
  return finish_tail(static_cast<Engine*>(self)->registry, chain);
}

// On the spawner's thread.
bool make_asked_for(void* self) {
  Engine& engine = *static_cast<Engine*>(self);
  engine.workers.make_asked();
  engine.ring.make_asked();
  engine.direct.make_asked();
  engine.polls_apart.make_asked();
  return engine.retrier.serve();
}

void start_spawner(Engine& engine) {
  engine.spawner.start(&engine, make_asked_for);
  engine.workers.spawn_by(engine.spawner);
  engine.ring.spawn_by(engine.spawner);
  engine.direct.spawn_by(engine.spawner);
  engine.polls_apart.spawn_by(engine.spawner);
}

void configure_contexts(Engine& engine) {
  const unsigned wished = wished_threads.load(std::memory_order_relaxed);
  const unsigned usual = wished != 0 ? wished : tuning::DEFAULT_THREADS;
  const unsigned limit = config().most_threads != 0 ? config().most_threads : usual;
  const std::int64_t idle_ns = wished_idle_s.load(std::memory_order_relaxed) * os::NANOSECONDS_PER_SECOND;
  engine.workers.configure(limit, idle_ns);
  engine.ring.configure(idle_ns);
  engine.direct.configure(idle_ns);
  engine.polls_apart.configure(idle_ns);
  engine.spawner.configure(idle_ns);
}

void start_counting(Statistics& statistics, const Config& settings) {
  statistics.prepare();
  exec::Counters* const in_file =
      settings.counter_file != nullptr ? make_counter_file(settings.counter_file) : nullptr;
  if (in_file != nullptr) {
    statistics.enable(*in_file);
  } else if (settings.counts) {
    statistics.enable();
  }
}

void start(Engine& engine) {
  const os::SignalBlock blocked;
  os::Locked locked(engine.start_mutex);
  if (engine.is_started.load(std::memory_order_relaxed) != 0) return;
  const Config& settings = config();
  start_counting(engine.statistics, settings);
  start_tracing();
  const exec::Host host(&engine, FOR_CONTEXTS);
  const bool has_others = os::processors() > 1;
  engine.workers.start(host, engine.hints, has_others);
  engine.lookout.start(has_others);
  engine.ring.start(host, engine.registry.chains, {settings.ring_entries, settings.is_ring_forced, has_others});
  engine.direct.start(host, engine.registry.chains, !settings.keeps_call_order);
  engine.polls_apart.start(host, engine.registry.chains, exec::Direct::Role::APART);
  engine.retrier.start(&engine, try_tail_again);
  start_spawner(engine);
  engine.keeps_call_order = settings.keeps_call_order;
  engine.has_watchdog = settings.watchdog_s != 0;
  configure_contexts(engine);
  engine.process = os::process_number();
  engine.is_started.store(1, std::memory_order_release);
  tell_what_is_ignored();
  note_that_it_serves();
  if (settings.verbose) say("%s serves POSIX AIO of %s", ATOMRT_VERSION, program_invocation_short_name);
}

}  // namespace

Engine* start_engine() {
  Engine* present = process_engine.load(std::memory_order_acquire);
  if (present == nullptr) present = map_engine();
  if (present != nullptr && present->is_started.load(std::memory_order_acquire) == 0) start(*present);
  return present;
}

Engine* own_engine() {
  Engine* present = running_engine();
  return present != nullptr && present->process == os::process_number() ? present : nullptr;
}

unsigned library_threads(const Engine& engine) {
  return engine.workers.created() + engine.ring.created() + engine.direct.created() +
         engine.polls_apart.created();
}

void nudge_threads(Engine& engine) {
  engine.workers.nudge();
  engine.ring.nudge();
  engine.direct.nudge();
  engine.polls_apart.nudge();
}

namespace {

// Notifications may have been left while there was no spawner, to a thread that no longer looks as there is one now.
void enter_spawner(Engine& engine, exec::MayStart may_start) {
  engine.spawner.enter(may_start);
  if (may_start == exec::MayStart::YES) poke_retrier(engine, exec::MayStart::ASKS);
}

}  // namespace

void poke_retrier(Engine& engine, exec::MayStart may_start) {
  if (engine.retrier.has_work() && !engine.spawner.ask(may_start)) nudge_threads(engine);
}

void expect_threads(Engine& engine, chain::Chain& chain, exec::MayStart may_start) {
  enter_spawner(engine, may_start);
  if (chain.is_counted) engine.spawner.leave();
  chain.is_counted = true;
}

KeptSpawner::KeptSpawner(Engine& engine, bool is_wanted) : engine_(engine), is_wanted_(is_wanted) {
  if (!is_wanted || engine.spawner.enter_if_present()) return;
  const os::SignalBlock blocked;
  // Looked up again: a handler may have forked, and this may be the child, whose engine has not been started.
  if (engine::engine() != nullptr) enter_spawner(engine, exec::MayStart::YES);
}

void set_threads(unsigned limit) { set_threads(limit, wished_idle_s.load(std::memory_order_relaxed)); }

void set_threads(unsigned limit, unsigned idle_s) {
  wished_threads.store(limit, std::memory_order_relaxed);
  wished_idle_s.store(idle_s, std::memory_order_relaxed);
  if (Engine* present = running_engine()) {
    const os::SignalBlock blocked;
    configure_contexts(*present);
  }
}

}  // namespace atomrt::engine
