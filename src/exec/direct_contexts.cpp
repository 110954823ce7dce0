// SPDX-License-Identifier: MIT
#include "exec/direct_contexts.h"

namespace atomrt::exec {

using chain::Chain;

namespace {

constexpr DirectContexts::Set bit_of(unsigned index) { return DirectContexts::Set{1} << index; }

// Calls visit(index) for each context of the set.
template <typename Visit>
void for_each(DirectContexts::Set contexts, Visit visit) {
  for (; contexts != 0; contexts &= contexts - 1) visit(static_cast<unsigned>(std::countr_zero(contexts)));
}

}  // namespace

void DirectContexts::start(const Host& host, chain::ChainPool& chains, bool has_own) {
  has_own_ = has_own;
  common_.start(host, chains);
  for (Direct& own : own_) own.start(host, chains, Direct::Role::OWN, &common_);
}

void DirectContexts::configure(std::int64_t idle_ns) {
  common_.configure(idle_ns);
  for (Direct& own : own_) own.configure(idle_ns);
}

void DirectContexts::spawn_by(Spawner& spawner) {
  common_.spawn_by(spawner);
  for (Direct& own : own_) own.spawn_by(spawner);
}

void DirectContexts::make_asked() {
  common_.make_asked();
  for (Direct& own : own_) own.make_asked();
}

// ---- which context ----

Verdict DirectContexts::submit(Chain& chain, MayStart may_start) {
  const unsigned index = context_for(chain);
  const unsigned ready = index != 0 && own_[index - 1].is_ready(may_start) ? index : 0;
  set_aio_context(chain, ready);
  return at(ready).submit(chain, may_start);
}

unsigned DirectContexts::context_for(const Chain& chain) {
  return chain.group != nullptr || is_announced(chain) ? 0 : context_of_thread(submitter_of(chain));
}

unsigned DirectContexts::present_for(std::uint32_t thread) {
  const unsigned index = context_of_thread(thread);
  return at(index).is_present() ? index : NONE;
}

unsigned DirectContexts::context_of_thread(std::uint32_t thread) {
  if (!has_own_ || thread == 0) return 0;
  for (unsigned i = 0; i <= OWN; ++i) {
    if (owners_[i].load(std::memory_order_relaxed) != thread) continue;
    return (shared_.load(std::memory_order_relaxed) & bit_of(i)) == 0 ? i : 0;
  }
  return take_one(thread);
}

// A free context, else one with nothing in flight, whose thread may be gone.
unsigned DirectContexts::take_one(std::uint32_t thread) {
  for (unsigned i = 0; i <= OWN; ++i) {
    if (owners_[i].load(std::memory_order_relaxed) == 0 && take_over(i, 0, thread)) return i;
  }
  for (unsigned i = 1; i <= OWN; ++i) {
    const std::uint32_t owner = owners_[i].load(std::memory_order_relaxed);
    if (!at(i).has_requests() && take_over(i, owner, thread)) return i;
  }
  return 0;
}

bool DirectContexts::take_over(unsigned index, std::uint32_t owner, std::uint32_t thread) {
  if (!owners_[index].compare_exchange_strong(owner, thread, std::memory_order_relaxed)) return false;
  shared_.fetch_and(~bit_of(index), std::memory_order_relaxed);
  std::uint32_t taken = taken_.load(std::memory_order_relaxed);
  while (taken < index && !taken_.compare_exchange_weak(taken, index, std::memory_order_seq_cst)) {
  }
  return true;
}

// ---- events ----

bool DirectContexts::has_events() {
  return any([](Direct& context) { return context.has_events(); });
}

void DirectContexts::process(By by) {
  common_.process(by);
  any([by](Direct& context) {
    if (context.is_own() && context.has_events()) context.process(by);
    return false;
  });
}

bool DirectContexts::has_requests() {
  return any([](const Direct& context) { return context.has_requests(); });
}

// ---- needs ----

bool DirectContexts::add_needs(Set contexts) {
  Set added = 0;
  for_each(contexts, [&](unsigned index) {
    if (at(index).add_need(MayStart::NO)) added |= bit_of(index);
  });
  if (added == contexts) return true;
  drop_needs(added);
  return false;
}

void DirectContexts::drop_needs(Set contexts) {
  for_each(contexts, [&](unsigned index) { at(index).drop_need(); });
}

void DirectContexts::wake_reapers(Set contexts) {
  for_each(contexts, [&](unsigned index) { at(index).wake_reaper(); });
}

// Requests of other threads may be in the sync's lane but not in the kernel yet: their submitters see the need, and
// call the reaper.
void DirectContexts::need_for_sync(Chain& chain) {
  common_.add_sync();
  set_needs_reaper(chain);
  any([](Direct& context) {
    context.call_reaper_if_busy();
    return false;
  });
}

bool DirectContexts::lacks_reaper() {
  return any([](const Direct& context) { return context.lacks_reaper(); });
}

void DirectContexts::drop_need_of(Chain& chain) {
  if (!clear_needs_reaper(chain)) return;
  if (is_sync(chain.operation)) {
    common_.drop_sync();
  } else {
    of(chain).drop_need();
  }
}

unsigned DirectContexts::created() const {
  unsigned all = common_.created();
  for (const Direct& own : own_) all += own.created();
  return all;
}

}  // namespace atomrt::exec
