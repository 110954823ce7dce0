// SPDX-License-Identifier: MIT
#include "exec/ring.h"

#include <sys/prctl.h>

#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

namespace {

// A filter may kill the process that tries. Most of those who install one are in containers and browsers' sandboxes.
bool is_filtered() { return os::system_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) == 2; }

}  // namespace

void Ring::start(const Completion& completion, chain::ChainPool& chains, const Settings& settings) {
  completion_ = completion;
  chains_ = &chains;
  settings_ = settings;
  if (!settings.is_forced && is_filtered()) life_.store(REFUSED, std::memory_order_relaxed);
}

Verdict Ring::submit(Chain& chain) {
  if (is_refused()) return Verdict::DECLINED;
  const aiocb::RequestName name = name_of(chain);
  put(chain, Place::MAILED);
  if (mailbox_.post(Mailbox::Wish::RUN, name) && wake()) return Verdict::ACCEPTED;
  const bool is_ours = chain::claim_patiently(chain, name.generation, Place::MAILED, Place::RUNNING);
  pass_all_on();
  if (!is_ours) return Verdict::ACCEPTED;  // somebody has taken it meanwhile
  put(chain, Place::MOVING);
  return Verdict::DECLINED;
}

bool Ring::take(Chain& chain) { return chain::claim(chain, chain::generation_of(chain), Place::MAILED); }

void Ring::forget(aiocb::RequestName name) {
  // Without memory for the letter the kernel goes on waiting for the peer, and nobody heeds what it says.
  if (mailbox_.post(Mailbox::Wish::FORGET, name)) nudge();
}

void Ring::nudge() {
  if (doorbell_.load(std::memory_order_seq_cst) != 0 && doorbell_.exchange(0, std::memory_order_seq_cst) != 0) {
    os::futex_wake(doorbell_, 1);
  }
}

// For who has posted: the thread is woken if it sleeps, and made if it is not there. False: nobody will come.
bool Ring::wake() {
  nudge();
  std::uint32_t life = life_.load(std::memory_order_seq_cst);
  if (life == ABSENT && life_.compare_exchange_strong(life, PRESENT, std::memory_order_seq_cst)) {
    if (!settings_.is_forced && is_filtered()) {  // entered since the start
      life_.store(REFUSED, std::memory_order_seq_cst);
      return false;
    }
    if (os::start_library_thread(run_thread, this) == 0) {
      created_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    life_.store(ABSENT, std::memory_order_seq_cst);
    return false;
  }
  return life == PRESENT;
}

// No thread of the ring's reads the mailbox: refused, or none could be made. Several threads may be here, each with
// letters of its own.
void Ring::pass_all_on() {
  mailbox_.collect([this](Mailbox::Wish wish, aiocb::RequestName name) {
    if (wish != Mailbox::Wish::RUN) return;
    Chain* chain = chains_->at(name.number);
    if (chain::claim_patiently(*chain, name.generation, Place::MAILED, Place::MOVING)) {
      completion_.pass_on(completion_.engine, *chain, ContextId::RING);
    }
  });
}

void Ring::refuse() {
  life_.store(REFUSED, std::memory_order_seq_cst);
  pass_all_on();
}

void* Ring::run_thread(void* self) {
  os::name_this_thread("atomrt-ring");
  Ring& ring = *static_cast<Ring*>(self);
  if (!serve(ring)) ring.refuse();
  return nullptr;
}

}  // namespace atomrt::exec
