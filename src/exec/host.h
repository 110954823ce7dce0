// SPDX-License-Identifier: MIT
// Host: the engine as the contexts see it. They give back to it what they are done with. As it is in a layer above
// theirs, they call it through a table of its functions.
#pragma once

#include "exec/context.h"

namespace atomrt::exec {

// Which thread calls: an application's may be in a signal handler, and creates no threads.
enum class By : bool { APPLICATION, LIBRARY };

class Host {
 public:
  // In the engine's layer; what each is for is said below. The first argument is the engine.
  struct Functions {
    chain::Released (*complete)(void* engine, chain::Chain& chain, long result, ContextId context) = nullptr;
    void (*offer)(void* engine, chain::Chain& chain) = nullptr;
    void (*pass_on)(void* engine, chain::Chain& chain, ContextId from) = nullptr;
    void (*fail)(void* engine, chain::Chain& chain, int error) = nullptr;
    Verdict (*poll)(void* engine, chain::Chain& chain) = nullptr;
    void (*settle)(void* engine, chain::Chain& chain, long result, By by) = nullptr;
    void (*ready)(void* engine, chain::Chain& chain, By by) = nullptr;
    void (*go_on)(void* engine, chain::Chain& chain) = nullptr;
    bool (*has_chores)(void* engine) = nullptr;
    void (*do_chores)(void* engine) = nullptr;
    bool (*see_to_chores)(void* engine) = nullptr;
    void (*look_after_lone)(void* engine, bool all) = nullptr;
  };

  Host() = default;
  Host(void* engine, const Functions& functions) : engine_(engine), functions_(&functions) {}

  // Publishes and ends a chain whose operation is over. Returns the chains that it held back, to be run or offered.
  [[nodiscard]] chain::Released complete(chain::Chain& chain, long result, ContextId context) const {
    return functions_->complete(engine_, chain, result, context);
  }
  // A released chain that the caller does not run itself.
  void offer(chain::Chain& chain) const { functions_->offer(engine_, chain); }
  // A chain that this context will not do after all (place MOVING) goes to the contexts after it.
  void pass_on(chain::Chain& chain, ContextId from) const { functions_->pass_on(engine_, chain, from); }
  // A chain that no thread will come for; place RUNNING.
  void fail(chain::Chain& chain, int error) const { functions_->fail(engine_, chain, error); }
  // A stream request (place MOVING, or RUNNING with bytes moved) whose peer a worker found not ready. ACCEPTED: the
  // kernel polls for the peer, without a thread, or the request is over.
  [[nodiscard]] Verdict poll(chain::Chain& chain) const { return functions_->poll(engine_, chain); }

  // An event of kernel AIO: the callee owns the chain (place RUNNING); result: what the kernel returned.
  void settle(chain::Chain& chain, long result, By by) const { functions_->settle(engine_, chain, result, by); }
  // The event of a stream whose peer is ready; place MOVING.
  void ready(chain::Chain& chain, By by) const { functions_->ready(engine_, chain, by); }
  // For the reaper: what another thread has left to it; place MOVING.
  void go_on(chain::Chain& chain) const { functions_->go_on(engine_, chain); }

  // Work that found no thread of its own: a library thread that is about to sleep does it.
  [[nodiscard]] bool has_chores() const { return functions_->has_chores(engine_); }
  void do_chores() const { functions_->do_chores(engine_); }
  // After a nudge: the thread does it, or has the spawner do it. True: some is left for a later try.
  [[nodiscard]] bool see_to_chores() const { return functions_->see_to_chores(engine_); }
  // Sends to the contexts what is left to waiters (chain/lone.h) and has been lying since the last call, or all of it.
  void look_after_lone(bool all) const { functions_->look_after_lone(engine_, all); }

 private:
  void* engine_;
  const Functions* functions_;
};

}  // namespace atomrt::exec
