// SPDX-License-Identifier: MIT
// atomrt: runs a program with the preload in its environment, in the style of env, nice and stdbuf.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "launcher/compare.h"
#include "launcher/doctor.h"
#include "launcher/environment.h"
#include "launcher/explain.h"
#include "launcher/failed_start.h"
#include "launcher/messages.h"
#include "launcher/options.h"
#include "launcher/pending.h"
#include "launcher/preload_path.h"
#include "launcher/preload_twin.h"
#include "launcher/program.h"
#include "launcher/settings.h"
#include "launcher/stats_of.h"
#include "launcher/top.h"

namespace atomrt::launcher {
namespace {

// Output that could not be written is a failure, as in the coreutils.
int flushed(int status) { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? status : OWN_FAILURE; }

int print_preload() {
  Path preload;
  if (!find_preload(preload)) return OWN_FAILURE;
  return std::puts(preload.c_str()) < 0 ? OWN_FAILURE : 0;
}

// Whether PROGRAM shall get the preload, and the one that it can load; warns where that does not help.
bool accepts_preload(const char* name, Path& preload) {
  Path program;
  if (!find_program(name, program)) return true;
  const Subject subject = inspect_program(program);
  const Abi abi = subject.reach == Reach::OTHER_WORD ? subject.abi : Abi{};
  const bool is_found = suit_preload(abi, preload);
  if (subject.reach == Reach::FULL || (subject.reach == Reach::OTHER_WORD && is_found)) return true;
  warn("%s %s: a preload cannot reach it, it runs without atomrt", subject.file.c_str(), subject.reason);
  return subject.reach == Reach::NOT_ITSELF;
}

int run(const Options& options) {
  const char* const name = options.program[0];
  Path preload;
  Path audit;
  warn_of_unknown_variables();
  if (!find_preload(preload) || (options.is_deep && !find_audit(preload, audit))) return OWN_FAILURE;
  if (!apply_options(options)) return OWN_FAILURE;
  if (accepts_preload(name, preload)) {
    if (!add_preload(preload) || !name_launched_process()) return OWN_FAILURE;
    if (options.is_deep && !(find_audit(preload, audit) && add_audit(audit))) return OWN_FAILURE;
  }
  execvp(name, options.program);
  return fail_to_start(options, errno);
}

bool is_preloaded_already() {
  const char* const list = std::getenv("LD_PRELOAD");
  return list != nullptr && std::strstr(list, "libatomrt-preload.so") != nullptr;
}

int run_both(const Options& options) {
  Path preload;
  Path audit;
  if (!find_preload(preload)) return OWN_FAILURE;
  if (is_preloaded_already()) return fail("LD_PRELOAD holds atomrt already: both sides would be served by it");
  warn_of_unknown_variables();
  if (!accepts_preload(options.program[0], preload)) return OWN_FAILURE;
  if (options.is_deep && !find_audit(preload, audit)) return OWN_FAILURE;
  return flushed(compare(options, preload, audit));
}

int diagnose(const Options& options) {
  if (!apply_options(options)) return OWN_FAILURE;
  return print_diagnosis();
}

int start(int count, char** arguments) {
  Options options;
  if (!parse_options(count, arguments, options)) return OWN_FAILURE;
  switch (options.action) {
    case Action::HELP:
      print_help();
      return flushed(0);
    case Action::VERSION:
      std::puts("atomrt " ATOMRT_VERSION);
      return flushed(0);
    case Action::PRINT_PRELOAD:
      return flushed(print_preload());
    case Action::DOCTOR:
      return flushed(diagnose(options));
    case Action::COMPARE:
      return run_both(options);
    case Action::EXPLAIN:
      return flushed(explain(options.program[0], options.is_json));
    case Action::PENDING:
      return flushed(print_pending(options.subject, options.is_json));
    case Action::STATS_OF:
      return flushed(print_statistics_of(options));
    case Action::TOP:
      return flushed(show_top(options));
    case Action::RUN:
      return run(options);
  }
  return OWN_FAILURE;
}

}  // namespace
}  // namespace atomrt::launcher

int main(int count, char** arguments) { return atomrt::launcher::start(count, arguments); }
