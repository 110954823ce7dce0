// SPDX-License-Identifier: MIT
#pragma once

namespace schedule {

// Many runs of each, in a process of its own. How many showed what they must not, or not what they must.
unsigned run_litmus();

}  // namespace schedule
