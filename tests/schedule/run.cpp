// SPDX-License-Identifier: MIT
// tests/schedule/run: plays scenarios under the scheduler. See --help and README.md.
#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "kernel/aio.h"
#include "kernel/calls.h"
#include "kernel/device.h"
#include "kernel/faults.h"
#include "kernel/files.h"
#include "kernel/libc.h"
#include "kernel/signals.h"
#include "kernel/uring.h"
#include "machine/memory.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"
#include "machine/strategy.h"
#include "machine/thread_locals.h"
#include "scenarios/litmus_runs.h"
#include "scenarios/program.h"

extern "C" int __real_sigaction(int, const struct sigaction*, struct sigaction*);

using namespace schedule;

namespace {

constexpr char HELP[] = R"(Usage: run [OPTION]...

Plays small programs over the library under a scheduler and a simulated kernel: each seed is one schedule.

  --scenario NAME   this scenario alone; may be a part of its name. Default: all
  --but NAME        not that one; may be repeated
  --seed N          play the schedule of that seed, with a trace
  --fault CALL:ERRNO  in that schedule the CALLth system call that can fail does so
  --quiet           no trace
  --seeds N         search the seeds 1 to N of each scenario
  --from N          begin the search at that seed
  --minutes M       search all scenarios for that long, in turn (decimals are allowed)
  --weak, --strong  memory is as weak as C++ allows in each run, or in none; without: in a quarter of the seeds
  --leave-out HEX   the operation that returns there, as far from the program's start, orders nothing (mutants/run.py
                    says which are of a line); may be repeated
  --first           ends with the first scenario that shows a fault
  --systematic      all schedules of the small scenarios with at most two preemptions
  --faults          each call of each scenario fails once with each errno of its manual page, in the schedules of the
                    seeds 1 to 8; others by --from and --seeds
  --litmus          tests the memory of the tests itself, by the small programs of the literature
  --list            the names of the scenarios
  --help            show this help

Exit status: 0 nothing found; 1 a fault, with the way to play it again; 2 a bad option; 99 can't be run.
)";

struct Wish {
  const char* but[MOST_SCENARIOS];
  unsigned but_count = 0;
  const char* scenario = "";
  std::uint64_t seed = 0, seeds = 0, from = 1;
  bool has_seed = false, is_quiet = false, is_systematic = false, is_faults = false, is_litmus = false, is_first = false;
  double minutes = 0;
  unsigned fault_call = 0;
  int fault_error = 0;
};

using Clock = std::chrono::steady_clock;
// The processor's, for rates: the machine has other work, too.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

const Scenario* present;
enum class Memory { BY_SEED, WEAK, STRONG } memory = Memory::BY_SEED;

void prepare_run() {
  reset_memory();
  reset_files();
  reset_device();
  reset_aio();
  reset_uring();
  reset_signals();
  reset_calls();
  reset_libc();
  reset_faults();
  setenv("ATOMRT_CONTEXTS", present->contexts, 1);
}

void body() {
  begin_program();
  present->body();
  await_notifications();
}

void run_once(const RunSettings& settings) {
  prepare_run();
  run_threads(settings, body);
  check_end_of_program();
}

bool is_weak_run(std::uint64_t seed) {
  return memory == Memory::BY_SEED ? seed / 4 % 4 == 3 : memory == Memory::WEAK;
}

// A quarter each of the seeds: all by chance, sticky, and half of them by priorities.
RunSettings settings_of(std::uint64_t seed, unsigned expected_steps) {
  static constexpr Strategy STRATEGIES[] = {Strategy::WALK, Strategy::STICKY, Strategy::PRIORITIES, Strategy::PRIORITIES};
  RunSettings settings;
  settings.seed = seed;
  settings.strategy = STRATEGIES[seed % 4];
  settings.expected_steps = expected_steps;
  settings.is_weak = is_weak_run(seed);
  return settings;
}

// How many steps a run of it has: those of seed 0, which is sticky.
unsigned measured_steps() {
  RunSettings settings;
  settings.strategy = Strategy::STICKY;
  char words[] = "--seed 0";
  begin_report(present->name, words, false);
  run_once(settings);
  return static_cast<unsigned>(steps());
}

char replay[128];
const char* memory_words() { return memory == Memory::BY_SEED ? "" : memory == Memory::WEAK ? " --weak" : " --strong"; }

