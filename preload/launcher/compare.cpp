// SPDX-License-Identifier: MIT
#include "launcher/compare.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "launcher/failed_start.h"
#include "launcher/json.h"
#include "launcher/messages.h"
#include "launcher/settings.h"

namespace atomrt::launcher {
namespace {

enum Side { GLIBC, ATOMRT };
constexpr const char* NAMES[] = {"glibc", "atomrt"};

// In seconds; user and system of PROGRAM and of the children that it waited for.
struct Run {
  double wall, user, system;
  int status;  // as waitpid(2) gives it
};

struct Spread {
  double median, least, most;
};

Run runs[2][MOST_ROUNDS];
double ratios[MOST_ROUNDS];

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

bool prepare(Side side, const Options& options, const Path& preload, const Path& audit) {
  if (side == GLIBC) return true;
  return apply_options(options) && add_preload(preload) && (audit.is_empty() || add_audit(audit));
}

// Each run finds the same input: none. Its output would hide the result; its messages are shown. An error of execvp
// goes through the pipe, which a successful one closes.
[[noreturn]] void become_program(Side side, const Options& options, const Path& preload, const Path& audit,
                                 int report) {
  const int input = open("/dev/null", O_RDONLY);
  const int output = open("/dev/null", O_WRONLY);
  if (input >= 0) dup2(input, STDIN_FILENO);
  if (output >= 0) dup2(output, STDOUT_FILENO);
  if (input > STDERR_FILENO) close(input);
  if (output > STDERR_FILENO) close(output);
  if (!prepare(side, options, preload, audit)) _exit(OWN_FAILURE);
  execvp(options.program[0], options.program);
  const int error = errno;
  if (write(report, &error, sizeof error) < 0) _exit(OWN_FAILURE);
  _exit(NOT_FOUND);
}

// 0, or the exit status of the launcher after one line on standard error.
int run_once(Side side, const Options& options, const Path& preload, const Path& audit, Run& run) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return fail("cannot start %s: %s", options.program[0], std::strerror(errno));
  const double begin = now();
  const pid_t process = fork();
  if (process == 0) become_program(side, options, preload, audit, report[1]);
  const int fork_error = errno;
  close(report[1]);
  int error = 0;
  const bool has_failed = process > 0 && read(report[0], &error, sizeof error) == static_cast<ssize_t>(sizeof error);
  close(report[0]);
  if (process < 0) return fail("cannot start %s: %s", options.program[0], std::strerror(fork_error));
  rusage usage{};
  while (wait4(process, &run.status, 0, &usage) < 0) {
    if (errno != EINTR) return fail("cannot wait for %s: %s", options.program[0], std::strerror(errno));
  }
  run.wall = now() - begin;
  run.user = seconds(usage.ru_utime);
  run.system = seconds(usage.ru_stime);
  return has_failed ? fail_to_start(options, error) : 0;
}

int in_order(const void* one, const void* other) {
  const double difference = *static_cast<const double*>(one) - *static_cast<const double*>(other);
  return difference < 0 ? -1 : difference > 0;
}

Spread spread_of(double* values, int count) {
  std::qsort(values, static_cast<std::size_t>(count), sizeof *values, in_order);
  const double middle = values[count / 2];
  return {count % 2 != 0 ? middle : (values[count / 2 - 1] + middle) / 2, values[0], values[count - 1]};
}

Spread spread_of(Side side, double Run::*member, int rounds) {
  static double values[MOST_ROUNDS];
  for (int round = 0; round < rounds; ++round) values[round] = runs[side][round].*member;
  return spread_of(values, rounds);
}

// Of each round's own two runs, as the machine's speed changes from round to round. A time of 0 was too short for the
// clock.
Spread spread_of_ratios(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const double shortest = 1e-9;
    const double atomrt = runs[ATOMRT][round].wall;
    ratios[round] = runs[GLIBC][round].wall / (atomrt < shortest ? shortest : atomrt);
  }
  return spread_of(ratios, rounds);
}

bool is_same_end(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (const auto& side : runs) {
      if (side[round].status != runs[GLIBC][0].status) return false;
    }
  }
  return true;
}

