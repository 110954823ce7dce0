// SPDX-License-Identifier: MIT
// The steps of finish, wrapped and logged, and the fixture of its tests. The aiocb's page is taken away as soon as its
// result has been published.
#pragma once

#include "chain/finish.h"

#include <sys/mman.h>

#include "chain/chains.h"
#include "os/signals.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::Kind;
using atomrt::unit::request_of;
using atomrt::unit::zeroed;

// P closes the waiters' word behind publish, W wakes who waits for a chain that notifies, L leaves the descriptor's
// list, O leaves the lane (order), S signal, T signal to a thread, M makes a thread (m: with signals not blocked), C the
// group is complete, R recycled.
char steps[64];
int step_count;
int failing_signals;             // so many find no room
struct aiocb* watched;           // whose state at each step is kept
int error_at_wake, error_when_leaving;
bool takes_aiocb_away;
int signals[8];

void log(char step) {
  if (step_count < 63) steps[step_count++] = step;
}

long page_size() { return sysconf(_SC_PAGESIZE); }

}  // namespace

#define LEAVE_LIST "_ZN6atomrt5chain8InFlight5leaveERNS0_5ChainE"
extern "C" void real_leave_list(InFlight*, Chain&) __asm__("__real_" LEAVE_LIST);
extern "C" void wrapped_leave_list(InFlight*, Chain&) __asm__("__wrap_" LEAVE_LIST);
extern "C" void wrapped_leave_list(InFlight* in_flight, Chain& chain) {
  log('L');
  if (watched != nullptr) error_when_leaving = atomrt::aiocb::load_error(watched);
  real_leave_list(in_flight, chain);
}

#define WAKE "_ZN6atomrt5chain11WaiterTable7publishERNS0_5ChainE"
extern "C" void real_wake(WaiterTable*, Chain&) __asm__("__real_" WAKE);
extern "C" void wrapped_wake(WaiterTable*, Chain&) __asm__("__wrap_" WAKE);
extern "C" void wrapped_wake(WaiterTable* table, Chain& chain) {
  log('P');
  if (watched != nullptr) error_at_wake = atomrt::aiocb::load_error(watched);
  if (takes_aiocb_away) mprotect(chain.block, static_cast<size_t>(page_size()), PROT_NONE);
  real_wake(table, chain);
}

#define CLOSE "_ZN6atomrt5chain11WaiterTable16publish_and_tellERNS0_5ChainE"
extern "C" std::uint32_t real_close(WaiterTable*, Chain&) __asm__("__real_" CLOSE);
extern "C" std::uint32_t wrapped_close(WaiterTable*, Chain&) __asm__("__wrap_" CLOSE);
extern "C" std::uint32_t wrapped_close(WaiterTable* table, Chain& chain) {
  log('P');
  if (watched != nullptr) error_at_wake = atomrt::aiocb::load_error(watched);
  if (takes_aiocb_away) mprotect(chain.block, static_cast<size_t>(page_size()), PROT_NONE);
  return real_close(table, chain);
}

#define END_TELLING "_ZN6atomrt5chain11WaiterTable11end_tellingERNS0_5ChainEj"
extern "C" void real_end_telling(WaiterTable*, Chain&, std::uint32_t) __asm__("__real_" END_TELLING);
extern "C" void wrapped_end_telling(WaiterTable*, Chain&, std::uint32_t) __asm__("__wrap_" END_TELLING);
extern "C" void wrapped_end_telling(WaiterTable* table, Chain& chain, std::uint32_t watchers) {
  log('W');
  real_end_telling(table, chain, watchers);
}

#define LEAVE_LANE "_ZN6atomrt5chain9LaneTable5leaveERNS0_5ChainE"
extern "C" Released real_leave_lane(LaneTable*, Chain&) __asm__("__real_" LEAVE_LANE);
extern "C" Released wrapped_leave_lane(LaneTable*, Chain&) __asm__("__wrap_" LEAVE_LANE);
extern "C" Released wrapped_leave_lane(LaneTable* table, Chain& chain) {
  log('O');
  return real_leave_lane(table, chain);
}

