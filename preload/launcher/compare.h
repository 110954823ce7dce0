// SPDX-License-Identifier: MIT
// `atomrt --compare`: PROGRAM in turn under glibc and under atomrt, and how long each took.
#pragma once

#include "launcher/options.h"
#include "launcher/path.h"

namespace atomrt::launcher {

// Both sides get their environment from here: preload and audit (empty without --deep) are added for atomrt's alone.
// The exit status: 0, 1 where PROGRAM did not end the same way each time, else as of the launcher.
int compare(const Options& options, const Path& preload, const Path& audit);

}  // namespace atomrt::launcher
