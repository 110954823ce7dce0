// SPDX-License-Identifier: MIT
#include "kernel/aio.h"

#include <fcntl.h>
#include <linux/aio_abi.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "kernel/device.h"
#include "kernel/signals.h"
#include "machine/memory.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {
namespace {

// fs/aio.c, struct aio_ring.
struct Ring {
  std::uint32_t id, size, head, tail, magic, compatible, incompatible, header_length;
  io_event events[];
};
constexpr std::uint32_t EVENTS = 127;
constexpr std::size_t RING_SIZE = PAGE;
static_assert(sizeof(Ring) + EVENTS * sizeof(io_event) <= RING_SIZE);
constexpr int NOWAIT = 0x8;

struct Context {
  Ring* ring;
  unsigned in_flight;
  Clock past;  // of who has put events, under the kernel's lock
};
std::vector<Context> contexts, parents_contexts;

Context* find(unsigned long number) {
  for (Context& context : contexts) {
    if (reinterpret_cast<unsigned long>(context.ring) == number) return &context;
  }
  return nullptr;
}

void put_event(Context& context, std::uint64_t data, const iocb* object, long result) {
  Ring& ring = *context.ring;
  note_access(&ring, sizeof(Ring), true);
  learn(context.past);
  if (is_weak) learn_of_newest(&ring.head, sizeof ring.head);
  io_event& event = ring.events[ring.tail];
  if ((ring.tail + 1) % ring.size == ring.head) fail("the ring of events overflows");
  access_plainly(&event, sizeof event, true);
  event = {data, reinterpret_cast<std::uintptr_t>(object), result, 0};
  const std::uint32_t tail = (ring.tail + 1) % ring.size;
  tell(context.past);
  if (is_weak) store_ordered(&ring.tail, sizeof ring.tail, tail, std::memory_order_release);
  ring.tail = tail;
  wake(&ring, MOST_THREADS);
}

void ended(const Operation& operation, long result) {
  Context* context = find(reinterpret_cast<unsigned long>(operation.owner));
  if (context == nullptr) fail("an operation of a context that is gone ends");
  put_event(*context, operation.data, nullptr, result);
  --context->in_flight;
  if (context->in_flight == 0) wake(&context->in_flight, MOST_THREADS);
}

// 0, or why it is not taken.
long submit_one(Context& context, const iocb& transfer) {
  if (context.in_flight + 1 >= EVENTS) return -EAGAIN;
  OpenFile* file = file_of(static_cast<int>(transfer.aio_fildes));
  if (file == nullptr) return -EBADF;
  Operation operation{};
  operation.file = file;
  operation.done = ended;
  operation.owner = context.ring;
  operation.data = transfer.aio_data;
  operation.object = &transfer;
  operation.part = {reinterpret_cast<void*>(transfer.aio_buf), transfer.aio_nbytes};
  operation.offset = transfer.aio_offset;
  const bool writes = transfer.aio_lio_opcode == IOCB_CMD_PWRITE;
  long at_once = 0;
  bool is_over = false;
  switch (transfer.aio_lio_opcode) {
    case IOCB_CMD_PREAD:
    case IOCB_CMD_PWRITE:
      operation.kind = writes ? Operation::WRITE : Operation::READ;
      operation.may_be_cut = (transfer.aio_rw_flags & NOWAIT) != 0;
      if (file->inode->kind != Kind::REGULAR) {
        const Parts parts{&operation.part, 1};
        at_once = writes ? write_stream(*file, parts) : read_stream(*file, parts);
        is_over = true;
      } else if ((transfer.aio_rw_flags & NOWAIT) != 0 && perhaps(6)) {
        at_once = -EAGAIN;  // it would have to wait
        is_over = true;
      } else if ((file->flags & O_DIRECT) == 0) {
        const Parts parts{&operation.part, 1};
        at_once = writes ? write_regular(*file->inode, parts, operation.offset, (file->flags & O_APPEND) != 0)
                         : read_regular(*file->inode, parts, operation.offset);
        is_over = true;
      }
      break;
    case IOCB_CMD_POLL:
      operation.kind = Operation::READY;
      operation.for_writing = (transfer.aio_buf & 4) != 0;  // POLLOUT
      // What has two wait queues it does not poll for: terminals, FIFOs that were opened for both ways.
      if (file->inode->kind == Kind::REGULAR || perhaps(16)) return -EINVAL;
      break;
    case IOCB_CMD_FSYNC:
    case IOCB_CMD_FDSYNC:
      operation.kind = Operation::SYNC;
      break;
    default:
      return -EINVAL;
  }
  trace("io_submit takes one for descriptor %d%s", static_cast<int>(transfer.aio_fildes), is_over ? ", over at once" : "");
  if (is_over) {
    put_event(context, operation.data, &transfer, at_once);
    return 0;
  }
  ++context.in_flight;
  begin_operation(operation);
  return 0;
}

unsigned events_of(const Ring& ring) { return (ring.tail + ring.size - ring.head) % ring.size; }

}  // namespace

