// SPDX-License-Identifier: MIT
#include "kernel/uring.h"

#include <liburing.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/device.h"
#include "kernel/faults.h"
#include "machine/memory.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {
namespace {

// From newer headers than Debian 12's.
constexpr unsigned NO_MMAP = 1U << 14, REGISTERED_FD_ONLY = 1U << 15, USE_REGISTERED_RING = 1U << 31;
constexpr std::uint8_t FUTEX_WAIT_OPERATION = 51;

// What struct io_rings begins with.
struct Head {
  alignas(64) unsigned sq_head;
  alignas(64) unsigned sq_tail;
  alignas(64) unsigned cq_head;
  alignas(64) unsigned cq_tail;
  alignas(64) unsigned sq_mask;
  unsigned cq_mask, sq_entries, cq_entries, dropped, flags, cq_flags, overflow;
};
static_assert(sizeof(Head) % 64 == 0);

struct Completion {
  std::uint64_t data;
  int result;
};
struct FutexWait {
  const std::uint32_t* word;
  std::uint64_t data;
};

struct Ring {
  int index;
  unsigned owner;
  Head* head;
  io_uring_cqe* completions;
  const io_uring_sqe* entries;
  std::vector<Completion> unshown;    // until its thread passes through the kernel
  std::vector<Completion> overflown;  // until it asks for them
  std::vector<FutexWait> waits;
  Clock past;  // of who has posted, under the kernel's lock
};
std::vector<std::unique_ptr<Ring>> rings, parents_rings;
int rings_made;
bool is_forbidden;

Ring& ring_at(int index) {
  for (const auto& ring : rings) {
    if (ring->index == index) return *ring;
  }
  fail("enters a ring that is not there");
}

void set_flags(Ring& ring) {
  const unsigned flags = (ring.unshown.empty() ? 0 : IORING_SQ_TASKRUN) | (ring.overflown.empty() ? 0 : IORING_SQ_CQ_OVERFLOW);
  if (ring.head->flags == flags) return;
  if (is_weak) store_ordered(&ring.head->flags, sizeof(unsigned), flags, std::memory_order_relaxed);
  ring.head->flags = flags;
}

bool has_room(Ring& ring) {
  if (is_weak) learn_of_newest(&ring.head->cq_head, sizeof(unsigned));
  return ring.head->cq_tail - ring.head->cq_head < ring.head->cq_entries;
}

void write_completion(Ring& ring, const Completion& completion) {
  const unsigned tail = ring.head->cq_tail;
  io_uring_cqe& place = ring.completions[tail & ring.head->cq_mask];
  note_access(&place, sizeof place, true);
  access_plainly(&place, sizeof place, true);
  place.user_data = completion.data;
  place.res = completion.result;
  place.flags = 0;
  if (is_weak) store_ordered(&ring.head->cq_tail, sizeof(unsigned), tail + 1, std::memory_order_release);
  ring.head->cq_tail = tail + 1;
}

void post(Ring& ring, const Completion& completion) {
  note_access(ring.head, sizeof *ring.head, true);
  learn(ring.past);
  trace("the ring has a completion: %d, of %llx", completion.result, static_cast<unsigned long long>(completion.data));
  if (ring.overflown.empty() && has_room(ring)) {
    write_completion(ring, completion);
  } else {
    ring.overflown.push_back(completion);
  }
  tell(ring.past);
  set_flags(ring);
  wake(&ring, MOST_THREADS);
}

// Now, or when its thread passes through the kernel.
void complete(Ring& ring, std::uint64_t data, int result) {
  if (perhaps(2)) {
    ring.unshown.push_back({data, result});
    note_access(ring.head, sizeof *ring.head, true);
    tell(ring.past);
    set_flags(ring);
    wake(&ring, MOST_THREADS);
  } else {
    post(ring, {data, result});
  }
}

void show(Ring& ring) {
  if (ring.unshown.empty()) return;
  std::vector<Completion> shown;
  shown.swap(ring.unshown);
  for (const Completion& completion : shown) post(ring, completion);
  set_flags(ring);
}

void flush(Ring& ring) {
  if (ring.overflown.empty()) return;
  learn(ring.past);
  std::size_t count = 0;
  for (; count < ring.overflown.size() && has_room(ring); ++count) write_completion(ring, ring.overflown[count]);
  ring.overflown.erase(ring.overflown.begin(), ring.overflown.begin() + static_cast<std::ptrdiff_t>(count));
  set_flags(ring);
}

void ended(const Operation& operation, long result) {
  complete(*static_cast<Ring*>(operation.owner), operation.data, static_cast<int>(result));
}

// What an operation may say that is the ring's alone, or the file's: 0, or -errno.
int refusal_of(const io_uring_sqe& entry) {
  static constexpr int TRANSFERS[] = {EIO, EAGAIN, EINTR, ECANCELED, EINVAL, EOPNOTSUPP, ENOMEM, 0};
  static constexpr int POLLS[] = {ENOMEM, EINVAL, ECANCELED, 0};
  int error = 0;
  switch (entry.opcode) {
    case IORING_OP_READ:
      error = next_fault("io_uring's read", TRANSFERS, false, Direction::READ);
      break;
    case IORING_OP_WRITE:
      error = next_fault("io_uring's write", TRANSFERS, false, Direction::WRITE);
      break;
    case IORING_OP_FSYNC:
      error = next_fault("io_uring's fsync", TRANSFERS, false, Direction::SYNC);
      break;
    default:
      error = next_fault("io_uring's poll", POLLS);
      break;
  }
  if (error != 0) return -error;
  static constexpr int CHANCES[] = {EAGAIN, EINTR, ECANCELED};
  return perhaps(16) ? -CHANCES[random().below(3)] : 0;
}

void wait_for_futex(Ring& ring, const io_uring_sqe& entry) {
  const auto* word = reinterpret_cast<const std::uint32_t*>(entry.addr);
  note_access(word, sizeof *word, false);
  if (*word != entry.off) return complete(ring, entry.user_data, -EAGAIN);
  ring.waits.push_back({word, entry.user_data});
}

void take_back_poll(Ring& ring, const io_uring_sqe& entry) {
  Operation taken;
  const bool is_there = cancel_operation(&ring, reinterpret_cast<const void*>(entry.addr), taken);
  if (is_there) complete(ring, taken.data, -ECANCELED);
  complete(ring, entry.user_data, is_there ? 0 : -ENOENT);
}

void begin(Ring& ring, const io_uring_sqe& entry) {
  if (entry.opcode == FUTEX_WAIT_OPERATION) return wait_for_futex(ring, entry);
  if (entry.opcode == IORING_OP_POLL_REMOVE) return take_back_poll(ring, entry);
  OpenFile* const file = file_of(entry.fd);
  if (file == nullptr) return complete(ring, entry.user_data, -EBADF);
  if (const int refusal = refusal_of(entry); refusal != 0) return complete(ring, entry.user_data, refusal);
  Operation operation{};
  operation.file = file;
  operation.done = ended;
  operation.owner = &ring;
  operation.data = entry.user_data;
  operation.object = reinterpret_cast<const void*>(entry.user_data);
  operation.part = {reinterpret_cast<void*>(entry.addr), entry.len};
  operation.offset = static_cast<std::int64_t>(entry.off);
  operation.may_be_cut = true;
  switch (entry.opcode) {
    case IORING_OP_READ:
      operation.kind = Operation::READ;
      break;
    case IORING_OP_WRITE:
      operation.kind = Operation::WRITE;
      break;
    case IORING_OP_FSYNC:
      operation.kind = Operation::SYNC;
      break;
    case IORING_OP_POLL_ADD:
      operation.kind = Operation::READY;
      operation.for_writing = (entry.poll32_events & POLLOUT) != 0;
      break;
    default:
      return complete(ring, entry.user_data, -EINVAL);
  }
  if (operation.kind != Operation::READY && file->inode->kind != Kind::REGULAR) fail("the ring is given a stream's transfer");
  begin_operation(operation);
}

// What io_uring_enter begins with. 0, or -errno.
int enter(Ring& ring, const char* name) {
  static constexpr int ERRORS[] = {EAGAIN, EBUSY, EINTR, ENOMEM, EPERM, ENOSYS, 0};
  step(name);
  pass_time(100);
  if (ring.owner != self().number) fail("%s by another thread than the ring's own", name);
  if (is_forbidden) return -EPERM;
  return -next_fault("io_uring_enter", ERRORS);
}

// What is new in the queue: its tail is written by liburing. All of it, or less where memory is short.
int submit(Ring& ring, io_uring& users) {
  *users.sq.ktail = users.sq.sqe_tail;
  if (users.sq.sqe_tail != ring.head->sq_head && perhaps(24)) return -EAGAIN;
  int count = 0;
  while (ring.head->sq_head != users.sq.sqe_tail) {
    if (count > 0 && perhaps(8)) break;
    const io_uring_sqe entry = ring.entries[ring.head->sq_head & ring.head->sq_mask];
    ++ring.head->sq_head;
    ++count;
    trace("io_uring takes operation %u for descriptor %d, of %llx", entry.opcode, entry.fd,
          static_cast<unsigned long long>(entry.user_data));
    begin(ring, entry);
  }
  return count;
}

int came_back(Ring& ring, const char* name, int result) {
  show(ring);
  trace("%s: %d", name, result);
  step(name);
  return result;
}

}  // namespace