void describe(int status, char (&text)[32]) {
  if (WIFSIGNALED(status)) {
    const char* const name = sigabbrev_np(WTERMSIG(status));
    std::snprintf(text, sizeof text, "SIG%s", name == nullptr ? "?" : name);
  } else {
    std::snprintf(text, sizeof text, "%d", WEXITSTATUS(status));
  }
}

void print_side(Side side, int rounds) {
  const Spread wall = spread_of(side, &Run::wall, rounds);
  std::printf("%-8s %10.3f %10.3f %10.3f   %.3f to %.3f\n", NAMES[side], wall.median,
              spread_of(side, &Run::user, rounds).median, spread_of(side, &Run::system, rounds).median, wall.least,
              wall.most);
}

void print_ends(Side side, int rounds) {
  std::printf("  %-8s", NAMES[side]);
  for (int round = 0; round < rounds; ++round) {
    char text[32];
    describe(runs[side][round].status, text);
    std::printf(" %s", text);
  }
  std::printf("\n");
}

void print_table(int rounds) {
  std::printf("%-8s %10s %10s %10s   %s\n", "seconds", "wall", "user", "system", "wall, least to most");
  print_side(GLIBC, rounds);
  print_side(ATOMRT, rounds);
  const Spread ratio = spread_of_ratios(rounds);
  std::printf("ratio    %10.2f   %.2f to %.2f: glibc's wall time to atomrt's; above 1 atomrt is faster\n", ratio.median,
              ratio.least, ratio.most);
  char end[32];
  describe(runs[GLIBC][0].status, end);
  if (is_same_end(rounds)) {
    std::printf("rounds   %10d, exit status %s each time\n", rounds, end);
  } else {
    std::printf("rounds   %10d, exit statuses DIFFER:\n", rounds);
    print_ends(GLIBC, rounds);
    print_ends(ATOMRT, rounds);
  }
}

void print_json_spread(const char* name, Spread spread) {
  std::printf("\"%s\": {\"median\": %.6f, \"least\": %.6f, \"most\": %.6f}", name, spread.median, spread.least,
              spread.most);
}

void print_json_side(Side side, int rounds) {
  std::printf("  \"%s\": {", NAMES[side]);
  print_json_spread("wall_s", spread_of(side, &Run::wall, rounds));
  std::printf(", ");
  print_json_spread("user_s", spread_of(side, &Run::user, rounds));
  std::printf(", ");
  print_json_spread("system_s", spread_of(side, &Run::system, rounds));
  std::printf(", \"ends\": [");
  for (int round = 0; round < rounds; ++round) {
    char text[32];
    describe(runs[side][round].status, text);
    std::printf(WIFSIGNALED(runs[side][round].status) ? "%s\"%s\"" : "%s%s", round == 0 ? "" : ", ", text);
  }
  std::printf("]},\n");
}

void print_json(const Options& options, int rounds) {
  std::printf("{\n  \"program\": [");
  for (char** argument = options.program; *argument != nullptr; ++argument) {
    std::printf(argument == options.program ? "" : ", ");
    print_json_string(*argument);
  }
  std::printf("],\n  \"rounds\": %d,\n", rounds);
  print_json_side(GLIBC, rounds);
  print_json_side(ATOMRT, rounds);
  std::printf("  ");
  print_json_spread("ratio", spread_of_ratios(rounds));
  std::printf(",\n  \"same_end\": %s\n}\n", is_same_end(rounds) ? "true" : "false");
}

}  // namespace

int compare(const Options& options, const Path& preload, const Path& audit) {
  const int rounds = options.rounds;
  for (int round = 0; round < rounds; ++round) {
    // The one that comes first alternates: caches and clocks favour one of them.
    const Side first = round % 2 == 0 ? GLIBC : ATOMRT;
    for (const Side side : {first, first == GLIBC ? ATOMRT : GLIBC}) {
      const int failure = run_once(side, options, preload, audit, runs[side][round]);
      if (failure != 0) return failure;
    }
  }
  if (options.is_json) {
    print_json(options, rounds);
  } else {
    print_table(rounds);
  }
  return is_same_end(rounds) ? 0 : 1;
}

}  // namespace atomrt::launcher
