// SPDX-License-Identifier: MIT
// symbol_hook: changes what a symbol of a loaded object is: every look-up from then on gives another function, be it
// for a slot that is bound at its first call, for an object that is loaded later, with whatever scope (RTLD_LOCAL,
// RTLD_DEEPBIND), or by dlsym and dlvsym on any handle. Slots bound before are got_hook's.
//
// Asks `redirect` under the dynamic loader's lock (dl_iterate_phdr): not async-signal-safe.
#pragma once

#include <cstddef>

namespace atomrt::os {

// One function defined by an object.
struct SymbolDefinition {
  const char* name;
  const char* version;  // empty: none
  void* address;
};

// For each function that the objects of that soname define: what its look-ups shall give, or null to leave it alone.
// False when the kernel did not let a symbol be changed.
using Redirect = void* (*)(void* argument, const SymbolDefinition& definition);
bool redirect_symbols(const char* soname, Redirect redirect, void* argument);

}  // namespace atomrt::os
