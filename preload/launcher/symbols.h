// SPDX-License-Identifier: MIT
// What an ELF file's dynamic symbols say about POSIX AIO, without running anything of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "launcher/aio_functions.h"

namespace atomrt::launcher {

struct SymbolUse {
  AioFunctions imported = 0;    // it refers to these functions
  AioFunctions defined = 0;     // it has these functions itself
  bool has_version = false;     // it has atomrt_version: it is this library
  bool loads_modules = false;   // it refers to dlopen, dlsym or dlvsym: more may come while it runs
};

// False where the file can't be read, or has no table of dynamic symbols.
[[nodiscard]] bool read_symbol_use(const char* path, SymbolUse& use);

// The value of a symbol that the file defines, by its table of all symbols, which a program may have been stripped of.
[[nodiscard]] bool find_in_file(const char* path, std::string_view name, std::uint64_t& value);

}  // namespace atomrt::launcher
