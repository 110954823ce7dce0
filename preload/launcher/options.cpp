// SPDX-License-Identifier: MIT
#include "launcher/options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "launcher/contexts.h"
#include "launcher/messages.h"

namespace atomrt::launcher {
namespace {

constexpr long MOST_THREADS = 10000;
constexpr const char* SHORT_OPTIONS = "+:hV";

enum Option {
  HELP = 'h',
  VERSION = 'V',
  CONTEXTS_LIST = 256,
  MAX_THREADS,
  ORDER,
  STATS,
  DEEP,
  VERBOSE,
  COMPARE,
  EXPLAIN,
  PENDING,
  STATS_OF,
  STATS_FORMAT,
  COUNTERS,
  TRACE,
  TOP,
  INTERVAL,
  JSON,
  PRINT_PRELOAD,
  DOCTOR
};

constexpr option LONG_OPTIONS[] = {
    {"contexts", required_argument, nullptr, CONTEXTS_LIST},
    {"max-threads", required_argument, nullptr, MAX_THREADS},
    {"order", required_argument, nullptr, ORDER},
    {"stats", optional_argument, nullptr, STATS},
    {"deep", no_argument, nullptr, DEEP},
    {"verbose", no_argument, nullptr, VERBOSE},
    {"compare", optional_argument, nullptr, COMPARE},
    {"explain", no_argument, nullptr, EXPLAIN},
    {"pending", required_argument, nullptr, PENDING},
    {"stats-of", required_argument, nullptr, STATS_OF},
    {"stats-format", required_argument, nullptr, STATS_FORMAT},
    {"counters", optional_argument, nullptr, COUNTERS},
    {"trace", required_argument, nullptr, TRACE},
    {"top", required_argument, nullptr, TOP},
    {"interval", required_argument, nullptr, INTERVAL},
    {"json", no_argument, nullptr, JSON},
    {"print-preload", no_argument, nullptr, PRINT_PRELOAD},
    {"doctor", no_argument, nullptr, DOCTOR},
    {"help", no_argument, nullptr, HELP},
    {"version", no_argument, nullptr, VERSION},
    {nullptr, 0, nullptr, 0},
};

bool check_contexts(const char* list) {
  return for_each_in_list(list, [](std::string_view name) {
    if (is_context(name)) return true;
    fail("--contexts: unknown context '%.*s' (known: head, direct, ring, waiter, threads)",
         static_cast<int>(name.size()), name.data());
    return false;
  });
}

// From 1 to most; 0 after one line on standard error.
long read_number(const char* option, const char* text, long most) {
  char* end = nullptr;
  const long number = *text >= '0' && *text <= '9' ? std::strtol(text, &end, 10) : 0;
  if (number >= 1 && number <= most && *end == '\0') return number;
  fail("%s: '%s' is not a number from 1 to %ld", option, text, most);
  return 0;
}

// getopt_long takes every beginning of a name; a script that uses one breaks when another option begins so.
bool is_whole_name(const char* argument, const char* name) {
  const std::size_t length = std::strlen(name);
  if (std::strncmp(argument, "--", 2) != 0) return true;
  return std::strncmp(argument + 2, name, length) == 0 && (argument[2 + length] == '\0' || argument[2 + length] == '=');
}

bool check_order(std::string_view order) {
  if (order == "calls" || order == "any") return true;
  fail("--order: '%.*s' is neither calls nor any", static_cast<int>(order.size()), order.data());
  return false;
}

bool check_file(const char* option, const char* file) {
  if (*file != '\0') return true;
  fail("%s: empty file name", option);
  return false;
}

bool read_format(std::string_view name, Options& options) {
  constexpr std::string_view NAMES[] = {"text", "json", "prometheus"};
  for (unsigned format = 0; format < std::size(NAMES); ++format) {
    if (name == NAMES[format]) options.format = static_cast<exec::Format>(format), options.has_format = true;
  }
  if (options.has_format) return true;
  fail("--stats-format: '%.*s' is none of text, json, prometheus", static_cast<int>(name.size()), name.data());
  return false;
}

// Seconds, with a point or without.
bool read_interval(const char* text, Options& options) {
  char* end = nullptr;
  const double seconds = *text >= '0' && *text <= '9' ? std::strtod(text, &end) : 0;
  if (seconds >= 0.1 && seconds <= 86400 && *end == '\0') {
    options.interval_ns = static_cast<std::int64_t>(seconds * 1e9);
    return true;
  }
  fail("--interval: '%s' is not a number from 0.1 to 86400", text);
  return false;
}

bool report_unknown(char** arguments) {
  if (optopt >= CONTEXTS_LIST) {
    fail("option '%s' takes no value", arguments[optind - 1]);
  } else if (optopt == HELP || optopt == VERSION) {
    fail("option '%s' takes no value", arguments[optind - 1]);
  } else if (optopt != 0) {
    fail("unknown option '-%c' (try 'atomrt --help')", optopt);
  } else {
    fail("unknown option '%s' (try 'atomrt --help')", arguments[optind - 1]);
  }
  return false;
}

bool take_option(int option, char** arguments, Options& options) {
  switch (option) {
    case CONTEXTS_LIST:
      options.contexts = optarg;
      return check_contexts(optarg);
    case MAX_THREADS:
      options.max_threads = optarg;
      return read_number("--max-threads", optarg, MOST_THREADS) != 0;
    case ORDER:
      options.order = optarg;
      return check_order(optarg);
    case STATS:
      options.statistics = optarg == nullptr ? "stderr" : optarg;
      return check_file("--stats", options.statistics);
    case STATS_FORMAT:
      return read_format(optarg, options);
    case COUNTERS:
      options.counters = optarg == nullptr ? "1" : optarg;
      return check_file("--counters", options.counters);
    case TRACE:
      options.trace = optarg;
      return check_file("--trace", optarg);
    case DEEP:
      options.is_deep = true;
      return true;
    case VERBOSE:
      options.is_verbose = true;
      return true;
    case COMPARE:
      options.action = Action::COMPARE;
      if (optarg != nullptr) options.rounds = static_cast<int>(read_number("--compare", optarg, MOST_ROUNDS));
      return options.rounds != 0;
    case EXPLAIN:
      options.action = Action::EXPLAIN;
      return true;
    case PENDING:
      options.action = Action::PENDING;
      options.subject = optarg;
      return true;
    case STATS_OF:
      options.action = Action::STATS_OF;
      options.subject = optarg;
      return true;
    case TOP:
      options.action = Action::TOP;
      options.subject = optarg;
      return true;
    case INTERVAL:
      return read_interval(optarg, options);
    case JSON:
      options.is_json = true;
      return true;
    case PRINT_PRELOAD:
      options.action = Action::PRINT_PRELOAD;
      return true;
    case DOCTOR:
      options.action = Action::DOCTOR;
      return true;
    case HELP:
      options.action = Action::HELP;
      return true;
    case VERSION:
      options.action = Action::VERSION;
      return true;
    case ':':
      fail("option '%s' needs a value", arguments[optind - 1]);
      return false;
    default:
      return report_unknown(arguments);
  }
}

const char* name_of(Action action) {
  switch (action) {
    case Action::DOCTOR:
      return "doctor";
    case Action::PENDING:
      return "pending";
    case Action::STATS_OF:
      return "stats-of";
    case Action::TOP:
      return "top";
    default:
      return "print-preload";
  }
}

// PROGRAM alone: its arguments change nothing. --json may follow it.
bool check_explain(int count, Options& options) {
  if (count == 2 && std::strcmp(options.program[1], "--json") == 0) {
    options.is_json = true;
    --count;
  }
  if (count == 1) return true;
  fail(count == 0 ? "no PROGRAM given (try 'atomrt --help')" : "--explain takes one PROGRAM, without arguments");
  return false;
}

// `atomrt top PID`, as other tools have it; `atomrt -- top PID` runs the program of that name.
bool is_top_of_process(int index, int count, char** arguments) {
  if (count - index != 2 || std::strcmp(arguments[index], "top") != 0) return false;
  const char* const number = arguments[index + 1];
  return std::strcmp(arguments[index - 1], "--") != 0 && number[std::strspn(number, "0123456789")] == '\0';
}

// What belongs to other actions than the one that was chosen.
bool check_action(const Options& options) {
  const Action action = options.action;
  const bool runs = action == Action::RUN || action == Action::COMPARE;
  if (options.is_json && action != Action::COMPARE && action != Action::PENDING && action != Action::STATS_OF) {
    fail("--json is for --compare, --explain, --pending and --stats-of");
  } else if (options.interval_ns != 0 && action != Action::STATS_OF && action != Action::TOP) {
    fail("--interval is for --stats-of and --top");
  } else if (options.has_format && !runs && action != Action::STATS_OF) {
    fail("--stats-format is for --stats and --stats-of");
  } else if (options.format == exec::Format::PROMETHEUS && action != Action::STATS_OF) {
    fail("--stats-format: prometheus is for --stats-of");
  } else if (options.is_json && options.has_format && options.format != exec::Format::JSON) {
    fail("--json and another --stats-format");
  } else {
    return true;
  }
  return false;
}

}  // namespace

bool parse_options(int count, char** arguments, Options& options) {
  opterr = 0;
  int option;
  int index = 0;
  int before = optind;
  // "+": options end at PROGRAM, what follows is its own. ":": a missing value is told apart.
  while ((option = getopt_long(count, arguments, SHORT_OPTIONS, LONG_OPTIONS, &index)) != -1) {
    const bool is_known = option != ':' && option != '?';
    if (is_known && !is_whole_name(arguments[before], LONG_OPTIONS[index].name)) {
      fail("unknown option '%s' (try 'atomrt --help')", arguments[before]);
      return false;
    }
    before = optind;
    if (!take_option(option, arguments, options)) return false;
    options.ends_with_bare_stats = option == STATS && optarg == nullptr;
    if (options.action == Action::HELP || options.action == Action::VERSION) return true;
  }
  if (options.action == Action::RUN && is_top_of_process(optind, count, arguments)) {
    options.action = Action::TOP;
    options.subject = arguments[optind + 1];
    optind = count;
  }
  options.program = arguments + optind;
  const bool has_program = optind < count;
  if (options.action == Action::EXPLAIN) return check_explain(count - optind, options);
  if (!check_action(options)) return false;
  if (options.is_json && options.action == Action::STATS_OF) options.format = exec::Format::JSON;
  const bool takes_program = options.action == Action::RUN || options.action == Action::COMPARE;
  if (takes_program && !has_program) {
    fail("no PROGRAM given (try 'atomrt --help')");
    return false;
  }
  if (!takes_program && has_program) {
    fail("--%s takes no PROGRAM", name_of(options.action));
    return false;
  }
  return true;
}

void print_help() {
  std::fputs(
      "Usage: atomrt [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
      "Run PROGRAM with its POSIX AIO (aio_read, lio_listio...) served by atomrt.\n"
      "\n"
      "  --contexts LIST   use only these contexts, comma separated (ATOMRT_CONTEXTS):\n"
      "                    head, direct, ring, waiter, threads; threads is always the last resort\n"
      "  --max-threads N   make at most N worker threads, 1 to 10000 (ATOMRT_MAX_THREADS)\n"
      "  --order ORDER     tell of requests of one descriptor and direction in the order of the calls, as glibc\n"
      "                    does (calls), or each when it is done, which is faster (any, the default) (ATOMRT_ORDER)\n"
      "  --stats[=FILE]    write statistics to FILE when PROGRAM exits, to standard error without FILE;\n"
      "                    %p in FILE is the process id; else FILE is emptied first (ATOMRT_STATS)\n"
      "  --trace FILE      write what happens to each request to FILE, for ui.perfetto.dev or chrome://tracing; %p in\n"
      "                    FILE is the process id; else a trace in FILE is replaced (ATOMRT_TRACE)\n"
      "  --deep            serve also what a preload does not reach: dlsym and dlvsym on a library's handle, and\n"
      "                    objects loaded with RTLD_DEEPBIND; every process starts more slowly (LD_AUDIT)\n"
      "  --verbose         say on standard error what atomrt does at first use (ATOMRT_VERBOSE)\n"
      "  --compare[=N]     run PROGRAM in turn under glibc and under atomrt, N times each (5), and show the times;\n"
      "                    its output and input are /dev/null; the exit status is 1 if it ends in different ways\n"
      "  --explain         show whether PROGRAM uses POSIX AIO and whether atomrt would serve it, without running it;\n"
      "                    the exit status is 0 if it would be served, 1 if not\n"
      "  --pending PID     show what is in flight in a running process, the oldest first: what each request does,\n"
      "                    for how long, where it is; the process is not stopped\n"
      "  --counters[=FILE] count requests; keep the counters in FILE, on tmpfs (/dev/shm), where they outlive the\n"
      "                    process; %p in FILE is the process id, else .PID is added (ATOMRT_COUNTERS)\n"
      "  --stats-of PID|FILE\n"
      "                    show the statistics of a running process that counts, or those that a FILE of --counters\n"
      "                    holds, also when the process has gone\n"
      "  --stats-format FORMAT\n"
      "                    of --stats-of: text, json or prometheus; of --stats: text or json (ATOMRT_STATS_FORMAT)\n"
      "  --top PID         show rates, latencies and the oldest requests of a running process again and again, as\n"
      "                    `atomrt top PID` does; a line each time where the output is no terminal\n"
      "  --interval SECONDS\n"
      "                    of --stats-of: again and again until the process ends, with rates; of --top: how often\n"
      "  --json            show the result of --compare, --explain, --pending or --stats-of as JSON\n"
      "  --print-preload   print the path to put into LD_PRELOAD\n"
      "  --doctor          show what this kernel and environment offer to atomrt\n"
      "  -h, --help        show this help\n"
      "  -V, --version     show the version\n"
      "\n"
      "The exit status is PROGRAM's; 125 if atomrt itself fails, 126 if PROGRAM cannot be executed,\n"
      "127 if it cannot be found.\n",
      stdout);
}

}  // namespace atomrt::launcher
