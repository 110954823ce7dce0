// SPDX-License-Identifier: MIT
#include "os/loader_lock.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>

#include <cerrno>
#include <cstring>

#include "os/system_call.h"

namespace atomrt::os {
namespace {

// Written at load, by the thread that loads the library; read from then on. A child has the same loader at the same
// place.
constinit pthread_mutex_t* lock = nullptr;

bool is_held(const pthread_mutex_t& mutex, int by, unsigned times) {
  return mutex.__data.__owner == by && mutex.__data.__count == times && mutex.__data.__lock != 0 &&
         (mutex.__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE_NP;
}

struct Candidate {
  const pthread_mutex_t* mutex;
  int this_thread;
  bool is_held_twice;
};

int look_at_candidate(dl_phdr_info*, std::size_t, void* argument) {
  Candidate& candidate = *static_cast<Candidate*>(argument);
  candidate.is_held_twice = is_held(*candidate.mutex, candidate.this_thread, 2);
  return 1;
}

bool is_lock(const pthread_mutex_t& mutex, int this_thread) {
  if (!is_held(mutex, this_thread, 1)) return false;
  Candidate candidate{&mutex, this_thread, false};
  dl_iterate_phdr(look_at_candidate, &candidate);
  return candidate.is_held_twice && is_held(mutex, this_thread, 1);
}

struct Range {
  ElfW(Addr) start, end;
};

// The loader's own data that stay writable. Other objects, and bigger ones, are not looked through.
Range writable_data(const dl_phdr_info& object) {
  constexpr std::size_t MOST_DATA = 256 * 1024;
  Range data{0, 0};
  ElfW(Addr) end_of_relro = 0;
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_RELRO) end_of_relro = start + segment.p_memsz;
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0 || segment.p_memsz > MOST_DATA) continue;
    data = {start, start + segment.p_memsz};
  }
  if (end_of_relro > data.start && end_of_relro < data.end) data.start = end_of_relro;
  return data;
}

// loader: where it was loaded, as the kernel says; 0 where it was started as a program itself.
int find_in_loader(dl_phdr_info* object, std::size_t, void* loader) {
  const char* name = object->dlpi_name != nullptr ? object->dlpi_name : "";
  const bool is_loader = loader != nullptr ? object->dlpi_addr == reinterpret_cast<ElfW(Addr)>(loader)
                                           : std::strstr(name, "/ld-linux") != nullptr;
  if (!is_loader) return 0;
  const int this_thread = static_cast<int>(system_call(SYS_gettid));
  constexpr ElfW(Addr) STEP = alignof(pthread_mutex_t);
  const Range data = writable_data(*object);
  for (ElfW(Addr) at = (data.start + STEP - 1) / STEP * STEP; at + sizeof(pthread_mutex_t) <= data.end; at += STEP) {
    auto* const mutex = reinterpret_cast<pthread_mutex_t*>(at);
    if (!is_lock(*mutex, this_thread)) continue;
    lock = mutex;
    break;
  }
  return 1;
}

[[gnu::constructor]] void find_lock() {
  dl_iterate_phdr(find_in_loader, reinterpret_cast<void*>(getauxval(AT_BASE)));
}

// Null signal: is there such a thread? A refusal is taken for a yes.
bool has_thread(int number) {
  return system_call(SYS_tgkill, system_call(SYS_getpid), number, 0) != -ESRCH;
}

}  // namespace

bool is_loader_lock_known() { return lock != nullptr; }

LoaderLock try_loader_lock() {
  if (lock == nullptr || pthread_mutex_trylock(lock) == 0) return LoaderLock::OURS;
  // In a child that was forked in a callback the owner is the parent's thread. 0: being taken or released.
  const int owner = __atomic_load_n(&lock->__data.__owner, __ATOMIC_RELAXED);
  return owner == 0 || has_thread(owner) ? LoaderLock::TAKEN : LoaderLock::LOST;
}

void release_loader_lock() {
  if (lock != nullptr) pthread_mutex_unlock(lock);
}

}  // namespace atomrt::os
