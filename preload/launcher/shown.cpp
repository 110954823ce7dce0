// SPDX-License-Identifier: MIT
#include "launcher/shown.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <ctime>

#include "launcher/messages.h"

namespace atomrt::launcher {
namespace {

using chain::Layout;

enum class Look { DONE, UNREADABLE, OTHER_FORM, OTHER_FORM_OF_COUNTERS, NO_MEMORY };

struct Looked {
  Look look = Look::DONE;
  int libraries = 0;
  char version[sizeof Layout::version] = "";
  std::uint32_t form = 0;
};

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

Look look_at_counters(const Process& process, std::uint64_t address, Shown& shown, Looked& looked) {
  static exec::Snapshot found;
  if (!process.read(address, &found.heading, sizeof found.heading) || !found.heading.is_ours()) return Look::UNREADABLE;
  looked.form = found.heading.form;
  if (found.heading.form != exec::CountersHeading::FORM) return Look::OTHER_FORM_OF_COUNTERS;
  if (!process.read(address, &found, sizeof found) || !is_of_this_form(found)) return Look::UNREADABLE;
  if (!shown.is_counted || found.requests > shown.counters.requests) shown.counters = found;
  shown.is_counted = true;
  return Look::DONE;
}

Look look_at(const Process& process, std::uint64_t address, Shown& shown, Looked& looked) {
  static unsigned char chunk[Layout::MOST_CHUNK_BYTES];
  Layout layout{};
  // What every form begins with.
  if (!process.read(address, &layout, offsetof(Layout, word_bytes))) return Look::UNREADABLE;
  layout.version[sizeof layout.version - 1] = '\0';
  std::memcpy(looked.version, layout.version, sizeof looked.version);
  looked.form = layout.form;
  if (layout.form != Layout::FORM) return Look::OTHER_FORM;
  if (!process.read(address, &layout, sizeof layout) || !layout.is_of_this_form()) return Look::UNREADABLE;
  std::memcpy(shown.version, looked.version, sizeof shown.version);
  chain::Scanner scanner(process, layout);
  bool has_memory = true;
  const auto add = [&](const chain::Pending& request) { has_memory = shown.requests.add(request) && has_memory; };
  if (scanner.visit_all(chunk, add) != chain::Scan::DONE) return Look::UNREADABLE;
  if (!has_memory) return Look::NO_MEMORY;
  shown.is_started |= scanner.engine() != 0;
  const std::uint64_t counters = scanner.counters();
  return counters == 0 ? Look::DONE : look_at_counters(process, counters, shown, looked);
}

void fail_without_library(const Process& process) {
  bool is_older = false;
  (void)process.for_each_symbol("atomrt_version", [&is_older](std::uint64_t) { is_older = true; });
  fail(is_older ? "process %d (%s): its atomrt is older than 0.2.0, which shows no requests"
                : "process %d (%s): there is no atomrt in it",
       static_cast<int>(process.number()), process.name());
}

void explain_failure(const Process& process, const Looked& looked) {
  const int number = static_cast<int>(process.number());
  switch (looked.look) {
    case Look::DONE:
      return fail_without_library(process);
    case Look::UNREADABLE:
      fail("process %d has ended, or its memory cannot be read", number);
      return;
    case Look::OTHER_FORM:
      fail("process %d: its atomrt %s shows requests in form %u, this atomrt " ATOMRT_VERSION " knows form %u", number,
           looked.version, looked.form, Layout::FORM);
      return;
    case Look::OTHER_FORM_OF_COUNTERS:
      fail("process %d: its atomrt %s counts in form %u, this atomrt " ATOMRT_VERSION " knows form %u", number,
           looked.version, looked.form, exec::CountersHeading::FORM);
      return;
    case Look::NO_MEMORY:
      fail("process %d: there is no memory for its requests", number);
      return;
  }
}

}  // namespace

pid_t read_pid(const char* text) {
  char* end = nullptr;
  const long number = *text >= '0' && *text <= '9' ? std::strtol(text, &end, 10) : 0;
  return number > 0 && number <= INT_MAX && *end == '\0' ? static_cast<pid_t>(number) : 0;
}

std::int64_t now_ns() { return read_clock(CLOCK_MONOTONIC); }
std::int64_t real_now_ns() { return read_clock(CLOCK_REALTIME); }

Requests::~Requests() { std::free(list_); }

bool Requests::add(const chain::Pending& request) {
  if (count_ == room_) {
    const std::size_t more = room_ != 0 ? room_ * 2 : 64;
    auto* const grown = static_cast<chain::Pending*>(std::realloc(list_, more * sizeof(chain::Pending)));
    if (grown == nullptr) return false;
    list_ = grown;
    room_ = more;
  }
  list_[count_++] = request;
  return true;
}

void Requests::sort() { std::sort(list_, list_ + count_, chain::is_older); }

bool look_into(const Process& process, Shown& shown, bool is_quiet) {
  Looked looked;
  shown.requests.clear();
  shown.is_started = shown.is_counted = false;
  const bool is_there = process.for_each_symbol("atomrt_pending_layout", [&](std::uint64_t address) {
    ++looked.libraries;
    if (looked.look == Look::DONE) looked.look = look_at(process, address, shown, looked);
  });
  if (!is_there) looked.look = Look::UNREADABLE;
  if (looked.look == Look::DONE && looked.libraries != 0) {
    shown.requests.sort();
    return true;
  }
  if (!is_quiet) explain_failure(process, looked);
  return false;
}

}  // namespace atomrt::launcher
