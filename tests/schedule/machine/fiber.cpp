// SPDX-License-Identifier: MIT
#include "machine/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if !defined(__x86_64__)
#error "the scheduler switches stacks of x86-64 only"
#endif

// The System V ABI's callee-saved registers; the floating-point control words never change here.
__asm__(R"(
    .text
    .globl schedule_switch_stacks
    .type schedule_switch_stacks, @function
schedule_switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size schedule_switch_stacks, .-schedule_switch_stacks
)");
extern "C" void schedule_switch_stacks(void** save, void* next);

namespace schedule {

void prepare(Fiber& fiber, void (*entry)()) {
  if (fiber.stack == nullptr) {
    void* memory = mmap(nullptr, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      std::perror("no stack for a simulated thread");
      std::exit(99);
    }
    mprotect(memory, 4096, PROT_NONE);
    fiber.stack = static_cast<char*>(memory);
  }
  auto* top = reinterpret_cast<std::uint64_t*>(fiber.stack + STACK_SIZE);
  *--top = 0;  // where entry would return to; the stack is aligned as behind a call
  *--top = reinterpret_cast<std::uint64_t>(entry);
  for (int saved = 0; saved < 6; ++saved) *--top = 0;
  fiber.stack_pointer = top;
}

void switch_fibers(Fiber& from, const Fiber& to) { schedule_switch_stacks(&from.stack_pointer, to.stack_pointer); }

}  // namespace schedule
