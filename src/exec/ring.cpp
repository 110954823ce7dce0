// SPDX-License-Identifier: MIT
#include "exec/ring.h"

#include <sys/prctl.h>

#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// A seccomp filter may kill the process that tries. Containers and browser sandboxes install most of them.
bool is_filtered() { return os::system_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) == 2; }

}  // namespace

void Ring::start(const Host& host, chain::ChainPool& chains, const Settings& settings) {
  host_ = host;
  chains_ = &chains;
  settings_ = settings;
  if (!settings.is_forced && is_filtered()) thread_.refuse();
}

Verdict Ring::submit(Chain& chain, MayStart may_start) {
  const bool is_made_later = may_start == MayStart::YES && thread_.state() == OnDemand::ABSENT;  // and reads the letter
  if (!is_made_later && !is_there(may_start)) return Verdict::DECLINED;
  const aiocb::RequestName name = name_of(chain);
  put(chain, Place::MAILED);
  if (mailbox_.post(Mailbox::Wish::RUN, name)) {
    nudge();
    if (is_there(may_start)) return Verdict::ACCEPTED;  // else it may have left without seeing this letter
  }
  const bool is_ours = chain::claim_patiently(chain, name.generation, Place::MAILED, Place::RUNNING);
  if (thread_.state() != OnDemand::MAKING) pass_all_on();
  if (!is_ours) return Verdict::ACCEPTED;  // another thread has taken it meanwhile
  put(chain, Place::MOVING);
  return Verdict::DECLINED;
}

bool Ring::take(Chain& chain) { return chain::claim(chain, chain::generation_of(chain), Place::MAILED); }

void Ring::forget(aiocb::RequestName name) {
  // If there is no memory for the letter, the kernel goes on polling for the peer, and its answer is ignored.
  if (mailbox_.post(Mailbox::Wish::FORGET, name)) nudge();
}

void Ring::nudge() {
  if (doorbell_.load(std::memory_order_seq_cst) != 0 && doorbell_.exchange(0, std::memory_order_seq_cst) != 0) {
    os::futex_wake(doorbell_, 1);
  }
}

// Whether the thread exists, or could be made now. False: there is none, or not yet.
bool Ring::is_there(MayStart may_start) {
  const bool is_absent = thread_.state() == OnDemand::ABSENT;
  if (is_absent && !settings_.is_forced && is_filtered()) thread_.refuse();  // by a filter entered since the start
  return thread_.ensure(may_start, run_thread, this);
}

// For when no ring's thread reads the mailbox: it was refused, or none could be made. Several threads may be here, each
// with letters of its own.
void Ring::pass_all_on() {
  mailbox_.collect([this](Mailbox::Wish wish, aiocb::RequestName name) {
    if (wish != Mailbox::Wish::RUN) return;
    Chain* chain = chains_->at(name.number);
    if (chain::claim_patiently(*chain, name.generation, Place::MAILED, Place::MOVING)) {
      host_.pass_on(*chain, ContextId::RING);
    }
  });
}

void Ring::refuse() {
  thread_.refuse();
  pass_all_on();
}

void* Ring::run_thread(void* self) {
  os::name_this_thread("atomrt-ring");
  Ring& ring = *static_cast<Ring*>(self);
  ring.thread_.came();
  if (!serve(ring)) ring.refuse();
  return nullptr;
}

}  // namespace atomrt::exec
