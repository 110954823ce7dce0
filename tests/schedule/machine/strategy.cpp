// SPDX-License-Identifier: MIT
#include "machine/strategy.h"

#include <vector>

namespace schedule {
namespace {

Random dice;
Strategy strategy;
unsigned switch_one_in;  // STICKY

// PRIORITIES (PCT: Burckhardt and others, 2010), of depth 3: each thread has a priority, the highest goes on, and at two
// random steps the one that runs falls below all others.
constexpr unsigned CHANGES = 2;
std::uint64_t change_at[CHANGES];
std::uint64_t jump_at;
std::int64_t device_priority;
std::int64_t lowest;

// SYSTEMATIC: the decisions of the present run, and which of their alternatives is to be taken.
struct Decision {
  std::uint16_t options;
  std::uint16_t taken;
  bool is_preemption;  // any option but 0 is one
};
std::vector<Decision> walk;
std::size_t position;
unsigned preemptions_left, most_preemptions;

int index_of_present(const Choice& choice) {
  for (unsigned i = 0; i < choice.count; ++i) {
    if (choice.candidates[i].kind == Candidate::THREAD && choice.candidates[i].thread == choice.present) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

Candidate choose_at_random(const Choice& choice) {
  if (choice.may_jump && dice.below(1024) == 0) return {Candidate::CLOCK, nullptr};
  const int present = index_of_present(choice);
  if (strategy == Strategy::STICKY && present >= 0 && !choice.yields && dice.below(switch_one_in) != 0) {
    return choice.candidates[present];
  }
  return choice.candidates[dice.below(choice.count)];
}

std::int64_t priority_of(const Candidate& candidate) {
  return candidate.kind == Candidate::DEVICE ? device_priority : candidate.thread->priority;
}

Candidate choose_by_priority(const Choice& choice) {
  if (choice.may_jump && choice.step == jump_at) return {Candidate::CLOCK, nullptr};
  bool falls = choice.yields;
  for (const std::uint64_t at : change_at) falls = falls || at == choice.step;
  if (falls && choice.present != nullptr) choice.present->priority = --lowest;
  const Candidate* best = &choice.candidates[0];
  for (unsigned i = 1; i < choice.count; ++i) {
    if (priority_of(choice.candidates[i]) > priority_of(*best)) best = &choice.candidates[i];
  }
  if (best->kind == Candidate::DEVICE) device_priority = dice.below(1000);
  return *best;
}

// Option 0 is the present thread where it can go on, else the next in turn.
Candidate choose_in_walk(const Choice& choice) {
  const int present = choice.yields ? -1 : index_of_present(choice);
  const unsigned first = present >= 0 ? static_cast<unsigned>(present)
                                      : choice.present != nullptr ? choice.present->number % choice.count : 0;
  const bool is_preemption = present >= 0;
  unsigned options = is_preemption && preemptions_left == 0 ? 1 : choice.count;
  unsigned taken = 0;
  if (options > 1) {
    if (position == walk.size()) {
      walk.push_back({static_cast<std::uint16_t>(options), 0, is_preemption});
    }
    taken = walk[position++].taken;
    if (taken >= options) taken = 0;
    if (is_preemption && taken != 0) --preemptions_left;
  }
  return choice.candidates[(first + taken) % choice.count];
}

}  // namespace

void begin_strategy(const RunSettings& settings) {
  strategy = settings.strategy;
  dice = Random(settings.seed * 2);
  static constexpr unsigned RATES[] = {4, 16, 64, 256};
  switch_one_in = RATES[dice.below(4)];
  lowest = 0;
  device_priority = dice.below(1000);
  for (std::uint64_t& at : change_at) at = 1 + dice.below(settings.expected_steps);
  jump_at = dice.below(4) == 0 ? 1 + dice.below(settings.expected_steps) : 0;
  position = 0;
  preemptions_left = most_preemptions;
}

void thread_started(Thread& thread) { thread.priority = 1 + dice.below(1000); }

Candidate choose(const Choice& all) {
  // Who yields does not go on while another can.
  Candidate others[MOST_THREADS + 2];
  Choice choice = all;
  if (all.yields && all.count > 1) {
    choice.candidates = others;
    choice.count = 0;
    for (unsigned i = 0; i < all.count; ++i) {
      const bool is_present = all.candidates[i].kind == Candidate::THREAD && all.candidates[i].thread == all.present;
      if (!is_present) others[choice.count++] = all.candidates[i];
    }
  }
  switch (strategy) {
    case Strategy::PRIORITIES:
      return choose_by_priority(choice);
    case Strategy::SYSTEMATIC:
      return choose_in_walk(choice);
    case Strategy::WALK:
    case Strategy::STICKY:
      break;
  }
  return choose_at_random(choice);
}

void begin_walk(unsigned preemptions) {
  walk.clear();
  most_preemptions = preemptions;
}

bool advance_walk() {
  walk.resize(position);
  while (!walk.empty()) {
    Decision& last = walk.back();
    if (last.taken + 1 < last.options) {
      ++last.taken;
      return true;
    }
    walk.pop_back();
  }
  return false;
}

}  // namespace schedule
