// SPDX-License-Identifier: MIT
#include "machine/thread_locals.h"

#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" int __real_dl_iterate_phdr(int (*visit)(dl_phdr_info*, std::size_t, void*), void* argument);

namespace schedule {
namespace {

char* place;
std::size_t size;
Locals at_start;

// The program's are the first below the thread pointer (variant II of ELF's thread-local storage).
int find_in_program(dl_phdr_info* program, std::size_t, void*) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const auto& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_TLS) continue;
    const std::size_t alignment = segment.p_align != 0 ? segment.p_align : 1;
    size = segment.p_memsz;
    const auto thread = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
    place = reinterpret_cast<char*>(thread - (size + alignment - 1) / alignment * alignment);
  }
  return 1;
}

}  // namespace

void find_locals() {
  __real_dl_iterate_phdr(find_in_program, nullptr);
  if (size > MOST_LOCALS) {
    std::fprintf(stderr, "the library has %zu bytes of thread-local variables, of which %zu can be kept\n", size, MOST_LOCALS);
    std::exit(99);
  }
  get_locals(at_start);
}

void set_locals(const Locals& locals) {
  if (size != 0) std::memcpy(place, locals.bytes, size);
}
void get_locals(Locals& locals) {
  if (size != 0) std::memcpy(locals.bytes, place, size);
}
const Locals& first_locals() { return at_start; }

}  // namespace schedule
