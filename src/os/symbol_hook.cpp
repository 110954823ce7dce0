// SPDX-License-Identifier: MIT
#include "os/symbol_hook.h"

#include "os/symbol_values.h"

namespace atomrt::os {
namespace {

struct Pass {
  const char* soname;
  Redirect redirect;
  void* argument;
  bool complete;
};

int redirect_in_object(dl_phdr_info* object, std::size_t, void* argument) {
  Pass& pass = *static_cast<Pass*>(argument);
  const ElfObject elf = elf_object_of(*object);
  if (!elf.has_symbols() || !is_same_text(elf.soname(), pass.soname)) return 0;
  const Replaced replaced = replace_functions(*object, elf, [&](std::uint32_t index) {
    const SymbolDefinition definition{elf.name(index), elf.version(index), reinterpret_cast<void*>(elf.address(index))};
    return reinterpret_cast<ElfW(Addr)>(pass.redirect(pass.argument, definition));
  });
  pass.complete = replaced.complete && pass.complete;
  return 0;
}

}  // namespace

bool redirect_symbols(const char* soname, Redirect redirect, void* argument) {
  Pass pass{soname, redirect, argument, true};
  dl_iterate_phdr(redirect_in_object, &pass);
  return pass.complete;
}

}  // namespace atomrt::os