void run_seed(std::uint64_t seed, unsigned expected_steps, bool traces) {
  std::snprintf(replay, sizeof replay, "--seed %" PRIu64 "%s", seed, memory_words());
  begin_report(present->name, replay, traces);
  run_once(settings_of(seed, expected_steps));
}

struct Tally {
  std::uint64_t schedules = 0, steps = 0;
  double seconds = 0;
};

Tally search(std::uint64_t from, std::uint64_t seeds, double limit_s) {
  Tally tally;
  const auto begin = Clock::now();
  const double begun = processor_seconds();
  const unsigned expected = measured_steps();
  for (std::uint64_t seed = from; seeds == 0 || seed < from + seeds; ++seed) {
    run_seed(seed, expected, false);
    ++tally.schedules;
    tally.steps += steps();
    if (limit_s > 0 && seed % 64 == 0 && seconds_since(begin) > limit_s) break;
  }
  tally.seconds = processor_seconds() - begun;
  return tally;
}

Tally search_systematically() {
  Tally tally;
  const double begun = processor_seconds();
  begin_walk(2);
  begin_report(present->name, "--systematic", false);
  RunSettings settings;
  settings.strategy = Strategy::SYSTEMATIC;
  do {
    run_once(settings);
    ++tally.schedules;
    tally.steps += steps();
  } while (advance_walk());
  tally.seconds = processor_seconds() - begun;
  return tally;
}

Tally search_faults(std::uint64_t from, std::uint64_t seeds) {
  Tally tally;
  const double begun = processor_seconds();
  const unsigned expected = measured_steps();
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    set_fault(0, 0);
    run_seed(seed, expected, false);
    for (unsigned call = 1; call <= fallible_calls(); ++call) {
      int errors[8];
      const int* listed = errors_of_call(call);
      unsigned count = 0;
      for (; listed[count] != 0; ++count) errors[count] = listed[count];
      for (unsigned i = 0; i < count; ++i) {
        set_fault(call, errors[i]);
        std::snprintf(replay, sizeof replay, "--seed %" PRIu64 "%s --fault %u:%d", seed, memory_words(), call, errors[i]);
        begin_report(present->name, replay, false);
        run_once(settings_of(seed, expected));
        ++tally.schedules;
        tally.steps += steps();
      }
      set_fault(0, 0);
      run_seed(seed, expected, false);  // for the list of its calls
    }
  }
  tally.seconds = processor_seconds() - begun;
  return tally;
}

void print(const Tally& tally, const char* what) {
  std::printf("%-44s %9" PRIu64 " %s, %6.0f steps each, %7.0f a second of a processor\n", present->name, tally.schedules, what,
              static_cast<double>(tally.steps) / static_cast<double>(tally.schedules),
              static_cast<double>(tally.schedules) / tally.seconds);
  std::fflush(stdout);
}

#ifdef ATOMRT_COUNTED
extern "C" void __gcov_dump();
void keep_counts() { __gcov_dump(); }  // _exit would lose them
#else
void keep_counts() {}
#endif

