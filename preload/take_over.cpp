// SPDX-License-Identifier: MIT
// The library loaded into a running program: by dlopen (a plug-in, Python's ctypes) or by a debugger, it comes after
// libc in the loader's order, and everything is bound to glibc's functions already. Its constructor then makes glibc's
// symbols mean its own functions, each version its own, and changes what was bound before. Objects that are loaded
// later, whatever their scope, find the library.
//
// Preloaded, the library stands in front of libc and does nothing here. Functions of these names that the program or
// another library defines are left alone.
//
// Runs in dlopen, so under the loader's lock: no object is being loaded meanwhile. A slot that another thread is
// binding for its first call at this very moment may stay bound to glibc's function; glibc then serves what is called
// there. The library cannot be unloaded (-z nodelete).
#include <link.h>

#include <cstring>

#include "engine/message.h"
#include "engine/predecessor.h"
#include "os/elf_object.h"
#include "os/got_hook.h"
#include "os/symbol_hook.h"

namespace atomrt {
namespace {

constexpr const char* const GLIBC[] = {"libc.so.6", "librt.so.1"};  // before glibc 2.34, librt has the functions
constexpr std::size_t MOST_FUNCTIONS = 64;

enum class Order { UNKNOWN, IN_FRONT, BEHIND };

struct Look {
  Order order = Order::UNKNOWN;
  os::ElfObject own;
};

struct Plan {
  const os::ElfObject& own;
  os::Exchange exchanges[MOST_FUNCTIONS];
  std::size_t count;
  engine::CancelFunction cancel;
};

bool is_own(const dl_phdr_info& object) {
  const auto address = reinterpret_cast<ElfW(Addr)>(&is_own);
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= start && address < start + segment.p_memsz) return true;
  }
  return false;
}

bool is_glibc(const char* path) {
  const char* const slash = path != nullptr ? std::strrchr(path, '/') : nullptr;
  if (slash == nullptr) return false;
  for (const char* name : GLIBC) {
    if (std::strcmp(slash + 1, name) == 0) return true;
  }
  return false;
}

// The loader searches objects in this order.
int look_at(dl_phdr_info* object, std::size_t, void* argument) {
  Look& look = *static_cast<Look*>(argument);
  if (is_own(*object)) {
    if (look.order == Order::UNKNOWN) look.order = Order::IN_FRONT;
    look.own = os::elf_object_of(*object);
    return 1;
  }
  if (look.order == Order::UNKNOWN && is_glibc(object->dlpi_name)) look.order = Order::BEHIND;
  return 0;
}

bool is_own_name(const char* name) {
  return std::strncmp(name, "aio_", 4) == 0 || std::strncmp(name, "lio_", 4) == 0;
}

void* own_function(void* argument, const os::SymbolDefinition& definition) {
  Plan& plan = *static_cast<Plan*>(argument);
  if (!is_own_name(definition.name) || plan.count == MOST_FUNCTIONS) return nullptr;
  const std::uint32_t index = plan.own.find_function(definition.name, definition.version);
  if (index == 0) return nullptr;
  void* const with = reinterpret_cast<void*>(plan.own.address(index));
  plan.exchanges[plan.count++] = {definition.address, with};
  if (std::strcmp(definition.name, "aio_cancel") == 0) {
    plan.cancel = reinterpret_cast<engine::CancelFunction>(definition.address);
  }
  return with;
}

[[gnu::constructor]] void take_over() {
  Look look;
  dl_iterate_phdr(look_at, &look);
  if (look.order != Order::BEHIND) return;
  Plan plan{look.own, {}, 0, nullptr};
  bool complete = true;
  for (const char* soname : GLIBC) complete &= os::redirect_symbols(soname, own_function, &plan);
  if (plan.cancel != nullptr) engine::set_predecessor(plan.cancel);
  os::exchange_addresses(plan.exchanges, plan.count);
  if (!complete) engine::say("libc's symbols cannot be changed: objects loaded from now on stay with glibc");
}

}  // namespace
}  // namespace atomrt
