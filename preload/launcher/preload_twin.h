// SPDX-License-Identifier: MIT
// The preload for programs of the other word size, installed beside the launcher's own.
#pragma once

#include "launcher/elf_image.h"
#include "launcher/path.h"

namespace atomrt::launcher {

// Turns the launcher's own library into what LD_PRELOAD needs for a program of that ABI and for those that it
// starts: a path with $LIB, which each loader replaces, where the libraries of both word sizes are installed so that
// this leads to them; else the one library. False, and the path untouched, where there is none for that ABI.
[[nodiscard]] bool suit_preload(Abi abi, Path& preload);

}  // namespace atomrt::launcher
