// SPDX-License-Identifier: MIT
// DirectContexts: the kernel AIO contexts of transfers. The common one has requests that notify, lists, streams' polls,
// and the transfers of the first thread that submits one. Other threads get a context of their own, up to OWN: a thread
// that waits for its own requests then sleeps in the kernel for those alone, and neither leads nor follows other
// threads.
//
// A chain's context depends on the thread that submitted it, and is written in the chain before the kernel has it. If a
// thread waits for requests of several contexts at once, their reapers have to serve it; from then on the requests of
// the threads that own these contexts go to the common one.
//
// Shared words; the relaxed ones are hints, as each context can serve every thread:
//   owners_  the thread of each context, 0 for none. Written by the submitter that takes one over: a free one, else one
//            that has nothing in flight, as its thread may be gone.
//   taken_   the highest context that a thread has ever taken over: raised before it has a request. Only grows.
//   shared_  a bit for each context whose thread is served by the common one.
#pragma once

#include <bit>

#include "base/tuning.h"
#include "exec/direct.h"

namespace atomrt::exec {

class DirectContexts {
 public:
  static constexpr unsigned OWN = tuning::OWN_CONTEXTS;
  // One bit for each context, the common one's the lowest.
  using Set = std::uint32_t;
  static constexpr Set COMMON = 1;
  static_assert(OWN < 8 * sizeof(Set));

  // has_own: threads may have contexts of their own.
  void start(const Host& host, chain::ChainPool& chains, bool has_own);
  void spawn_by(Spawner& spawner);
  void configure(std::int64_t idle_ns);
  // For the spawner.
  void make_asked();

  Verdict submit(chain::Chain& chain, MayStart may_start = MayStart::YES);
  Verdict poll(chain::Chain& chain, MayStart may_start = MayStart::YES) { return common_.poll(chain, may_start); }
  void forget(chain::Chain& chain) { common_.forget(chain); }
  bool take(chain::Chain&) { return false; }

  // The index of the context for that thread's transfers that notify nobody; NONE if it is yet to be made. Signals need
  // not be blocked.
  static constexpr unsigned NONE = 1 + OWN;
  [[nodiscard]] unsigned present_for(std::uint32_t thread);

  [[nodiscard]] Direct& at(unsigned index) { return index == 0 ? common_ : own_[index - 1]; }
  // The context of a set of one.
  [[nodiscard]] Direct& only(Set context) { return at(static_cast<unsigned>(std::countr_zero(context))); }
  [[nodiscard]] Direct& of(const chain::Chain& chain) { return at(aio_context_of(chain)); }

  // As in Direct, for all contexts. Those above the highest that has ever been taken are not looked at.
  [[nodiscard]] bool has_events();
  void process(By by);
  [[nodiscard]] bool has_requests();

  // Adds a need of each context's reaper. False: one of them has no reaper, and no need was added.
  [[nodiscard]] bool add_needs(Set contexts);
  void drop_needs(Set contexts);
  void wake_reapers(Set contexts);
  // For a thread that waits for several contexts: their owners' requests go to the common one from now on.
  void share(Set contexts) { shared_.fetch_or(contexts & ~COMMON, std::memory_order_relaxed); }

  void need_for(chain::Chain& chain) { of(chain).need_for(chain); }
  // For a sync that may have to wait for transfers of any thread.
  void need_for_sync(chain::Chain& chain);
  // Whether a context's reaper is needed but does not exist: then threads that wait for other requests have to look,
  // too.
  [[nodiscard]] bool lacks_reaper();
  void need_for_parked(chain::Chain& chain) { common_.need_for_parked(chain); }
  void drop_need_of(chain::Chain& chain);

  void nudge() { common_.nudge(); }

  void avoid(const chain::Chain& chain) { common_.avoid(chain); }
  [[nodiscard]] bool is_avoided(std::uint32_t device) const { return common_.is_avoided(device); }
  [[nodiscard]] bool is_refused() const { return common_.is_refused(); }
  [[nodiscard]] unsigned created() const;

 private:
  [[nodiscard]] unsigned context_for(const chain::Chain& chain);
  [[nodiscard]] unsigned context_of_thread(std::uint32_t thread);
  [[nodiscard]] unsigned take_one(std::uint32_t thread);
  [[nodiscard]] bool take_over(unsigned index, std::uint32_t owner, std::uint32_t thread);

  // Calls visit(Direct&) for each context that may have requests, until it says true.
  template <typename Visit>
  bool any(Visit visit) {
    const unsigned taken = taken_.load(std::memory_order_seq_cst);
    for (unsigned i = 0; i <= taken; ++i) {
      if (visit(at(i))) return true;
    }
    return false;
  }

  Direct common_;
  Direct own_[OWN];
  alignas(64) std::atomic<std::uint32_t> owners_[1 + OWN];
  std::atomic<Set> shared_;
  std::atomic<std::uint32_t> taken_;
  bool has_own_;
};

static_assert(Context<DirectContexts>);

}  // namespace atomrt::exec
