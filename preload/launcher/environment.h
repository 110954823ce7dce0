// SPDX-License-Identifier: MIT
// The variables that the library and the launcher know.
#pragma once

namespace atomrt::launcher {

// One line on standard error for each variable ATOMRT_* of another name: a misspelt one does nothing, silently.
void warn_of_unknown_variables();

}  // namespace atomrt::launcher
