// SPDX-License-Identifier: MIT
// The private fields of glibc's struct aiocb: the only code that touches them. aiocb and aiocb64 differ in aio_offset
// alone, which comes after them, so one view serves both.
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

#if defined(__LP64__)  // x86-64, 64-bit ARM and all other 64-bit ABIs
#define ATOMRT_OFFSET(of_64_bit, of_32_bit) (of_64_bit)
#else  // 32-bit x86 and ARM; x32 too, whose off_t has 64 bits
#define ATOMRT_OFFSET(of_64_bit, of_32_bit) (of_32_bit)
#endif
#define ATOMRT_ASSERT_OFFSET(field, of_64_bit, of_32_bit)                               \
  static_assert(offsetof(struct aiocb, field) == ATOMRT_OFFSET(of_64_bit, of_32_bit) && \
                offsetof(struct aiocb64, field) == ATOMRT_OFFSET(of_64_bit, of_32_bit))
ATOMRT_ASSERT_OFFSET(aio_fildes, 0, 0);
ATOMRT_ASSERT_OFFSET(aio_lio_opcode, 4, 4);
ATOMRT_ASSERT_OFFSET(aio_reqprio, 8, 8);
ATOMRT_ASSERT_OFFSET(aio_buf, 16, 12);
ATOMRT_ASSERT_OFFSET(aio_nbytes, 24, 16);
ATOMRT_ASSERT_OFFSET(aio_sigevent, 32, 20);
ATOMRT_ASSERT_OFFSET(__next_prio, 96, 84);
ATOMRT_ASSERT_OFFSET(__abs_prio, 104, 88);
ATOMRT_ASSERT_OFFSET(__policy, 108, 92);
ATOMRT_ASSERT_OFFSET(__error_code, 112, 96);
ATOMRT_ASSERT_OFFSET(__return_value, 120, 100);
ATOMRT_ASSERT_OFFSET(aio_offset, 128, 104);
static_assert(sizeof(struct sigevent) == 64);
static_assert(sizeof(struct aiocb) == ATOMRT_OFFSET(168, 144));
static_assert(sizeof(struct aiocb64) == ATOMRT_OFFSET(168, 144));
static_assert(sizeof(aiocb64::aio_offset) == 8);
#undef ATOMRT_ASSERT_OFFSET
#undef ATOMRT_OFFSET

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
