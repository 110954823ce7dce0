// The private fields of glibc's struct aiocb: the only code that touches them. aiocb and aiocb64 differ in aio_offset
// alone, which comes behind them, so one view serves both.
//
//   __error_code    what aio_error returns. The library stores it (release) at submission and at publish; aio_error
//                   and aio_suspend of any thread or handler load it (acquire).
//   __return_value  what aio_return returns; written before __error_code's release.
//   __abs_prio, __policy   the chain's number and generation (RequestName), written before the chain can complete.
//
// Before the first submission all of them may hold garbage (the memory is the caller's): a name read from here proves
// nothing until the chain of that number confirms generation and aiocb.
#pragma once

#include <aio.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace atomrt::aiocb {

static_assert(offsetof(struct aiocb, __error_code) == offsetof(struct aiocb64, __error_code));
static_assert(offsetof(struct aiocb, __return_value) == offsetof(struct aiocb64, __return_value));
static_assert(offsetof(struct aiocb, aio_sigevent) == offsetof(struct aiocb64, aio_sigevent));
#if defined(__LP64__)
static_assert(offsetof(struct aiocb, aio_sigevent) == 32);
static_assert(offsetof(struct aiocb, __error_code) == 112);
static_assert(offsetof(struct aiocb, __return_value) == 120);
static_assert(offsetof(struct aiocb, aio_offset) == 128);
static_assert(sizeof(struct aiocb) == 168 && sizeof(struct aiocb64) == 168);
#elif defined(__i386__)
static_assert(offsetof(struct aiocb, aio_sigevent) == 20);
static_assert(offsetof(struct aiocb, __error_code) == 96);
static_assert(offsetof(struct aiocb, __return_value) == 100);
static_assert(offsetof(struct aiocb64, aio_offset) == 104);
static_assert(sizeof(struct aiocb) == 144 && sizeof(struct aiocb64) == 144);
#endif

// Which chain serves, or served, an aiocb. number 0: none.
struct RequestName {
  std::uint32_t number;
  std::uint32_t generation;
};

inline int load_error(const struct aiocb* block) { return __atomic_load_n(&block->__error_code, __ATOMIC_ACQUIRE); }
inline ssize_t load_return_value(const struct aiocb* block) {
  return __atomic_load_n(&block->__return_value, __ATOMIC_RELAXED);
}
inline RequestName load_name(const struct aiocb* block) {
  return {static_cast<std::uint32_t>(__atomic_load_n(&block->__abs_prio, __ATOMIC_RELAXED)),
          static_cast<std::uint32_t>(__atomic_load_n(&block->__policy, __ATOMIC_RELAXED))};
}

inline void store_name(struct aiocb* block, RequestName name) {
  __atomic_store_n(&block->__abs_prio, static_cast<int>(name.number), __ATOMIC_RELAXED);
  __atomic_store_n(&block->__policy, static_cast<int>(name.generation), __ATOMIC_RELAXED);
}

// Marks the request as in progress: aio_error says EINPROGRESS from here on.
inline void store_in_progress(struct aiocb* block) {
  __atomic_store_n(&block->__error_code, EINPROGRESS, __ATOMIC_RELEASE);
}

// The commit point: result is bytes or -errno. From the second store on the aiocb is the caller's.
inline void store_result(struct aiocb* block, ssize_t result) {
  __atomic_store_n(&block->__return_value, result < 0 ? -1 : result, __ATOMIC_RELAXED);
  __atomic_store_n(&block->__error_code, result < 0 ? static_cast<int>(-result) : 0, __ATOMIC_RELEASE);
}

}  // namespace atomrt::aiocb