#define RECYCLE "_ZN6atomrt5chain7recycleERNS_2os8SlotPoolINS0_5ChainELj512ELj8192EEERS3_"
extern "C" void real_recycle(ChainPool&, Chain&) __asm__("__real_" RECYCLE);
extern "C" void wrapped_recycle(ChainPool&, Chain&) __asm__("__wrap_" RECYCLE);
extern "C" void wrapped_recycle(ChainPool& pool, Chain& chain) {
  log('R');
  real_recycle(pool, chain);
}

#define COMPLETE "_ZN6atomrt5chain5Group8completeEv"
extern "C" void real_complete(Group*) __asm__("__real_" COMPLETE);
extern "C" void wrapped_complete(Group*) __asm__("__wrap_" COMPLETE);
extern "C" void wrapped_complete(Group* group) {
  log('C');
  real_complete(group);
}

static int send(char step, int number) {
  if (failing_signals > 0) {
    --failing_signals;
    log('-');
    return EAGAIN;
  }
  for (int& slot : signals) {
    if (slot != 0) continue;
    slot = number;
    break;
  }
  log(step);
  return 0;
}
extern "C" int wrapped_signal(int, sigval) __asm__("__wrap__ZN6atomrt2os12queue_signalEi6sigval");
extern "C" int wrapped_signal(int number, sigval) { return send('S', number); }
extern "C" int wrapped_to_thread(int, int, sigval) __asm__("__wrap__ZN6atomrt2os22queue_signal_to_threadEii6sigval");
extern "C" int wrapped_to_thread(int, int number, sigval) { return send('T', number); }

#define START "_ZN6atomrt2os24start_application_threadEPK14pthread_attr_tPFPvS4_ES4_"
extern "C" int wrapped_start(const pthread_attr_t*, void* (*)(void*), void*) __asm__("__wrap_" START);
extern "C" int wrapped_start(const pthread_attr_t*, void* (*)(void*), void*) {
  log(atomrt::os::are_signals_blocked() ? 'M' : 'm');
  return 0;
}

namespace {

constexpr FileKey KEY = {1001, 8, -1};

struct Fixture {
  Registry& registry = zeroed<Registry>();
  struct aiocb* block;

  Fixture() {
    void* page = mmap(nullptr, static_cast<size_t>(page_size()), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    block = static_cast<struct aiocb*>(page);
    memset(steps, 0, sizeof steps);
    memset(signals, 0, sizeof signals);
    step_count = failing_signals = 0;
    error_at_wake = error_when_leaving = -1;
    watched = nullptr;
    takes_aiocb_away = false;
  }
  ~Fixture() { munmap(block, static_cast<size_t>(page_size())); }

  Request request(Kind kind, int signal = 0, Group* group = nullptr) const {
    Request request = request_of(kind, block);
    request.group = group;
    if (signal != 0) request.notification.by = NotifyBy::SIGNAL;
    request.notification.signal = signal;
    return request;
  }
  Chain& submit(const Request& request) {
    Chain& chain = atomrt::unit::adopted(registry.chains, request);
    atomrt::aiocb::store_in_progress(request.block);
    registry.in_flight.enter(chain);
    if (registry.lanes.enter(chain, KEY) == LaneTable::Entry::GO) put(chain, Place::RUNNING);
    return chain;
  }
  Group& group(bool waits, int signal = 0) {
    Group* group = registry.groups.take();
    Notification notification{};
    if (signal != 0) notification.by = NotifyBy::SIGNAL;
    notification.signal = signal;
    group->open(waits, notification);
    return *group;
  }
  // Groups taken from the pool and not given back: it grows when the others are used up.
  unsigned groups_in_use() {
    const std::uint32_t made = registry.groups.made();
    Group* taken[512];
    unsigned count = 0;
    while (registry.groups.made() == made && count < 512) taken[count++] = registry.groups.take();
    for (unsigned i = 0; i < count; ++i) registry.groups.give(*taken[i]);
    return made - (count - 1);
  }
};

}  // namespace
