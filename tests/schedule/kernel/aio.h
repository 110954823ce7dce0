// SPDX-License-Identifier: MIT
// Kernel AIO: contexts with their ring of events in the process's memory, io_submit, io_pgetevents, io_destroy.
#pragma once

#include <cstdint>

struct iocb;

namespace schedule {

void reset_aio();
void enter_child_aio();  // a child has nothing in flight
void leave_child_aio();
long aio_setup(unsigned requests, unsigned long* context);
long aio_destroy(unsigned long context);
long aio_submit(unsigned long context, long count, iocb* const* transfers);
long aio_cancel_submitted(unsigned long context, const iocb* transfer);
struct AioMask {
  const std::uint64_t* mask;
  std::uint64_t size;
};
struct KernelTime {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};
long aio_get_events(unsigned long context, long least, long most, void* events, const KernelTime* time,
                    const AioMask* mask);
unsigned aio_contexts();

}  // namespace schedule
