// SPDX-License-Identifier: MIT
// Probes: the places in a request's life that others may look at. Each says so to the log of events, where the request
// is traced (events.h), and is a USDT probe, where the library was built with <sys/sdt.h>: a tracer such as bpftrace
// puts its own code there.
//
// Where nothing looks, a request costs its submitter one load (relaxed), and each later probe a look at a bit that the
// request's owner has at hand; a USDT probe is a no-op instruction.
//
// All USDT probes have the same arguments: aiocb, descriptor, operation (chain/operation.h), result (bytes or -errno;
// in flight: -EINPROGRESS), context (exec/context.h; -1: none), length, offset. bpftrace knows the first six.
#pragma once

#include <cerrno>

#include "chain/events.h"
#include "chain/request.h"

#ifdef ATOMRT_USDT
#include <sys/sdt.h>
#define ATOMRT_PROBE(name, request, result, context)                                                          \
  STAP_PROBE7(atomrt, name, (request).block, (request).fd, static_cast<unsigned>((request).operation),        \
              static_cast<std::int64_t>(result), static_cast<int>(context), (request).length, (request).offset)
#else
#define ATOMRT_PROBE(name, request, result, context) static_cast<void>(0)
#endif

namespace atomrt::chain {

// Out of line, for what is traced.
[[gnu::cold, gnu::noinline]] void begin_events(Request& request);
[[gnu::cold, gnu::noinline]] void add_event(const Request& request, Happening what, unsigned to, std::int64_t result);
[[gnu::cold, gnu::noinline]] void add_done_at_once(const Request& request, unsigned context, std::int64_t result);
[[gnu::cold, gnu::noinline]] void add_published(const Request& request, std::int64_t result);
[[gnu::cold, gnu::noinline]] void add_move(const Request& request, Phase from, Phase to);
[[gnu::cold, gnu::noinline]] void add_notified(const Request& request, Happening what,
                                               const Notification& notification);

// By the submitter, before anybody else knows of the request. False: nobody traces; else begin_events is to be called.
[[nodiscard]] inline bool probe_submitted([[maybe_unused]] const Request& request) {
  ATOMRT_PROBE(submit, request, -EINPROGRESS, -1);
  return event_log.load(std::memory_order_relaxed) != nullptr;
}

// A context declined it, or passed it on.
inline void probe_declined(const Request& request, unsigned context) {
  ATOMRT_PROBE(decline, request, -EINPROGRESS, context);
  if (request.is_traced) [[unlikely]] add_event(request, Happening::DECLINED, context, 0);
}

// Its operation has ended in that context. Before its result is published.
inline void probe_done(const Request& request, unsigned context, long result) {
  ATOMRT_PROBE(complete, request, result, context);
  if (request.is_traced) [[unlikely]] add_event(request, Happening::DONE, context, result);
}

// The same of one that ends in its submitter, and is published at once.
inline void probe_done_at_once(const Request& request, unsigned context, long result) {
  ATOMRT_PROBE(complete, request, result, context);
  if (request.is_traced) [[unlikely]] add_done_at_once(request, context, result);
}

// Its result is about to be published.
inline void probe_published(const Request& request, long result) {
  if (request.is_traced) [[unlikely]] add_published(request, result);
}

// aio_cancel has taken it back, and is about to end it.
inline void probe_cancelled(const Request& request) {
  ATOMRT_PROBE(cancel, request, -ECANCELED, -1);
  if (request.is_traced) [[unlikely]] add_event(request, Happening::CANCELLED, 0, 0);
}

// Its notification is out. The aiocb may be in use again.
inline void probe_notified(const Request& request) {
  if (request.notification.by == NotifyBy::NOTHING) return;
  ATOMRT_PROBE(notify, request, 0, -1);
  if (request.is_traced) [[unlikely]] add_notified(request, Happening::NOTIFIED, request.notification);
}

// Its list's notification is out: it was the last request of the list.
inline void probe_list_notified(const Request& request, const Notification& notification) {
  if (request.is_traced) [[unlikely]] add_notified(request, Happening::LIST_NOTIFIED, notification);
}

}  // namespace atomrt::chain
