// SPDX-License-Identifier: MIT
// The environment that PROGRAM gets: LD_PRELOAD, LD_AUDIT and the ATOMRT_* twins of the options.
#pragma once

#include "launcher/options.h"
#include "launcher/path.h"

namespace atomrt::launcher {

// All return false after one line on standard error.
// A statistics file is made absolute and emptied here: PROGRAM may change its folder, and each process appends a block.
[[nodiscard]] bool apply_options(const Options& options);
// Names this process, which PROGRAM becomes: the one that says that it made no request (ATOMRT_LAUNCHED).
[[nodiscard]] bool name_launched_process();
// Adds it after what LD_PRELOAD holds already: sanitizer runtimes insist on being the first.
[[nodiscard]] bool add_preload(const Path& preload);
// The same for LD_AUDIT.
[[nodiscard]] bool add_audit(const Path& module);

}  // namespace atomrt::launcher
