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

int this_thread() { return static_cast<int>(system_call(SYS_gettid)); }

bool is_held_once(const pthread_mutex_t& mutex) {
  return mutex.__data.__owner == this_thread() && mutex.__data.__count == 1 && mutex.__data.__lock != 0 &&
         (mutex.__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE_NP;
}

struct Candidate {
  const pthread_mutex_t* mutex;
  bool is_held_twice;
};

int look_at_candidate(dl_phdr_info*, std::size_t, void* argument) {
  Candidate& candidate = *static_cast<Candidate*>(argument);
  candidate.is_held_twice = candidate.mutex->__data.__count == 2 && candidate.mutex->__data.__owner == this_thread();
  return 1;
}

bool is_lock(const pthread_mutex_t& mutex) {
  if (!is_held_once(mutex)) return false;
  Candidate candidate{&mutex, false};
  dl_iterate_phdr(look_at_candidate, &candidate);
  return candidate.is_held_twice && is_held_once(mutex);
}

// The loader's own data are no bigger than this; other objects are not looked through.
constexpr std::size_t MOST_DATA = 256 * 1024;

int find_in_loader(dl_phdr_info* object, std::size_t, void*) {
  const char* name = object->dlpi_name != nullptr ? object->dlpi_name : "";
  const ElfW(Addr) loader = static_cast<ElfW(Addr)>(getauxval(AT_BASE));
  if ((loader == 0 || object->dlpi_addr != loader) && std::strstr(name, "/ld-linux") == nullptr) return 0;
  for (unsigned i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0 || segment.p_memsz > MOST_DATA) continue;
    constexpr ElfW(Addr) STEP = alignof(pthread_mutex_t);
    const ElfW(Addr) start = (object->dlpi_addr + segment.p_vaddr + STEP - 1) / STEP * STEP;
    const ElfW(Addr) end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    for (ElfW(Addr) at = start; at + sizeof(pthread_mutex_t) <= end; at += STEP) {
      auto* const mutex = reinterpret_cast<pthread_mutex_t*>(at);
      if (!is_lock(*mutex)) continue;
      lock = mutex;
      return 1;
    }
  }
  return 1;
}

[[gnu::constructor]] void find_lock() { dl_iterate_phdr(find_in_loader, nullptr); }

// Null signal: is there such a thread? A refusal is taken for a yes.
bool has_thread(int number) {
  return system_call(SYS_tgkill, system_call(SYS_getpid), number, 0) != -ESRCH;
}

}  // namespace

bool is_loader_lock_known() { return lock != nullptr; }

LoaderLock try_loader_lock() {
  if (lock == nullptr || pthread_mutex_trylock(lock) == 0) return LoaderLock::OURS;
  // Of a child that was forked in a callback, its one thread, it is the parent's thread's. 0: being taken or let go.
  const int owner = __atomic_load_n(&lock->__data.__owner, __ATOMIC_RELAXED);
  return owner == 0 || has_thread(owner) ? LoaderLock::TAKEN : LoaderLock::LOST;
}

void release_loader_lock() {
  if (lock != nullptr) pthread_mutex_unlock(lock);
}

}  // namespace atomrt::os
