// SPDX-License-Identifier: MIT
#include "scenarios/program.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/duplicates.h"
#include "engine/hold.h"
#include "kernel/aio.h"
#include "kernel/calls.h"
#include "kernel/device.h"
#include "kernel/faults.h"
#include "kernel/libc.h"
#include "kernel/uring.h"
#include "machine/memory.h"
#include "machine/ordering.h"
#include "scenarios/pools.h"

namespace schedule {

Scenario scenarios[MOST_SCENARIOS];
unsigned scenario_count;
Registration::Registration(const Scenario& scenario) {
  if (scenario_count == MOST_SCENARIOS) std::abort();
  scenarios[scenario_count++] = scenario;
}

namespace {

std::vector<Request*> requests;
const Request* harmed;  // the one that the call made to fail has cost its result
Clock past_of_words;  // of who tells
constexpr int LOWEST_OF_LIBRARY = 200;  // no scenario has as many descriptors of its own

Request& new_request(int fd, Request::Operation operation, std::size_t length, long offset, By by);

// What a program may do that has been told of the end, in whatever way: look at the bytes.
// The program's own handlers and threads have no order among themselves, so this is not remembered.
void look_at_bytes(const Request& request) { expect_order_to(request.buffer, request.length); }

// Without a step, and without touching the aiocb of a request that is over.
void count_notification(sigval value) {
  Request& request = *static_cast<Request*>(value.sival_ptr);
  const int error = *const_cast<const volatile int*>(&request.block.__error_code);
  if (request.state == Request::SUBMITTED && error == EINPROGRESS) fail("notifies before it publishes");
  if (++request.notified > 1) fail("notifies twice");
  look_at_bytes(request);
  wake(&request.notified, MOST_THREADS);
}

void on_signal(int, siginfo_t* info, void*) {
  if (info->si_code != SI_ASYNCIO) fail("a notification without SI_ASYNCIO");
  count_notification(info->si_value);
}

void set_event(Request& request, sigevent& event) {
  event.sigev_value.sival_ptr = &request;
  switch (request.by) {
    case By::NOTHING:
      event.sigev_notify = SIGEV_NONE;
      break;
    case By::SIGNAL:
      event.sigev_notify = SIGEV_SIGNAL;
      event.sigev_signo = SIGNAL;
      break;
    case By::FUNCTION:
      event.sigev_notify = SIGEV_THREAD;
      event.sigev_notify_function = count_notification;
      break;
  }
}

Request& new_request(int fd, Request::Operation operation, std::size_t length, long offset, By by) {
  Request& request = *static_cast<Request*>(program_memory(sizeof(Request)));
  request.operation = operation;
  request.by = by;
  request.length = length;
  request.buffer = static_cast<char*>(program_memory(length == 0 ? 1 : length));
  request.block.aio_fildes = fd;
  request.block.aio_buf = request.buffer;
  request.block.aio_nbytes = length;
  request.block.aio_offset = offset;
  request.block.aio_lio_opcode = operation == Request::READ ? LIO_READ : LIO_WRITE;
  set_event(request, request.block.aio_sigevent);
  requests.push_back(&request);
  return request;
}

}  // namespace

Request& read_of(int fd, std::size_t length, long offset, By by) {
  return new_request(fd, Request::READ, length, offset, by);
}
Request& write_of(int fd, const char* text, long offset, By by) {
  Request& request = new_request(fd, Request::WRITE, std::strlen(text), offset, by);
  std::memcpy(request.buffer, text, request.length);
  return request;
}
Request& write_of_size(int fd, std::size_t length, char letter, long offset, By by) {
  Request& request = new_request(fd, Request::WRITE, length, offset, by);
  std::memset(request.buffer, letter, length);
  return request;
}
Request& sync_of(int fd, By by) { return new_request(fd, Request::SYNC, 0, 0, by); }

bool submit(Request& request) {
  trace("submits the request %p", static_cast<void*>(&request.block));
  request.state = Request::SUBMITTED;
  const int outcome = request.operation == Request::READ    ? aio_read(&request.block)
                      : request.operation == Request::WRITE ? aio_write(&request.block)
                                                            : aio_fsync(O_SYNC, &request.block);
  if (outcome == 0) return true;
  const bool is_closed = errno == EBADF && file_of(request.block.aio_fildes) == nullptr;
  if (!is_closed && (errno != EAGAIN || !is_room_short())) fail("a submission says %d", errno);
  request.state = Request::REFUSED;
  return false;
}

bool is_over(const Request& request) { return aio_error(&request.block) != EINPROGRESS; }

void finish(Request& request) {
  EXPECT(request.state == Request::SUBMITTED);
  request.error = aio_error(&request.block);
  EXPECT(request.error != EINPROGRESS);
  request.result = aio_return(&request.block);
  EXPECT(request.error == 0 ? request.result >= 0 : request.result == -1);
  trace("sees the end of %p: error %d, result %ld", static_cast<void*>(&request.block), request.error, request.result);
  request.state = Request::OVER;
  // What the program may do now: look at what was read, and use its memory for something else.
  look_at_bytes(request);
  expect_order_to(&request.block, sizeof request.block);
  forbid(&request.block, sizeof request.block);
  if (request.operation == Request::READ && request.length > 0) forbid(request.buffer, request.length);
}

void wait_for(Request& request) {
  const struct aiocb* const list[] = {&request.block};
  while (!is_over(request)) {
    if (aio_suspend(list, 1, nullptr) == 0) {
      look_at_bytes(request);
    } else if (errno != EINTR && errno != EAGAIN) {
      fail("aio_suspend says %d", errno);
    }
  }
  finish(request);
}

bool is_room_short() { return threads_refused() > 0 || cost_of_fault() == Cost::ROOM; }

bool ended_well(const Request& request, long result) {
  if (request.error == 0 && request.result == result) return true;
  if (request.error == EAGAIN && is_room_short()) return true;
  const Direction own = request.operation == Request::READ    ? Direction::READ
                        : request.operation == Request::WRITE ? Direction::WRITE
                                                              : Direction::SYNC;
  const bool is_the_fault = cost_of_fault() == Cost::A_RESULT && direction_of_fault() == own;
  const bool is_cut = request.error == 0 && request.result > 0 && request.result < result;
  if (!is_the_fault || (request.error != present_fault() && !is_cut)) return false;
  if (harmed == nullptr) harmed = &request;
  return harmed == &request;
}
bool lost_its_file(const Request& request) {
  const bool is_cut = request.error == 0 && request.result > 0;  // and the rest was lost
  return (request.error == EBADF || is_cut) && cost_of_fault() == Cost::ROOM;
}
bool ended_well_or_cancelled(const Request& request, long result) {
  return request.error == ECANCELED || ended_well(request, result);
}

void poll_for(Request& request) {
  while (!is_over(request)) yield_step("program polls");
  finish(request);
}

int submit_list(int mode, Request* const list[], int count, sigevent* event) {
  struct aiocb* blocks[16] = {};
  for (int i = 0; i < count; ++i) {
    blocks[i] = &list[i]->block;
    list[i]->state = Request::SUBMITTED;
  }
  const int outcome = lio_listio(mode, blocks, count, event);
  for (int i = 0; mode == LIO_WAIT && outcome == 0 && i < count; ++i) look_at_bytes(*list[i]);
  return outcome;
}

unsigned spawn(void (*body)()) {
  step("spawn");
  return start_thread("program's", false, self().mask, [](void* argument) -> void* {
    reinterpret_cast<void (*)()>(argument)();
    return nullptr;
  }, reinterpret_cast<void*>(body))->number;
}

void join(unsigned thread) {
  while (thread_at(thread) != nullptr) {
    sleep_on("join", thread_at(thread), NEVER, false);
  }
  learn_of_end(thread);
}

void pause_until(const volatile unsigned& word, unsigned value) {
  while (word < value) {
    sleep_on("pause", const_cast<const unsigned*>(&word), NEVER, true);
    if (self().pending != 0) deliver_signals();
  }
  learn(past_of_words);
}
void tell(volatile unsigned& word) {
  tell(past_of_words);
  word = word + 1;
  wake(const_cast<const unsigned*>(&word), MOST_THREADS);
}

void close_file(int fd) {
  step("close");
  atomrt::engine::before_close(fd);
  if (close_descriptor(fd) != 0) fail("close says EBADF");
}
void replace_file(int from, int to) {
  step("dup2");
  atomrt::engine::before_close(to);
  OpenFile* file = file_of(from);
  close_descriptor(to);
  install(*file, 0, to);
}

void feed(int fd, const char* text) {
  step("feed");
  const iovec part{const_cast<char*>(text), std::strlen(text)};
  if (write_stream(*file_of(fd), {&part, 1}) != static_cast<long>(part.iov_len)) fail("the scenario feeds a full stream");
}
std::string drain(int fd, std::size_t most) {
  step("drain");
  std::string bytes(most, '\0');
  const iovec part{bytes.data(), most};
  const long result = read_stream(*file_of(fd), {&part, 1});
  bytes.resize(result > 0 ? static_cast<std::size_t>(result) : 0);
  return bytes;
}
std::string contents(int fd) { return inode_of(fd).bytes; }

void install_handler(int number, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  set_handler(number, action);
}
void install_counting_handler() { install_handler(SIGNAL, on_signal, SA_RESTART); }
void send_to_thread(unsigned thread, int number) {
  step("tgkill");
  siginfo_t info{};
  info.si_code = SI_TKILL;
  if (thread_at(thread) != nullptr) send_signal(thread, number, info);
}

// The child runs to its end before the parent goes on: the two share no memory, so no order of them matters but that of
// what they do to files.
void fork_child(void (*child)()) {
  step("fork");
  const unsigned handlers = fork_handlers();
  run_fork_handlers(ForkSide::PREPARE, handlers);
  trace("forks");
  step("fork copies the descriptors");
  std::vector<OpenFile*> copied = copy_descriptors();
  step("fork copies the memory");
  begin_child();
  enter_child_memory();
  enter_child_files(std::move(copied));
  enter_child_device();
  enter_child_aio();
  enter_child_uring();
  run_fork_handlers(ForkSide::CHILD, handlers);
  child();
  end_child();
  leave_child_uring();
  leave_child_aio();
  leave_child_device();
  for (int fd = LOWEST_OF_LIBRARY; fd <= highest_descriptor(); ++fd) {
    if (file_of(fd) != nullptr) fail("a child keeps the descriptor %d", fd);
  }
  leave_child_files();
  leave_child_memory();
  trace("the child has ended");
  run_fork_handlers(ForkSide::PARENT, handlers);
}

void begin_program() {
  static_cast<void>(atomrt::engine::heed_forks());  // what the library does when it is loaded
  if (perhaps(2)) {
    struct aioinit patient {};
    patient.aio_threads = 20;
    patient.aio_num = 64;
    patient.aio_idle_time = static_cast<int>(IDLE_NS / 1'000'000'000);
    aio_init(&patient);
  }
  requests.clear();
  past_of_words.clear();
  harmed = nullptr;
  install_counting_handler();
}

namespace {
bool is_awaited(const Request& request) {
  return request.state == Request::OVER && request.by != By::NOTHING && request.notified == 0 && !request.is_unclear;
}
}  // namespace

// Where a signal found no room, and no thread of the library is there to try again, the next request does. A function
// has the spawner from the start, unless there is no memory to keep it.
void await_notifications() {
  for (Request* request : requests) {
    for (unsigned tries = 0; is_awaited(*request); ++tries) {
      const bool may_need_help = signals_refused() > 0 || cost_of_fault() == Cost::ROOM;
      const std::int64_t deadline = may_need_help ? now() + 1'000'000'000 : NEVER;
      const Wakeup wakeup = sleep_on("the wait for a notification", &request->notified, deadline, true);
      deliver_signals();
      if (wakeup != Wakeup::TIMED_OUT) continue;
      if (tries > 100) {
        // It found no room in the queue, and to keep it there was no memory.
        if (signals_refused() == 0 || cost_of_fault() != Cost::ROOM) fail("a notification does not come");
        request->is_unclear = true;
      }
      struct aiocb nothing {};
      nothing.aio_fildes = -1;
      nothing.aio_sigevent.sigev_notify = SIGEV_NONE;
      aio_read(&nothing);
    }
  }
}

void check_end_of_program() {
  for (const Request* request : requests) {
    if (request->state == Request::SUBMITTED) fail("a request was never seen to end");
    const bool is_counted = request->state == Request::OVER && request->by != By::NOTHING;
    if (!request->is_unclear && request->notified != (is_counted ? 1 : 0)) fail("a request has notified %u times", request->notified);
  }
  // The thread that gives it back is made with it, or when somebody needs it.
  if (aio_contexts() != 0 && threads_refused() == 0 && present_fault() == 0) fail("an AIO context is left");
  if (urings() != 0) fail("a ring is left");
  for (int fd = LOWEST_OF_LIBRARY; fd <= highest_descriptor(); ++fd) {
    if (file_of(fd) != nullptr) fail("the descriptor %d is left", fd);
  }
  check_pools();
}

}  // namespace schedule
