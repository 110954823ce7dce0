// SPDX-License-Identifier: MIT
// got_hook: replaces functions in the global offset tables of the objects that are loaded now, so that calls which the
// library must see (close and its like) come to it without an exported symbol of that name. Objects loaded later need
// another pass. The library's own table stays as it is: its calls reach the function that a symbol look-up finds.
//
// Slots are single aligned words, written atomically. Only those that the loader is done with are patched: a slot that
// holds the address of the object's own stub (to be bound at the first call) or of the function itself; a slot in RELRO
// only once its page is read-only, which is then made writable for a moment. A pointer that was initialised with the
// function is replaced if it still holds its address. Takes the dynamic loader's lock (dl_iterate_phdr): not
// async-signal-safe.
#pragma once

#include <cstddef>

namespace atomrt::os {

struct Replacement {
  const char* function;
  void* real;  // null: there is none, and nothing is replaced
  void* with;
};

// The functions that calls without a version reach by these names: of the first object, in the order of loading, that
// defines them; null where none does. A look-up of the name, and so the library's own call, may find a stub of the
// program's instead (a program at a fixed address that takes the function's address), which leads to the replacement.
void find_functions(const char* const names[], void* found[], std::size_t count);

// Patches every slot of those functions, and the pointers. False when some had to be left alone for now.
bool hook_functions(const Replacement* replacements, std::size_t count);

struct Exchange {
  void* real;
  void* with;
};

// Patches every slot, and every pointer that was initialised with the address of a function, that still holds `real`.
// What it holds tells which function and which version of it was bound, and a program's own of that name is not
// touched.
void exchange_addresses(const Exchange* exchanges, std::size_t count);

// Rises whenever an object is loaded.
unsigned long long objects_loaded();

}  // namespace atomrt::os