void reset_uring() {
  rings.clear();
  rings_made = 0;
  is_forbidden = false;
}
void enter_child_uring() { parents_rings.swap(rings); }
void leave_child_uring() {
  rings.swap(parents_rings);
  parents_rings.clear();
}
void forbid_uring() { is_forbidden = true; }
unsigned urings() { return static_cast<unsigned>(rings.size()); }

long uring_setup(unsigned entries, io_uring_params* parameters) {
  io_uring_params& made = *parameters;
  constexpr unsigned NEEDED = NO_MMAP | REGISTERED_FD_ONLY | IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER;
  if (is_forbidden) return -EPERM;
  if ((made.flags & NEEDED) != NEEDED || entries == 0 || (entries & (entries - 1)) != 0) return -EINVAL;
  if (entries > 64 && perhaps(4)) return -EINVAL;  // before Linux 6.10: no more than a page
  if (perhaps(24)) return -ENOMEM;
  auto* head = reinterpret_cast<Head*>(made.cq_off.resv2);
  end_freshness();
  note_access(head, sizeof *head, true);
  *head = Head{};
  head->sq_mask = entries - 1;
  head->sq_entries = entries;
  head->cq_entries = perhaps(4) ? 4U << random().below(2) : made.cq_entries;  // so few, to see them overflow
  head->cq_mask = head->cq_entries - 1;
  made.sq_entries = entries;
  made.features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  made.sq_off.head = offsetof(Head, sq_head);
  made.sq_off.tail = offsetof(Head, sq_tail);
  made.sq_off.ring_mask = offsetof(Head, sq_mask);
  made.sq_off.ring_entries = offsetof(Head, sq_entries);
  made.sq_off.flags = offsetof(Head, flags);
  made.sq_off.dropped = offsetof(Head, dropped);
  made.sq_off.array = static_cast<unsigned>(sizeof(Head) + made.cq_entries * sizeof(io_uring_cqe));
  made.cq_off.head = offsetof(Head, cq_head);
  made.cq_off.tail = offsetof(Head, cq_tail);
  made.cq_off.ring_mask = offsetof(Head, cq_mask);
  made.cq_off.ring_entries = offsetof(Head, cq_entries);
  made.cq_off.overflow = offsetof(Head, overflow);
  made.cq_off.flags = offsetof(Head, cq_flags);
  made.cq_off.cqes = sizeof(Head);
  auto ring = std::make_unique<Ring>();
  ring->index = rings_made++;
  ring->owner = self().number;
  ring->head = head;
  ring->completions = reinterpret_cast<io_uring_cqe*>(head + 1);
  ring->entries = reinterpret_cast<const io_uring_sqe*>(made.sq_off.resv2);
  rings.push_back(std::move(ring));
  return rings.back()->index;
}

