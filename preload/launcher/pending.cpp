// SPDX-License-Identifier: MIT
#include "launcher/pending.h"

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <algorithm>

#include "chain/pending.h"
#include "launcher/json.h"
#include "launcher/messages.h"
#include "launcher/process.h"

namespace atomrt::launcher {
namespace {

using chain::Layout;
using chain::Pending;

struct Requests {
  Pending* list = nullptr;
  std::size_t count = 0, room = 0;
  bool has_no_memory = false;

  void add(const Pending& request) {
    if (count == room) {
      const std::size_t more = room != 0 ? room * 2 : 64;
      auto* const grown = static_cast<Pending*>(std::realloc(list, more * sizeof(Pending)));
      has_no_memory |= grown == nullptr;
      if (grown == nullptr) return;
      list = grown;
      room = more;
    }
    list[count++] = request;
  }
};

struct Found {
  Requests requests;
  char version[sizeof Layout::version] = "";
  int libraries = 0;  // with a layout; 0: none
  bool is_readable = true;
};

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// Of each library in the process: one that is preloaded, and one that the program is linked with, say.
bool look_at(const Process& process, std::uint64_t address, Found& found) {
  static unsigned char chunk[Layout::MOST_CHUNK_BYTES];
  Layout layout{};
  // What every form begins with.
  if (!process.read(address, &layout, offsetof(Layout, word_bytes))) return found.is_readable = false;
  layout.version[sizeof layout.version - 1] = '\0';
  ++found.libraries;
  if (layout.form != Layout::FORM) {
    fail("process %d: its atomrt %s shows requests in form %u, this atomrt " ATOMRT_VERSION " knows form %u",
         static_cast<int>(process.number()), layout.version, layout.form, Layout::FORM);
    return false;
  }
  if (!process.read(address, &layout, sizeof layout) || !layout.is_of_this_form()) return found.is_readable = false;
  std::memcpy(found.version, layout.version, sizeof found.version - 1);
  chain::Scanner scanner(process, layout);
  const auto add = [&found](const Pending& request) { found.requests.add(request); };
  return found.is_readable = scanner.visit_all(chunk, add) == chain::Scan::DONE;
}

int fail_without_library(const Process& process) {
  bool is_older = false;
  (void)process.for_each_symbol("atomrt_version", [&is_older](std::uint64_t) { is_older = true; });
  return fail(is_older ? "process %d (%s): its atomrt is older than 0.2.0, which shows no requests"
                       : "process %d (%s): there is no atomrt in it",
              static_cast<int>(process.number()), process.name());
}

void print_text(const Process& process, const Found& found, std::int64_t now) {
  std::printf("# atomrt %s: %zu request%s in flight in %s (pid %d)\n", found.version, found.requests.count,
              found.requests.count == 1 ? "" : "s", process.name(), static_cast<int>(process.number()));
  if (found.requests.count != 0) {
    std::printf("%.*s", static_cast<int>(chain::PENDING_HEADING.size()), chain::PENDING_HEADING.data());
  }
  for (std::size_t i = 0; i < found.requests.count; ++i) {
    const Pending& request = found.requests.list[i];
    chain::PendingLine line{};
    Path file;
    chain::describe(request, now, line);
    const bool is_known = process.descriptor(request.io_fd, file);
    std::printf("%.*s%s\n", static_cast<int>(line.view().size()), line.view().data(), is_known ? file.c_str() : "?");
  }
}

void print_thread(Process& process, const char* name, std::uint32_t thread) {
  if (thread == 0) {
    std::printf(", \"%s\": null", name);
    return;
  }
  std::printf(", \"%s\": %u, \"%s_name\": ", name, thread, name);
  print_json_string(process.thread_name(thread));
}

void print_json_request(Process& process, const Pending& request, std::int64_t now) {
  Path file;
  base::Line<24> age{};
  chain::PendingLine where{};
  age.add_seconds(now - request.submitted_ns);
  chain::describe_place(request, where);
  std::printf("    {\"request\": %u, \"operation\": \"%s\", \"age_s\": %.*s, \"fd\": %d, \"file\": ",
              request.number, name_of(request.operation), static_cast<int>(age.view().size()), age.view().data(),
              request.fd);
  if (process.descriptor(request.io_fd, file)) {
    print_json_string(file.view());
  } else {
    std::printf("null");
  }
  std::printf(", \"is_closed\": %s", request.io_fd != request.fd ? "true" : "false");
  if (is_sync(request.operation)) {
    std::printf(", \"offset\": null, \"length\": null, \"moved\": null");
  } else {
    std::printf(", \"offset\": %lld, \"length\": %u, \"moved\": %u", static_cast<long long>(request.offset),
                request.length, request.moved);
  }
  std::printf(", \"place\": \"%s\", \"where\": ", name_of(request.place));
  print_json_string(where.view());
  if (request.behind != 0) {
    std::printf(", \"behind\": %u", request.behind);
  } else {
    std::printf(", \"behind\": null");
  }
  print_thread(process, "thread", request.submitter);
  print_thread(process, "runner", request.runner);
  std::printf(", \"aiocb\": \"0x%llx\"}", static_cast<unsigned long long>(request.block));
}

void print_json(Process& process, const Found& found, std::int64_t now) {
  std::printf("{\n  \"pid\": %d,\n  \"program\": ", static_cast<int>(process.number()));
  print_json_string(process.name());
  std::printf(",\n  \"version\": \"%s\",\n  \"requests\": [", found.version);
  for (std::size_t i = 0; i < found.requests.count; ++i) {
    std::printf(i == 0 ? "\n" : ",\n");
    print_json_request(process, found.requests.list[i], now);
  }
  std::printf("]\n}\n");
}

// 0 where it is none.
pid_t read_pid(const char* text) {
  char* end = nullptr;
  const long number = *text >= '0' && *text <= '9' ? std::strtol(text, &end, 10) : 0;
  return number > 0 && number <= INT_MAX && *end == '\0' ? static_cast<pid_t>(number) : 0;
}

}  // namespace

int print_pending(const char* pid, bool is_json) {
  const pid_t number = read_pid(pid);
  if (number == 0) return fail("--pending: '%s' is no process number", pid);
  Process process(number);
  if (!process.open()) return OWN_FAILURE;
  Found found;
  bool is_complete = true;
  const bool is_there = process.for_each_symbol("atomrt_pending_layout", [&](std::uint64_t address) {
    is_complete = look_at(process, address, found) && is_complete;
  });
  const std::int64_t now = now_ns();
  if (!is_there || !found.is_readable) return fail("process %d has ended, or its memory cannot be read", number);
  if (found.libraries == 0) return fail_without_library(process);
  if (!is_complete) return OWN_FAILURE;
  if (found.requests.has_no_memory) return fail("process %d: there is no memory for its requests", number);
  std::sort(found.requests.list, found.requests.list + found.requests.count, chain::is_older);
  if (is_json) {
    print_json(process, found, now);
  } else {
    print_text(process, found, now);
  }
  std::free(found.requests.list);
  return 0;
}

}  // namespace atomrt::launcher
