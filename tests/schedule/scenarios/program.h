// SPDX-License-Identifier: MIT
// What scenarios are written with: requests that are checked as they end, threads, descriptors, signals.
//
//   SCENARIO(two_reads, "head,direct,waiter,threads") { ... }
//
// is the main thread of a program; the contexts are those of ATOMRT_CONTEXTS. Each request must end, be asked for by
// finish() exactly once, and notify exactly once if it is to; afterwards nobody touches its aiocb and its buffer.
#pragma once

#include <aio.h>

#include <cstddef>
#include <cstdint>

#include "kernel/calls.h"
#include "kernel/faults.h"
#include "kernel/files.h"
#include "kernel/libc.h"
#include "kernel/signals.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {

struct Scenario {
  const char* name;
  const char* contexts;
  void (*body)();
  bool is_small;  // few enough steps for the systematic search
};
constexpr unsigned MOST_SCENARIOS = 128;
extern Scenario scenarios[MOST_SCENARIOS];
extern unsigned scenario_count;
struct Registration {
  explicit Registration(const Scenario& scenario);
};
#define SCENARIO_OF_SIZE(NAME, CONTEXTS, IS_SMALL)                                          \
  static void NAME();                                                                       \
  static const schedule::Registration NAME##_registration({#NAME, CONTEXTS, NAME, IS_SMALL}); \
  static void NAME()
#define SCENARIO(NAME, CONTEXTS) SCENARIO_OF_SIZE(NAME, CONTEXTS, false)
#define SMALL_SCENARIO(NAME, CONTEXTS) SCENARIO_OF_SIZE(NAME, CONTEXTS, true)

constexpr const char* ALL = "head,direct,waiter,ring,threads";
constexpr const char* NO_RING = "head,direct,waiter,threads";
constexpr const char* THREADS = "threads";
constexpr const char* NO_HEAD = "direct,waiter,threads";

#define EXPECT(CONDITION) \
  do {                    \
    if (!(CONDITION)) schedule::fail("%s:%d: %s does not hold", __FILE__, __LINE__, #CONDITION); \
  } while (false)

enum class By : std::uint8_t { NOTHING, SIGNAL, FUNCTION };

struct Request {
  struct aiocb block;
  enum Operation : std::uint8_t { READ, WRITE, SYNC } operation;
  enum State : std::uint8_t { NEW, SUBMITTED, REFUSED, OVER } state;
  By by;
  char* buffer;
  std::size_t length;
  unsigned notified;
  int error;    // of aio_error, once over
  long result;  // of aio_return
  bool is_unclear;  // of a list that was refused in part: it may notify or not
};

Request& read_of(int fd, std::size_t length, long offset = 0, By by = By::NOTHING);
Request& write_of(int fd, const char* text, long offset = 0, By by = By::NOTHING);
Request& write_of_size(int fd, std::size_t length, char letter, long offset = 0, By by = By::NOTHING);
Request& sync_of(int fd, By by = By::NOTHING);
// Expects 0 of the call or, where threads or memory are short, EAGAIN. False: it was refused.
bool submit(Request& request);
// aio_suspend until it is over, then finish().
void wait_for(Request& request);
// Asks for the error and the result of one that is over, and gives its memory back: nobody may touch it.
void finish(Request& request);
// Threads or memory were short in this run: requests may be refused, or end with EAGAIN.
[[nodiscard]] bool is_room_short();
// Over with that many bytes; or with EAGAIN where room was short. The one request whose call was made to fail may have that
// error, or fewer bytes; a second may not.
[[nodiscard]] bool ended_well(const Request& request, long result);
// Its number was closed, and there was no room to keep its file.
[[nodiscard]] bool lost_its_file(const Request& request);
[[nodiscard]] bool ended_well_or_cancelled(const Request& request, long result);
[[nodiscard]] bool is_over(const Request& request);
// Looks by aio_error until it is over.
void poll_for(Request& request);

// Submits the entries of a list, by lio_listio.
int submit_list(int mode, Request* const list[], int count, sigevent* event = nullptr);

unsigned spawn(void (*body)());  // a thread of the program, by number
void join(unsigned thread);
void pause_until(const volatile unsigned& word, unsigned value);  // sleeps until it holds at least that
void tell(volatile unsigned& word);                               // adds one, for pause_until

void close_file(int fd);
void replace_file(int from, int to);  // dup2
// Feeds a stream or empties it, as another process would: nothing of the library is involved.
void feed(int fd, const char* text);
[[nodiscard]] std::string drain(int fd, std::size_t most);
[[nodiscard]] std::string contents(int fd);

constexpr int SIGNAL = 40;  // of By::SIGNAL; its handler counts
void install_counting_handler();
void install_handler(int number, void (*handler)(int, siginfo_t*, void*), int flags);
void send_to_thread(unsigned thread, int number);

// Runs child() in a copy of this process that has this thread alone.
void fork_child(void (*child)());

void begin_program();
void await_notifications();  // of what is over: the process must not end before
// What must hold when all threads are over.
void check_end_of_program();

}  // namespace schedule