long uring_register(long index, unsigned call, void* argument, unsigned count) {
  if (is_forbidden) return -EPERM;
  static_cast<void>(ring_at(static_cast<int>(index)));
  if (call != (IORING_REGISTER_PROBE | USE_REGISTERED_RING) || count <= FUTEX_WAIT_OPERATION) return -EINVAL;
  auto& probe = *static_cast<io_uring_probe*>(argument);
  probe.last_op = FUTEX_WAIT_OPERATION;
  probe.ops[FUTEX_WAIT_OPERATION].flags = IO_URING_OP_SUPPORTED;
  return 0;
}

// The ring itself goes with its thread, which has no more to do. Polls may be left in it, but no transfer: it would write
// to memory that is the program's again.
void uring_unmapped(const void* memory) {
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (rings[i]->head != memory) continue;
    if (has_transfers_of(rings[i].get())) fail("a ring is given up with a transfer in it");
    Operation taken;
    while (cancel_operation(rings[i].get(), nullptr, taken)) {
    }
    rings.erase(rings.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void pass_through_uring() {
  for (const auto& ring : rings) {
    if (ring->owner == self().number) show(*ring);
  }
}

unsigned wake_in_uring(const std::uint32_t* word, unsigned most) {
  unsigned woken = 0;
  for (const auto& ring : rings) {
    for (std::size_t i = 0; i < ring->waits.size() && woken < most;) {
      if (ring->waits[i].word != word) {
        ++i;
        continue;
      }
      const std::uint64_t data = ring->waits[i].data;
      ring->waits.erase(ring->waits.begin() + static_cast<std::ptrdiff_t>(i));
      complete(*ring, data, 0);
      ++woken;
    }
  }
  return woken;
}

}  // namespace schedule

using namespace schedule;

extern "C" {

int io_uring_submit(io_uring* users) {
  Ring& ring = ring_at(users->ring_fd);
  const int error = enter(ring, "io_uring_submit");
  return came_back(ring, "io_uring_submit", error != 0 ? error : submit(ring, *users));
}

int io_uring_get_events(io_uring* users) {
  Ring& ring = ring_at(users->ring_fd);
  const int error = enter(ring, "io_uring_get_events");
  if (error != 0) return came_back(ring, "io_uring_get_events", error);
  show(ring);
  flush(ring);
  return came_back(ring, "io_uring_get_events", 0);
}

int io_uring_submit_and_wait_timeout(io_uring* users, io_uring_cqe** first, unsigned, __kernel_timespec* time, sigset_t*) {
  static constexpr char NAME[] = "io_uring_submit_and_wait_timeout";
  Ring& ring = ring_at(users->ring_fd);
  *first = nullptr;
  if (const int error = enter(ring, NAME); error != 0) return came_back(ring, NAME, error);
  const std::int64_t deadline = now() + time->tv_sec * 1'000'000'000 + time->tv_nsec;
  if (const int count = submit(ring, *users); count < 0) return came_back(ring, NAME, count);
  int result = 0;
  for (;;) {
    show(ring);
    flush(ring);
    if (ring.head->cq_tail != ring.head->cq_head) break;
    if (now() >= deadline) {
      result = -ETIME;
      break;
    }
    sleep_on(NAME, &ring, deadline, true);
  }
  return came_back(ring, NAME, result);
}

}  // extern "C"
