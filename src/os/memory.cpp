#include "os/memory.h"

#include <sys/mman.h>

#include "os/system_call.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

namespace atomrt::os {

base::Expected<void*> map_memory(std::size_t size) {
#ifdef SYS_mmap2
  const long number = SYS_mmap2;
#else
  const long number = SYS_mmap;
#endif
  const long result =
      system_call(number, nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  const auto address = base::from_kernel<unsigned long>(result);
  if (!address) return base::Error{address.error()};
  return reinterpret_cast<void*>(*address);
}

void unmap_memory(void* memory, std::size_t size) { system_call(SYS_munmap, memory, size); }

bool wipe_on_fork(void* memory, std::size_t size) {
  return system_call(SYS_madvise, memory, size, MADV_WIPEONFORK) == 0;
}

}  // namespace atomrt::os
