// SPDX-License-Identifier: MIT
#pragma once

namespace schedule {

// Runs each many times, in a process of its own. Returns how many showed what they must not, or never what they must.
unsigned run_litmus();

}  // namespace schedule
