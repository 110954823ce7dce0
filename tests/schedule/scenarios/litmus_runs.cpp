// SPDX-License-Identifier: MIT
#include "scenarios/litmus_runs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "machine/memory.h"
#include "machine/report.h"
#include "machine/scheduler.h"
#include "scenarios/litmus.h"
#include "scenarios/program.h"

namespace schedule {
namespace {

constexpr std::uint64_t RUNS = 20'000;
constexpr int NOT_SEEN = 0, FAILED = 1, WAS_SEEN = 2;  // a process's end; FAILED is fail()'s
const Litmus* present;
bool is_weak_outcome;

void body() {
  begin_litmus(program_memory(1024));
  const unsigned first = spawn(present->first), second = spawn(present->second);
  const unsigned third = present->third != nullptr ? spawn(present->third) : 0;
  join(first);
  join(second);
  if (third != 0) join(third);
  is_weak_outcome = present->is_weak_outcome();
}

// In a process of its own, as a race ends it.
int search_outcome() {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (present->verdict == Verdict::RACE && freopen("/dev/null", "w", stdout) == nullptr) _exit(3);
    for (std::uint64_t seed = 1; seed <= RUNS; ++seed) {
      RunSettings settings;
      settings.seed = seed;
      settings.is_weak = true;
      settings.expected_steps = 20;
      settings.strategy = seed % 2 == 0 ? Strategy::WALK : Strategy::PRIORITIES;
      begin_report(present->name, "--litmus", false);
      reset_memory();
      run_threads(settings, body);
      if (is_weak_outcome) _exit(WAS_SEEN);
    }
    _exit(NOT_SEEN);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

unsigned run_litmus() {
  unsigned wrong = 0;
  for (unsigned i = 0; i < litmus_count; ++i) {
    present = &litmus[i];
    const int outcome = search_outcome();
    const int wanted = present->verdict == Verdict::UNSEEN ? NOT_SEEN : present->verdict == Verdict::SEEN ? WAS_SEEN : FAILED;
    static constexpr const char* WORDS[] = {"never", "seen", "a race"};
    std::printf("%-44s must be: %-7s %s\n", present->name, WORDS[static_cast<int>(present->verdict)],
                outcome == wanted ? "and is" : "BUT IS NOT");
    wrong += outcome != wanted;
  }
  return wrong;
}

}  // namespace schedule
