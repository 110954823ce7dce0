// SPDX-License-Identifier: MIT
// After warm-up a million requests, reads that end in the head and buffered writes that are queued, make no call of malloc
// and its like: this program counts them by defining them. Not counted is what making a thread takes. Linked with libatomrt,
// through its public functions only. allocation [ROUNDS]: of ten thousand requests; fewer where they are emulated.
#include <aio.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "atomrt.h"

static std::atomic<long> calls{0};
static std::atomic<bool> is_counting{false};

static thread_local bool makes_thread = false;

static void count() {
  if (is_counting.load(std::memory_order_relaxed) && !makes_thread) calls.fetch_add(1, std::memory_order_relaxed);
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
  count();
  return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  count();
  __libc_free(memory);
}

using ThreadBody = void* (*)(void*);
int __real_pthread_create(pthread_t*, const pthread_attr_t*, ThreadBody, void*);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, ThreadBody body, void* argument) {
  makes_thread = true;
  const int error = __real_pthread_create(thread, attributes, body, argument);
  makes_thread = false;
  return error;
}
}

namespace {

constexpr int DEPTH = 16;
constexpr std::size_t SIZE = 512;

struct Worker {
  struct aiocb blocks[DEPTH];
  char buffers[DEPTH][SIZE];
};
Worker worker;

[[noreturn]] void fail(const char* what, int error) {
  is_counting.store(false);
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  _exit(1);
}

struct aiocb& prepared(int at, int fd) {
  struct aiocb& block = worker.blocks[at];
  memset(&block, 0, sizeof block);
  block.aio_fildes = fd;
  block.aio_buf = worker.buffers[at];
  block.aio_nbytes = SIZE;
  block.aio_offset = static_cast<off_t>(at) * static_cast<off_t>(SIZE);
  block.aio_sigevent.sigev_notify = SIGEV_NONE;
  return block;
}

void collect(struct aiocb& block) {
  const struct aiocb* list[] = {&block};
  while (aio_error(&block) == EINPROGRESS) aio_suspend(list, 1, nullptr);
  if (aio_error(&block) != 0) fail("request", aio_error(&block));
  if (aio_return(&block) != static_cast<ssize_t>(SIZE)) fail("short request", EIO);
}

// One by one: what is in memory is read within aio_read.
long read_some(int fd, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    struct aiocb& block = prepared(0, fd);
    if (aio_read(&block) != 0) fail("aio_read", errno);
    collect(block);
  }
  return rounds;
}

// Many at once: what the file system does not take at once is queued for workers and waiters.
long write_some(int fd, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    for (int at = 0; at < DEPTH; ++at) {
      if (aio_write(&prepared(at, fd)) != 0) fail("aio_write", errno);
    }
    for (struct aiocb& block : worker.blocks) collect(block);
  }
  return static_cast<long>(rounds) * DEPTH;
}

}  // namespace

int main(int arguments_given, char** arguments) {
  const int rounds = arguments_given > 1 ? atoi(arguments[1]) : 100;
  alarm(600);  // a hang
  const int zero = open("/dev/zero", O_RDONLY);
  const int file = memfd_create("allocation", MFD_CLOEXEC);
  struct aioinit settings {};
  settings.aio_threads = 4;
  settings.aio_idle_time = 1000;
  aio_init(&settings);
  atomrt_enable_statistics();

  read_some(zero, 1000);
  write_some(file, 2000);

  is_counting.store(true);
  long requests = 0;
  for (int i = 0; i < rounds; ++i) {
    requests += read_some(zero, 6800);
    requests += write_some(file, 200);
  }
  is_counting.store(false);
  const long counted = calls.load();

  printf("%ld requests, %ld calls of malloc and its like\n", requests, counted);
  fflush(stdout);
  atomrt_write_statistics(1);

  // That it counts at all:
  is_counting.store(true);
  void* volatile memory = malloc(1);
  free(memory);
  is_counting.store(false);
  if (calls.load() != counted + 2) fail("calls are not counted", EINVAL);
  return requests >= rounds * 10'000L && counted == 0 ? 0 : 1;
}
