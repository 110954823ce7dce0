// SPDX-License-Identifier: MIT
#include "launcher/doctor.h"

#include <gnu/libc-version.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "launcher/contexts.h"
#include "launcher/messages.h"
#include "launcher/own_file.h"
#include "launcher/preload_path.h"
#include "launcher/probe_kernel.h"
#include "launcher/probe_nowait.h"

namespace atomrt::launcher {
namespace {

constexpr int NAME_WIDTH = 20;

void print_row(const char* name, const char* value) { std::printf("%-*s %s\n", NAME_WIDTH, name, value); }

void print_finding(const char* name, const Finding& finding) {
  std::printf("%-*s %-4s %s\n", NAME_WIDTH, name, finding.is_usable ? "yes" : "no", finding.text.data());
}

const char* error_name(int error) {
  const char* const name = error == 0 ? "yes" : strerrorname_np(error);
  return name == nullptr ? "?" : name;
}

// Whether a cached read is done at once there.
bool print_nowait(const char* name, const NowaitResult& result) {
  if (result.open_error != 0) {
    std::printf("  %-*s not tried: %s\n", NAME_WIDTH - 2, name, std::strerror(result.open_error));
    return false;
  }
  std::printf("  %-*s %-11s %-11s %s\n", NAME_WIDTH - 2, name, error_name(result.read_error),
              error_name(result.write_error), result.kind);
  return result.read_error == 0;
}

// Where no folder is writable, reads can still be tried.
bool print_own_file() {
  Path self;
  if (!find_own_file(self)) {
    std::printf("  %-*s not tried: neither /proc nor its name leads to it\n", NAME_WIDTH - 2, "atomrt itself");
    return false;
  }
  const NowaitResult result = probe_nowait_file(self.c_str());
  if (result.open_error != 0) return print_nowait("atomrt itself", result);
  std::printf("  %-*s %-11s %-11s %s\n", NAME_WIDTH - 2, "atomrt itself", error_name(result.read_error), "-",
              result.kind);
  return result.read_error == 0;
}

bool print_nowait_table() {
  const char* const variable = std::getenv("TMPDIR");
  const char* const temporary = variable != nullptr && *variable != '\0' ? variable : "/tmp";
  std::printf("%-*s %-11s %-11s %s\n", NAME_WIDTH, "RWF_NOWAIT", "read", "write", "file system");
  bool is_usable = print_nowait("current folder", probe_nowait_folder("."));
  is_usable |= print_nowait(temporary, probe_nowait_folder(temporary));
  is_usable |= print_nowait("/dev/shm", probe_nowait_folder("/dev/shm"));
  is_usable |= print_own_file();
  is_usable |= print_nowait("pipe", probe_nowait_pipe());
  is_usable |= print_nowait("socket", probe_nowait_socket());
  return is_usable;
}

void print_limit(const char* name, const char* meaning, __rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return;
  char value[24] = "unlimited";
  if (limit.rlim_cur != RLIM_INFINITY) {
    std::snprintf(value, sizeof value, "%llu", static_cast<unsigned long long>(limit.rlim_cur));
  }
  std::printf("  %-*s %-11s %s\n", NAME_WIDTH - 2, name, value, meaning);
}

// As the library reads it: empty is as good as none, a comma may end it, and one name that is no context's makes it
// ignored.
struct ContextList {
  const char* text = std::getenv("ATOMRT_CONTEXTS");
  bool is_there = text != nullptr && *text != '\0';
  bool is_valid = is_there && for_each_in_list(text, [this](std::string_view entry) {
                    const bool is_end = entry.data() + entry.size() == text + std::strlen(text);
                    return is_context(entry) || (entry.empty() && is_end);
                  });
};

bool is_named(std::string_view name) {
  const ContextList list;
  return list.is_valid && !for_each_in_list(list.text, [name](std::string_view entry) { return entry != name; });
}

bool is_allowed(std::string_view name) { return name == "threads" || !ContextList().is_valid || is_named(name); }

bool is_offered(Context context, const Finding& ring, const Finding& direct, bool has_nowait) {
  switch (context) {
    case Context::HEAD:
      return has_nowait;
    case Context::DIRECT:
      return direct.is_usable;
    case Context::RING:
      return ring.is_usable;
    case Context::WAITER:
    case Context::THREADS:
      return true;
  }
  return false;
}

void print_contexts(const Finding& ring, const Finding& direct, bool has_nowait) {
  std::printf("contexts\n");
  const ContextList list;
  if (list.is_there && !list.is_valid) {
    std::printf("  ATOMRT_CONTEXTS=%s is ignored: no context of that name\n", list.text);
  }
  for (const ContextName& entry : CONTEXTS) {
    const bool is_tried_anyway = entry.context == Context::RING && seccomp_mode() == 2 && is_named(entry.name);
    const char* verdict = nullptr;
    if (!entry.is_built) {
      verdict = "no   not in this build";
    } else if (!is_allowed(entry.name)) {
      verdict = "no   not in ATOMRT_CONTEXTS";
    } else if (is_tried_anyway) {
      verdict = "?    tried by the library despite the filter, as ATOMRT_CONTEXTS names it";
    } else if (!is_offered(entry.context, ring, direct, has_nowait)) {
      verdict = "no   the kernel does not offer it, see above";
    }
    std::printf("  %-*s %s%s\n", NAME_WIDTH - 2, entry.name.data(), verdict == nullptr ? "yes  " : verdict,
                verdict == nullptr ? entry.purpose.data() : "");
  }
}

void print_order() {
  const char* const text = std::getenv("ATOMRT_ORDER");
  const std::string_view order = text != nullptr ? text : "";
  const bool is_known = order.empty() || order == "any" || order == "calls";
  if (!is_known) {
    print_row("order", "any: ATOMRT_ORDER is ignored, it is neither calls nor any");
  } else {
    print_row("order", order == "calls" ? "of the calls, for each descriptor and direction"
                                        : "any: each request is told when it is done");
  }
}

void print_seccomp() {
  const int mode = seccomp_mode();
  print_row("seccomp", mode == 0 ? "no filter" : mode == 2 ? "a filter is in force" : "unknown to this kernel");
}

}  // namespace

int print_diagnosis() {
  utsname kernel{};
  uname(&kernel);
  Path preload;
  const bool has_preload = find_preload(preload);
  print_row("atomrt", ATOMRT_VERSION);
  print_row("preload", has_preload ? preload.c_str() : "not found");
  std::printf("%-*s %s %s\n", NAME_WIDTH, "kernel", kernel.release, kernel.machine);
  std::printf("%-*s glibc %s\n", NAME_WIDTH, "libc", gnu_get_libc_version());
  print_row("/proc", access("/proc/self", F_OK) == 0 ? "mounted" : "missing: what it would tell stays unknown below");
  print_seccomp();
  const Finding ring = probe_io_uring();
  const Finding direct = probe_kernel_aio();
  print_finding("io_uring", ring);
  print_finding("kernel AIO", direct);
  const bool has_nowait = print_nowait_table();
  std::printf("limits\n");
  print_limit("RLIMIT_NPROC", "threads of this user", RLIMIT_NPROC);
  print_limit("RLIMIT_NOFILE", "open files", RLIMIT_NOFILE);
  print_limit("RLIMIT_SIGPENDING", "signals of this user queued for notification", RLIMIT_SIGPENDING);
  print_limit("RLIMIT_MEMLOCK", "bytes locked in memory, io_uring's rings among them", RLIMIT_MEMLOCK);
  print_contexts(ring, direct, has_nowait);
  print_order();
  return has_preload ? 0 : OWN_FAILURE;
}

}  // namespace atomrt::launcher
