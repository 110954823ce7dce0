// SPDX-License-Identifier: MIT
#include "chain/events.h"

#include "chain/probes.h"
#include "os/clock.h"
#include "os/system_call.h"
#include "os/thread.h"

namespace atomrt::chain {

constinit std::atomic<EventLog*> event_log{nullptr};

void EventLog::add(const Event& event) {
  if (waiting() >= EVENTS) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Cell& cell = cells_[tail_.fetch_add(1, std::memory_order_acq_rel) % EVENTS];
  std::uint32_t empty = EMPTY;
  if (!cell.state.compare_exchange_strong(empty, BUSY, std::memory_order_acquire, std::memory_order_relaxed)) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  cell.event = event;
  cell.state.store(FULL, std::memory_order_release);
}

namespace {

std::uint32_t thread_number() {
  const std::uint32_t number = os::this_thread_number();
  return number != 0 ? number : static_cast<std::uint32_t>(os::system_call(SYS_gettid));
}

void add(const Request& request, Event event) {
  EventLog* const log = event_log.load(std::memory_order_acquire);
  if (log == nullptr) return;
  event.ns = os::now_ns();
  event.submitted_ns = request.submitted_ns;
  event.block = reinterpret_cast<std::uintptr_t>(request.block);
  event.offset = request.offset;
  event.length = request.length;
  event.thread = thread_number();
  event.fd = request.fd;
  event.operation = request.operation;
  log->add(event);
}

template <typename From, typename To>
Event event_of(Happening what, From from, To to, std::int64_t result = 0) {
  Event event{};
  event.what = what;
  event.from = static_cast<std::uint8_t>(from);
  event.to = static_cast<std::uint8_t>(to);
  event.result = result;
  return event;
}

}  // namespace

void begin_events(Request& request) {
  EventLog* const log = event_log.load(std::memory_order_acquire);
  if (log == nullptr || !log->admits()) return;
  request.is_traced = true;
  if (request.submitted_ns == 0) request.submitted_ns = os::now_ns();
  add(request, event_of(Happening::SUBMITTED, request.notification.by, request.group != nullptr));
}

void add_event(const Request& request, Happening what, unsigned to, std::int64_t result) {
  add(request, event_of(what, 0, to, result));
}

void add_done_at_once(const Request& request, unsigned context, std::int64_t result) {
  add_event(request, Happening::DONE, context, result);
  add_published(request, result);
}

void add_published(const Request& request, std::int64_t result) {
  add(request, event_of(Happening::PUBLISHED, 0, request.notification.by != NotifyBy::NOTHING, result));
}

void add_move(const Request& request, Phase from, Phase to) {
  if (from != to) add(request, event_of(Happening::MOVED, from, to));
}

void add_notified(const Request& request, Happening what, const Notification& notification) {
  add(request, event_of(what, notification.by, 0, notification.signal));
}

}  // namespace atomrt::chain
