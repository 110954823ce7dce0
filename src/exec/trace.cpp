// SPDX-License-Identifier: MIT
#include "exec/trace.h"

#include <cerrno>

#include "chain/pending.h"
#include "chain/request.h"
#include "exec/context.h"

namespace atomrt::exec {
namespace {

using chain::Event;
using chain::Happening;
using chain::NotifyBy;
using chain::Phase;

constexpr const char* PHASE_NAMES[chain::PHASES] = {
    nullptr,
    "waiter: left to the thread that waits",
    "held behind earlier requests",
    "threads: queued",
    "ring: mailed",
    "ring: in the kernel",
    "waits for its peer",
    "direct: polls for its peer",
    "direct: in the kernel",
    "running",
    "parked until its turn",
};

constexpr struct {
  int number;
  const char* name;
} ERRORS[] = {
    {EAGAIN, "EAGAIN"},       {EBADF, "EBADF"},   {ECANCELED, "ECANCELED"}, {ECONNRESET, "ECONNRESET"},
    {EFAULT, "EFAULT"},       {EFBIG, "EFBIG"},   {EINTR, "EINTR"},         {EINVAL, "EINVAL"},
    {EIO, "EIO"},             {EISDIR, "EISDIR"}, {ENOMEM, "ENOMEM"},       {ENOSPC, "ENOSPC"},
    {ENOTCONN, "ENOTCONN"},   {EPERM, "EPERM"},   {EPIPE, "EPIPE"},         {EOVERFLOW, "EOVERFLOW"},
    {ESPIPE, "ESPIPE"},       {EDQUOT, "EDQUOT"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {ENODEV, "ENODEV"},
};

const char* name_of_error(std::int64_t number) {
  for (const auto& error : ERRORS) {
    if (error.number == number) return error.name;
  }
  return nullptr;
}

const char* name_of_notification(std::uint8_t by) {
  switch (static_cast<NotifyBy>(by)) {
    case NotifyBy::NOTHING:
      return "nothing";
    case NotifyBy::SIGNAL:
      return "signal";
    case NotifyBy::THREAD:
      return "thread";
    case NotifyBy::SIGNAL_TO_THREAD:
      return "signal to a thread";
  }
  return "?";
}

const char* name_of_context(std::uint8_t context) { return context < CONTEXTS ? CONTEXT_NAMES[context] : "?"; }

using RequestName = base::Line<64>;

void name_request(RequestName& name, const Event& event) {
  name.add(chain::name_of(event.operation)).add(" fd ").add_signed(event.fd);
}

}  // namespace

void TraceWriter::add_quoted(std::string_view text) {
  for (const char& character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte == '"' || byte == '\\') text_.add("\\");
    const bool is_odd = byte < 0x20 || byte >= 0x7f;  // JSON is UTF-8; a program's name need not be
    text_.add(is_odd ? "?" : std::string_view(&character, 1));
  }
}

// With all digits after the point.
void TraceWriter::add_microseconds(std::int64_t ns) {
  text_.add_signed(ns / 1000).add(".");
  for (std::int64_t place = 100; place > 0; place /= 10) text_.add_signed(ns % 1000 / place % 10);
}

// Begins an event with what all kinds have in common.
void TraceWriter::open(const char* phase, std::string_view name) {
  text_.add(",\n{\"cat\":\"atomrt\",\"ph\":\"").add(phase).add("\",\"name\":\"").add(name);
  text_.add("\",\"pid\":").add(process_);
}

void TraceWriter::add_time(std::uint32_t thread, std::int64_t ns) {
  text_.add(",\"tid\":").add(thread).add(",\"ts\":");
  add_microseconds(ns);
}

void TraceWriter::begin(std::string_view program, std::int64_t now_ns, std::int64_t real_now_ns) {
  text_.add(TRACE_MAGIC).add(",\"ph\":\"M\",\"name\":\"process_name\",\"pid\":").add(process_);
  text_.add(",\"tid\":").add(process_).add(",\"args\":{\"name\":\"");
  add_quoted(program);
  text_.add("\"}}");
  open("i", "trace begins");
  add_time(process_, now_ns);
  text_.add(",\"s\":\"p\",\"args\":{\"version\":\"" ATOMRT_VERSION "\",\"time\":").add_seconds(real_now_ns).add("}}");
}

void TraceWriter::name_thread(std::uint32_t thread, std::string_view name) {
  open("M", "thread_name");
  text_.add(",\"tid\":").add(thread).add(",\"args\":{\"name\":\"");
  add_quoted(name);
  text_.add("\"}}");
}

// Up to "args":{
void TraceWriter::add_head(const Event& event, Kind kind, std::string_view name) {
  constexpr const char* PHASES_OF_KINDS[] = {"b", "n", "e"};
  open(PHASES_OF_KINDS[static_cast<unsigned>(kind)], name);
  text_.add(",\"id2\":{\"local\":\"").add_hex(event.block).add("@").add_signed(event.submitted_ns).add("\"}");
  add_time(event.thread, event.ns);
  text_.add(",\"args\":{");
}

void TraceWriter::add_request_head(const Event& event, Kind kind, std::string_view prefix) {
  RequestName name{};
  name.add(prefix);
  name_request(name, event);
  add_head(event, kind, name.view());
}

void TraceWriter::add_slice(const Event& event, const Slice& slice) {
  constexpr const char* VERBS[] = {"submits ", "runs ", "ends "};
  RequestName name{};
  name.add(VERBS[static_cast<unsigned>(slice.work)]);
  name_request(name, event);
  open("X", name.view());
  add_time(event.thread, slice.begin_ns);
  text_.add(",\"dur\":");
  add_microseconds(slice.length_ns);
  text_.add(",\"args\":{\"aiocb\":\"").add_hex(event.block).add("\"");
  if (slice.is_last) {
    text_.add(",");
    add_result(event.result);
  }
  text_.add("}}");
}

// Arrows join those of one name and number. Perfetto takes no other text for a number than a hexadecimal one; each
// binds to the slice in which it is, so it comes after that and has its time.
void TraceWriter::add_flow(const Event& event, const Slice& slice) {
  constexpr std::uint64_t MULTIPLIER = 0x9e3779b97f4a7c15;  // odd, and its bits are far from regular
  const auto number = event.block * MULTIPLIER ^ static_cast<std::uint64_t>(event.submitted_ns);
  open(slice.work == Work::SUBMITS ? "s" : slice.is_last ? "f" : "t", "request");
  add_time(event.thread, slice.begin_ns);
  text_.add(",\"id\":\"").add_hex(number).add(slice.is_last ? "\",\"bp\":\"e\"}" : "\"}");
}

void TraceWriter::add_result(std::int64_t result) {
  text_.add("\"result\":").add_signed(result >= 0 ? result : -1);
  if (result >= 0) return;
  text_.add(",\"errno\":").add_signed(-result);
  if (const char* const name = name_of_error(-result)) text_.add(",\"error\":\"").add(name).add("\"");
}

void TraceWriter::add_submitted(const Event& event) {
  add_request_head(event, Kind::BEGIN, "");
  text_.add("\"aiocb\":\"").add_hex(event.block).add("\",\"fd\":").add_signed(event.fd);
  text_.add(",\"offset\":").add_signed(event.offset).add(",\"length\":").add(event.length);
  text_.add(",\"by_thread\":").add(event.thread).add(",\"notifies_by\":\"").add(name_of_notification(event.from));
  text_.add(event.to != 0 ? "\",\"list\":true}}" : "\"}}");
}

void TraceWriter::add_moved(const Event& event) {
  if (event.from >= chain::PHASES || event.to >= chain::PHASES) return;
  if (PHASE_NAMES[event.from] != nullptr) {
    add_head(event, Kind::END, PHASE_NAMES[event.from]);
    text_.add("}}");
  }
  if (PHASE_NAMES[event.to] == nullptr) return;
  add_head(event, Kind::BEGIN, PHASE_NAMES[event.to]);
  text_.add("\"by_thread\":").add(event.thread).add("}}");
}

void TraceWriter::add_published(const Event& event) {
  add_request_head(event, Kind::END, "");
  add_result(event.result);
  text_.add("}}");
  if (event.to == 0) return;
  add_request_head(event, Kind::BEGIN, "notifies of ");
  text_.add("}}");
}

void TraceWriter::add_list_notified(const Event& event) {
  open("i", "list notifies");
  add_time(event.thread, event.ns);
  text_.add(",\"s\":\"t\",\"args\":{\"by\":\"").add(name_of_notification(event.from)).add("\"}}");
}

void TraceWriter::add(const Event& event) {
  add_event(event);
  const auto slice = slices_.add(event);
  if (!slice) return;
  add_slice(event, *slice);
  // One that ended in the call that made it was nowhere else.
  if (slice->work != Work::SUBMITS || !slice->is_last) add_flow(event, *slice);
}

void TraceWriter::add_event(const Event& event) {
  switch (event.what) {
    case Happening::SUBMITTED:
      return add_submitted(event);
    case Happening::MOVED:
      return add_moved(event);
    case Happening::DECLINED:
      add_head(event, Kind::INSTANT, "declined");
      text_.add("\"by\":\"").add(name_of_context(event.to)).add("\"}}");
      return;
    case Happening::DONE:
      add_head(event, Kind::INSTANT, "done");
      if (event.result != -ECANCELED) text_.add("\"in\":\"").add(name_of_context(event.to)).add("\",");
      text_.add("\"by_thread\":").add(event.thread).add(",");
      add_result(event.result);
      text_.add("}}");
      return;
    case Happening::PUBLISHED:
      return add_published(event);
    case Happening::CANCELLED:
      add_head(event, Kind::INSTANT, "aio_cancel takes it back");
      text_.add("\"by_thread\":").add(event.thread).add("}}");
      return;
    case Happening::NOTIFIED:
      add_request_head(event, Kind::END, "notifies of ");
      text_.add("\"by\":\"").add(name_of_notification(event.from)).add("\"");
      if (event.result != 0) text_.add(",\"signal\":").add_signed(event.result);
      text_.add("}}");
      return;
    case Happening::LIST_NOTIFIED:
      return add_list_notified(event);
  }
}

// Up to its last brackets.
void TraceWriter::add_counts_of(std::string_view name, const TraceCounts& counts, std::int64_t now_ns) {
  open("i", name);
  add_time(process_, now_ns);
  text_.add(",\"s\":\"p\",\"args\":{\"requests_not_traced\":").add(counts.refused);
  text_.add(",\"events_lost\":").add(counts.lost);
}

void TraceWriter::add_counts(const TraceCounts& counts, std::int64_t now_ns) {
  add_counts_of("no room in the trace", counts, now_ns);
  text_.add("}}");
}

void TraceWriter::add_limit(const TraceCounts& counts, std::uint64_t bytes, std::int64_t now_ns) {
  add_counts_of("the trace has reached its limit", counts, now_ns);
  text_.add(",\"bytes\":").add(bytes).add("}}");
}

void TraceWriter::end(const TraceCounts& counts, std::int64_t now_ns) {
  add_counts_of("trace ends", counts, now_ns);
  text_.add("}}");
}

}  // namespace atomrt::exec
