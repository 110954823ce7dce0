// SPDX-License-Identifier: MIT
#include "os/thread.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include <atomic>
#include <bit>
#include <cassert>
#include <cerrno>

#include "os/signals.h"
#include "os/system_call.h"

// Weak, so that a static program does not take the loader in for it.
extern "C" [[gnu::weak]] decltype(dlsym) dlsym;

namespace atomrt::os {

constinit std::atomic<std::uint32_t> thread_number_offset{0};
namespace {

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

constexpr std::size_t PAGE = 4096;
// For the library's own frames: the deepest path is a system call below a few of them. Sanitizers and debuggers want
// more; pthread_create says EINVAL when a stack is too small for what glibc itself puts there.
constexpr std::size_t OWN_FRAMES = 48 * 1024;
constexpr int MOST_DOUBLINGS = 8;

// A library thread's stack size, once measured; 0 before. Any thread may write it, all the same value: relaxed.
constinit std::atomic<std::size_t> library_stack_size{0};

struct StaticTls {
  std::size_t size;
  std::size_t most_aligned;
};

int add_tls_of_object(dl_phdr_info* object, std::size_t, void* sum) {
  StaticTls& tls = *static_cast<StaticTls*>(sum);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type != PT_TLS) continue;
    tls.size += header.p_memsz + header.p_align;
    if (header.p_align > tls.most_aligned) tls.most_aligned = header.p_align;
  }
  return 0;
}

// glibc takes the thread-local storage of all objects that were loaded at the start, and a reserve for later ones, out
// of each thread's stack. This function tells how much; the runtimes of other languages call it, too. By dlsym, as the
// symbol's version is glibc's private one: packages would depend on that. Null where there is no loader.
using LeastStack = std::size_t (*)(const pthread_attr_t*);
LeastStack find_least_stack() {
  if (dlsym == nullptr) return nullptr;
  return reinterpret_cast<LeastStack>(dlsym(RTLD_DEFAULT, "__pthread_get_minstack"));
}

std::size_t rounded_to_pages(std::size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

std::size_t measure_library_stack() {
  constexpr std::size_t RESERVE = 16 * 1024;  // in glibc less than 7 KiB, where no tunable raises it
  constexpr std::size_t LEAST_SIGNAL_FRAME = 4096;
  StaticTls tls{};
  dl_iterate_phdr(add_tls_of_object, &tls);
  std::size_t size = tls.size + RESERVE;
  if (const LeastStack least_stack = find_least_stack()) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    size = least_stack(&attributes);
    pthread_attr_destroy(&attributes);
  }
  if (tls.most_aligned > PAGE) size += tls.most_aligned;
  // setuid and its kin interrupt each thread, and the frame for that holds all registers of the processor.
  const std::size_t frame = getauxval(AT_MINSIGSTKSZ);
  return rounded_to_pages(size + OWN_FRAMES + (frame > LEAST_SIGNAL_FRAME ? frame : LEAST_SIGNAL_FRAME));
}

std::size_t stack_for_library() {
  std::size_t size = library_stack_size.load(std::memory_order_relaxed);
  if (size == 0) {
    size = measure_library_stack();
    library_stack_size.store(size, std::memory_order_relaxed);
  }
  return size;
}

// What glibc tells libthread_db, and so debuggers, of that field: {bits, elements, offset in the thread's descriptor}.
// Believed if it holds for this thread.
void find_thread_number() {
  if (dlsym == nullptr) return;
  const auto* place = static_cast<const std::uint32_t*>(dlsym(RTLD_DEFAULT, "_thread_db_pthread_tid"));
  constexpr std::uint32_t MOST = 8192;
  if (place == nullptr || place[0] != 32 || place[1] != 1 || place[2] == 0 || place[2] > MOST) return;
  thread_number_offset.store(place[2], std::memory_order_relaxed);
  const long number = system_call(SYS_gettid);
  if (static_cast<long>(this_thread_number()) != number) thread_number_offset.store(0, std::memory_order_relaxed);
}

// At load, as it takes the loader's lock: a thread that starts another one may hold others.
[[gnu::constructor]] void measure_at_load() {
  stack_for_library();
  find_thread_number();
}

int create_detached(std::size_t stack_size, void* (*body)(void*), void* argument) {
  pthread_attr_t attributes;
  if (const int error = pthread_attr_init(&attributes); error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (stack_size != 0) pthread_attr_setstacksize(&attributes, stack_size);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, body, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

int start_library_thread(void* (*body)(void*), void* argument) {
  const int saved_errno = errno;
  int error;
  {
    const SignalBlock blocked(LIBRARY_THREAD_SIGNALS);
    std::size_t size = stack_for_library();
    error = create_detached(size, body, argument);
    for (int i = 0; error == EINVAL && i < MOST_DOUBLINGS; ++i) error = create_detached(size *= 2, body, argument);
  }
  errno = saved_errno;
  return error;
}

int process_number() { return static_cast<int>(system_call(SYS_getpid)); }

unsigned processors() {
  unsigned long set[1024 / sizeof(long)]{};
  const long bytes = system_call(SYS_sched_getaffinity, 0, sizeof set, set);
  unsigned count = 0;
  for (const unsigned long word : set) count += static_cast<unsigned>(std::popcount(word));
  return bytes > 0 && count > 0 ? count : 1;
}

void yield_processor() { system_call(SYS_sched_yield); }

ExactSleeps::ExactSleeps() { system_call(SYS_prctl, PR_SET_TIMERSLACK, 1UL); }
ExactSleeps::~ExactSleeps() { system_call(SYS_prctl, PR_SET_TIMERSLACK, 0UL); }  // the default

void name_this_thread(const char* name) { system_call(SYS_prctl, PR_SET_NAME, name); }

namespace {

// The default follows RLIMIT_STACK, and may leave next to nothing beside the thread-local storage.
std::size_t stack_for_application() {
  pthread_attr_t attributes;
  std::size_t usual = 0;
  if (pthread_attr_init(&attributes) != 0) return 0;
  pthread_attr_getstacksize(&attributes, &usual);
  pthread_attr_destroy(&attributes);
  const std::size_t least = stack_for_library();
  return usual < least ? least : 0;
}

}  // namespace

int start_application_thread(const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  assert(are_signals_blocked());  // pthread_create takes locks of the loader and of malloc
  const int saved_errno = errno;
  pthread_t thread;
  const int error = attributes != nullptr ? pthread_create(&thread, attributes, body, argument)
                                          : create_detached(stack_for_application(), body, argument);
  errno = saved_errno;
  return error;
}

}  // namespace atomrt::os