// A scenario of its own process: what one breaks does not keep the others from being run.
template <typename Search>
bool run_apart(Search search) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    search();
    std::fflush(stdout);
    keep_counts();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::printf("%s: ended by signal %d\n", present->name, WTERMSIG(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void on_crash(int number) {
  signal(number, SIG_DFL);
  fail("the library crashes: signal %d", number);
}

void watch_crashes() {
  static char stack[65536];
  const stack_t other{stack, 0, sizeof stack};
  sigaltstack(&other, nullptr);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    __real_sigaction(number, &action, nullptr);
  }
}

bool run_scenario(const Wish& wish, double limit_s) {
  if (wish.has_seed) {
    return run_apart([&] {
      const unsigned expected = measured_steps();
      set_fault(wish.fault_call, wish.fault_error);
      run_seed(wish.seed, expected, !wish.is_quiet);
      if (!wish.is_quiet) print_trace();
      std::printf("%s: seed %" PRIu64 " shows no fault, in %" PRIu64 " steps\n", present->name, wish.seed, steps());
    });
  }
  if (wish.is_systematic) return !present->is_small || run_apart([] { print(search_systematically(), "schedules, all with at most 2 preemptions"); });
  if (wish.is_faults) return run_apart([&] { print(search_faults(wish.from, wish.seeds != 0 ? wish.seeds : 8), "runs with a fault"); });
  return run_apart([&] { print(search(wish.from, wish.seeds, limit_s), "schedules"); });
}

bool parse(int count, char** words, Wish& wish) {
  enum { SCENARIO_IS = 1, BUT, SEED, WEAK, STRONG, FAULT, QUIET, SEEDS, FROM, MINUTES, SYSTEMATIC, FAULTS, LITMUS, FIRST, LEAVE_OUT, LIST, HELPS };
  static constexpr option OPTIONS[] = {
      {"scenario", required_argument, nullptr, SCENARIO_IS}, {"but", required_argument, nullptr, BUT},
      {"seed", required_argument, nullptr, SEED},
      {"weak", no_argument, nullptr, WEAK},                  {"strong", no_argument, nullptr, STRONG},
      {"fault", required_argument, nullptr, FAULT},          {"quiet", no_argument, nullptr, QUIET},
      {"seeds", required_argument, nullptr, SEEDS},          {"from", required_argument, nullptr, FROM},
      {"minutes", required_argument, nullptr, MINUTES},      {"systematic", no_argument, nullptr, SYSTEMATIC},
      {"faults", no_argument, nullptr, FAULTS},              {"list", no_argument, nullptr, LIST},
      {"first", no_argument, nullptr, FIRST},
      {"leave-out", required_argument, nullptr, LEAVE_OUT},
      {"litmus", no_argument, nullptr, LITMUS},              {"help", no_argument, nullptr, HELPS},
                      {nullptr, 0, nullptr, 0}};
  for (int chosen; (chosen = getopt_long(count, words, "", OPTIONS, nullptr)) != -1;) {
    switch (chosen) {
      case SCENARIO_IS: wish.scenario = optarg; break;
      case BUT: if (wish.but_count < MOST_SCENARIOS) wish.but[wish.but_count++] = optarg; break;
      case SEED: wish.seed = std::strtoull(optarg, nullptr, 10); wish.has_seed = true; break;
      case FAULT: if (std::sscanf(optarg, "%u:%d", &wish.fault_call, &wish.fault_error) != 2) return false; break;
      case WEAK: memory = Memory::WEAK; break;
      case STRONG: memory = Memory::STRONG; break;
      case QUIET: wish.is_quiet = true; break;
      case SEEDS: wish.seeds = std::strtoull(optarg, nullptr, 10); break;
      case FROM: wish.from = std::strtoull(optarg, nullptr, 10); break;
      case MINUTES: wish.minutes = std::strtod(optarg, nullptr); break;
      case SYSTEMATIC: wish.is_systematic = true; break;
      case FAULTS: wish.is_faults = true; break;
      case FIRST: wish.is_first = true; break;
      case LEAVE_OUT: leave_out(std::strtoull(optarg, nullptr, 16)); break;
      case LITMUS: wish.is_litmus = true; break;
      case LIST:
        for (unsigned i = 0; i < scenario_count; ++i) std::printf("%s\n", scenarios[i].name);
        std::exit(0);
      case HELPS: std::fputs(HELP, stdout); std::exit(0);
      default: return false;
    }
  }
  return optind == count;
}

bool is_chosen(const Wish& wish, const Scenario& scenario) {
  for (unsigned i = 0; i < wish.but_count; ++i) {
    if (std::strcmp(wish.but[i], scenario.name) == 0) return false;
  }
  return std::strstr(scenario.name, wish.scenario) != nullptr;
}

}  // namespace

int main(int count, char** words) {
  Wish wish;
  if (!parse(count, words, wish)) {
    std::fputs("run: a bad option (try --help)\n", stderr);
    return 2;
  }
  watch_crashes();
  reserve_memory();
  find_locals();
  if (wish.is_litmus) return run_litmus() == 0 ? 0 : 1;
  unsigned chosen = 0, found = 0;
  for (unsigned i = 0; i < scenario_count; ++i) chosen += is_chosen(wish, scenarios[i]);
  if (wish.seeds == 0 && wish.minutes == 0) wish.minutes = 1;
  for (unsigned i = 0; i < scenario_count; ++i) {
    present = &scenarios[i];
    if (!is_chosen(wish, *present)) continue;
    if (!run_scenario(wish, wish.minutes * 60 / chosen)) ++found;
    if (found != 0 && wish.is_first) break;
  }
  if (chosen == 0) std::fprintf(stderr, "run: no scenario of that name (see --list)\n");
  return chosen == 0 ? 2 : found != 0 ? 1 : 0;
}
