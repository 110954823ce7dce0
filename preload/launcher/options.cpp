// SPDX-License-Identifier: MIT
#include "launcher/options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

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
  TRACE_LIMIT,
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
    {"trace-limit", required_argument, nullptr, TRACE_LIMIT},
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

// getopt_long takes any unambiguous prefix of a name; a script that uses one breaks when another option begins so.
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
    case TRACE_LIMIT:
      options.trace_limit = optarg;
      return true;
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

// `atomrt top PID`, as other tools have it; `atomrt -- top PID` runs the program of that name. Without a PID it is the
// launcher's, too: `atomrt top $(pidof NAME)` where no process has that name.
bool is_top_of_process(int index, int count, char** arguments) {
  if (index == count || std::strcmp(arguments[index], "top") != 0) return false;
  if (std::strcmp(arguments[index - 1], "--") == 0) return false;
  return index + 1 == count || arguments[index + 1][std::strspn(arguments[index + 1], "0123456789")] == '\0';
}

// What follows `top`: PID [--interval SECONDS].
bool parse_top(char** words, int count, Options& options) {
  constexpr std::string_view INTERVAL_NAME = "--interval";
  options.action = Action::TOP;
  if (count == 0) {
    fail("top: no PID given (a program of that name is run by 'atomrt -- top')");
    return false;
  }
  options.subject = words[0];
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word.starts_with(INTERVAL_NAME) && word.substr(INTERVAL_NAME.size()).starts_with('=')) {
      if (!read_interval(words[i] + INTERVAL_NAME.size() + 1, options)) return false;
    } else if (word == INTERVAL_NAME && i + 1 < count) {
      if (!read_interval(words[++i], options)) return false;
    } else {
      fail("top: unexpected argument '%s'", words[i]);
      return false;
    }
  }
  return true;
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
    if (!parse_top(arguments + optind + 1, count - optind - 1, options)) return false;
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
    fail("--%s: unexpected argument '%s'", name_of(options.action), options.program[0]);
    return false;
  }
  return true;
}

void print_help() {
  std::fputs(
      "Usage: atomrt [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
      "Run PROGRAM with its POSIX AIO (aio_read, lio_listio...) served by atomrt.\n"
      "\n"
      "  --contexts LIST    use only these contexts, separated by commas: head, direct,\n"
      "                     ring, waiter, threads; threads is always the last resort\n"
      "                     (ATOMRT_CONTEXTS)\n"
      "  --max-threads N    make at most N worker threads, 1 to 10000\n"
      "                     (ATOMRT_MAX_THREADS)\n"
      "  --order ORDER      calls: report the requests of one descriptor and direction\n"
      "                     in the order of the calls, as glibc does; any, which is\n"
      "                     the default and faster: each when it is done (ATOMRT_ORDER)\n"
      "  --deep             serve also what a preload does not reach: dlsym and dlvsym\n"
      "                     on a library's handle, objects loaded with RTLD_DEEPBIND;\n"
      "                     every process starts more slowly (LD_AUDIT)\n"
      "  --verbose          say on standard error when atomrt serves the first request\n"
      "                     of a process (ATOMRT_VERBOSE)\n"
      "\n"
      "Observe PROGRAM; %p in FILE stands for the process ID:\n"
      "  --stats[=FILE]     write statistics at exit, to standard error without FILE;\n"
      "                     FILE is emptied first, unless it has %p (ATOMRT_STATS)\n"
      "  --stats-format FORMAT\n"
      "                     text or json; with --stats-of also prometheus\n"
      "                     (ATOMRT_STATS_FORMAT)\n"
      "  --counters[=FILE]  count for --stats-of and --top; keep the counters in FILE,\n"
      "                     on tmpfs (/dev/shm), where they outlive the process; the\n"
      "                     name gets .PID where it has no %p (ATOMRT_COUNTERS)\n"
      "  --trace FILE       write what happens to each request, for ui.perfetto.dev or\n"
      "                     chrome://tracing; an older trace in FILE is replaced\n"
      "                     (ATOMRT_TRACE)\n"
      "  --trace-limit SIZE let a trace have at most SIZE bytes, 64K to 1T; 256M if\n"
      "                     not set (ATOMRT_TRACE_LIMIT)\n"
      "\n"
      "Look into a running process, which is not stopped:\n"
      "  --pending PID      list its requests in flight, the oldest first: what each\n"
      "                     does, for how long, where it is\n"
      "  --top PID, top PID show rates, latencies and the oldest requests, repeatedly\n"
      "  --stats-of PID|FILE\n"
      "                     show the statistics of a process that counts, or a FILE of\n"
      "                     --counters, also when its process has gone\n"
      "  --interval SECONDS of --top: how often; of --stats-of: repeat, with rates\n"
      "\n"
      "Instead of running PROGRAM as usual:\n"
      "  --explain          show whether PROGRAM uses POSIX AIO and would be served; do\n"
      "                     not run it; the exit status is 0 if so, else 1\n"
      "  --compare[=N]      run it N times (5) each under glibc and under atomrt, with\n"
      "                     no input and output, and show the times; the exit status\n"
      "                     is 1 if it does not end the same way each time\n"
      "\n"
      "  --json             print the result of --compare, --explain, --pending or\n"
      "                     --stats-of as JSON\n"
      "  --doctor           show what this kernel and environment offer to atomrt\n"
      "  --print-preload    print the path for LD_PRELOAD\n"
      "  -h, --help         show this help\n"
      "  -V, --version      show the version\n"
      "\n"
      "The exit status is that of PROGRAM; 125 if atomrt itself fails, 126 if PROGRAM\n"
      "cannot be executed, 127 if it cannot be found.\n",
      stdout);
}

}  // namespace atomrt::launcher
