// SPDX-License-Identifier: MIT
// Signals of the simulated kernel: dispositions, queues of the process and of each thread, delivery at any step where
// the thread does not block them.
#pragma once

#include <csignal>
#include <cstdint>

#include "machine/scheduler.h"

namespace schedule {

void reset_signals();
// sigaction's part.
void set_handler(int number, const struct sigaction& action);
const struct sigaction& handler_of(int number);
// thread: 0 for the process. 0 or an errno.
int send_signal(unsigned thread, int number, const siginfo_t& info);
// Runs handlers of the running thread. True: one of them had no SA_RESTART.
bool deliver_signals();
bool has_deliverable(const Thread& thread);
void change_mask(std::uint64_t mask);
// Takes one out of the queues (sigtimedwait). False: none is there.
bool take_signal(std::uint64_t wanted, siginfo_t* info);
std::uint64_t pending_signals();

constexpr std::uint64_t bit_of(int number) { return std::uint64_t{1} << (number - 1); }

}  // namespace schedule
