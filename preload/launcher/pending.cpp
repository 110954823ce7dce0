// SPDX-License-Identifier: MIT
#include "launcher/pending.h"

#include <cstdio>

#include "launcher/json.h"
#include "launcher/messages.h"
#include "launcher/process.h"
#include "launcher/shown.h"

namespace atomrt::launcher {
namespace {

using chain::Pending;

void print_text(const Process& process, const Shown& found, std::int64_t now) {
  std::printf("# atomrt %s: %zu request%s in flight in %s (pid %d)\n", found.version, found.requests.count(),
              found.requests.count() == 1 ? "" : "s", process.name(), static_cast<int>(process.number()));
  if (found.requests.count() != 0) {
    std::printf("%.*s", static_cast<int>(chain::PENDING_HEADING.size()), chain::PENDING_HEADING.data());
  }
  for (std::size_t i = 0; i < found.requests.count(); ++i) {
    const Pending& request = found.requests[i];
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

void print_json(Process& process, const Shown& found, std::int64_t now) {
  std::printf("{\n  \"pid\": %d,\n  \"program\": ", static_cast<int>(process.number()));
  print_json_string(process.name());
  std::printf(",\n  \"version\": \"%s\",\n  \"requests\": [", found.version);
  for (std::size_t i = 0; i < found.requests.count(); ++i) {
    std::printf(i == 0 ? "\n" : ",\n");
    print_json_request(process, found.requests[i], now);
  }
  std::printf("]\n}\n");
}

}  // namespace

int print_pending(const char* pid, bool is_json) {
  const pid_t number = read_pid(pid);
  if (number == 0) return fail("--pending: '%s' is not a process ID", pid);
  Process process(number);
  if (!process.open()) return OWN_FAILURE;
  Shown found;
  if (!look_into(process, found)) return OWN_FAILURE;
  const std::int64_t now = now_ns();
  if (is_json) {
    print_json(process, found, now);
  } else {
    print_text(process, found, now);
  }
  return 0;
}

}  // namespace atomrt::launcher