void reset_aio() { contexts.clear(); }
void enter_child_aio() { parents_contexts.swap(contexts); }
void leave_child_aio() {
  contexts.swap(parents_contexts);
  parents_contexts.clear();
}
unsigned aio_contexts() { return static_cast<unsigned>(contexts.size()); }

long aio_setup(unsigned requests, unsigned long* number) {
  if (requests == 0) return -EINVAL;
  void* memory = map_pages(RING_SIZE);
  if (memory == nullptr) return -ENOMEM;
  end_freshness();
  note_access(memory, RING_SIZE, true);
  Ring& ring = *static_cast<Ring*>(memory);
  access_plainly(memory, sizeof(Ring), true);
  ring = Ring{0, EVENTS, 0, 0, 0xa10a10a1, 1, 0, sizeof(Ring)};
  contexts.push_back({&ring, 0, {}});
  *number = reinterpret_cast<unsigned long>(&ring);
  return 0;
}

// Whoever sleeps on it is woken and finds it gone; what is in flight is waited for.
long aio_destroy(unsigned long number) {
  Context* context = find(number);
  if (context == nullptr) return -EINVAL;
  while ((context = find(number)) != nullptr && context->in_flight != 0) {
    sleep_on("io_destroy", &context->in_flight, NEVER, false);
  }
  if (context == nullptr) return -EINVAL;
  Ring* const ring = context->ring;
  contexts.erase(contexts.begin() + (context - contexts.data()));
  unmap_pages(ring, RING_SIZE);
  wake(ring, MOST_THREADS);
  return 0;
}

long aio_submit(unsigned long number, long count, iocb* const* transfers) {
  Context* context = find(number);
  if (context == nullptr) return -EINVAL;
  for (long i = 0; i < count; ++i) {
    const long error = submit_one(*context, *transfers[i]);
    if (error != 0) return i == 0 ? error : i;
  }
  step("io_submit, on its way back");
  return count;
}

// Polls alone can be taken back. The event comes by the ring, now or a moment later.
long aio_cancel_submitted(unsigned long number, const iocb* transfer) {
  Context* context = find(number);
  if (context == nullptr) return -EINVAL;
  note_access(transfer, sizeof *transfer, false);
  Operation taken;
  if (transfer->aio_lio_opcode != IOCB_CMD_POLL || !cancel_operation(context->ring, transfer, taken)) return -EINVAL;
  step("io_cancel, before the event");
  ended(taken, 0);
  return -EINPROGRESS;
}

// An address of the kernel's own can't be written: EFAULT, once there is an event, which stays.
long aio_get_events(unsigned long number, long least, long most, void* events, const KernelTime* time,
                    const AioMask* mask) {
  const std::int64_t deadline = time == nullptr ? NEVER : now() + time->seconds * 1'000'000'000 + time->nanoseconds;
  const std::uint64_t saved = self().mask;
  if (mask != nullptr && mask->mask != nullptr) change_mask(*mask->mask);
  long result = 0;
  for (;;) {
    Context* context = find(number);
    if (context == nullptr) {
      result = -EINVAL;
      break;
    }
    Ring& ring = *context->ring;
    const unsigned there = events_of(ring);
    if (there > 0 && most > 0) {
      learn(context->past);
      const bool is_unwritable = reinterpret_cast<std::uintptr_t>(events) >= ~std::uintptr_t{8191};
      if (is_unwritable) {
        result = -EFAULT;
        break;
      }
      io_event* out = static_cast<io_event*>(events);
      for (result = 0; result < most && events_of(ring) > 0; ++result) {
        out[result] = ring.events[ring.head];
        ring.head = (ring.head + 1) % ring.size;
      }
      break;
    }
    if (least == 0 || (deadline != NEVER && now() >= deadline)) break;
    const Wakeup wakeup = sleep_on("io_pgetevents", &ring, deadline, true);
    if (wakeup == Wakeup::TIMED_OUT) {
      if (find(number) != nullptr && events_of(ring) > 0) continue;
      break;
    }
    if (wakeup == Wakeup::INTERRUPTED) {
      result = -EINTR;
      deliver_signals();
      break;
    }
  }
  self().mask = saved;
  return result;
}

}  // namespace schedule
