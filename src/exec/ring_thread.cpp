// SPDX-License-Identifier: MIT
#include "exec/ring_thread.h"

#include <liburing.h>
#include <poll.h>

#include "base/tuning.h"
#include "exec/perform.h"
#include "os/clock.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Operation;
using chain::Place;

namespace {

// The user_data of completions that belong to no chain; a chain's number is never 0.
constexpr std::uint64_t NOBODYS = 0;
constexpr std::uint64_t DOORBELL = 1ULL << 32;

// aio_reqprio lowers the I/O priority from the thread's own: best effort, the middle of its eight levels. The numbers
// are those of ioprio_set(2). <linux/ioprio.h> is not included: in Debian's Linux 6.1.192 it is not valid C++, as a
// parameter is named `class`.
std::uint16_t io_priority(const Chain& chain) {
  constexpr unsigned BEST_EFFORT = 2, CLASS_SHIFT = 13, MIDDLE = 4, LOWEST = 7, MOST_DELTA = 20;
  if (chain.priority_delta == 0) return 0;
  const unsigned level = MIDDLE + (chain.priority_delta * (LOWEST - MIDDLE) + MOST_DELTA - 1) / MOST_DELTA;
  return static_cast<std::uint16_t>(BEST_EFFORT << CLASS_SHIFT | level);
}

void fill(io_uring_sqe& entry, const Chain& chain) {
  const int fd = descriptor_of(chain);
  const auto bytes = static_cast<unsigned>(bytes_left(chain));
  const auto offset = static_cast<std::uint64_t>(next_offset(chain));
  if (is_stream_transfer(chain)) {
    io_uring_prep_poll_add(&entry, fd, chain.operation == Operation::WRITE ? POLLOUT : POLLIN);
  } else if (chain.operation == Operation::READ) {
    io_uring_prep_read(&entry, fd, next_byte(chain), bytes, offset);
  } else if (chain.operation == Operation::WRITE) {
    io_uring_prep_write(&entry, fd, next_byte(chain), bytes, offset);
  } else {
    io_uring_prep_fsync(&entry, fd, chain.operation == Operation::FDATASYNC ? IORING_FSYNC_DATASYNC : 0);
  }
  if (!is_stream_transfer(chain) && !is_sync(chain.operation)) entry.ioprio = io_priority(chain);
  entry.user_data = data_of(name_of(chain));
}

// Whether io_uring refuses, perhaps not the file: another context can do the request, or finds its true error.
bool is_refusal(int result) {
  return result == -EAGAIN || result == -EINTR || result == -ECANCELED || result == -EINVAL || result == -EOPNOTSUPP ||
         result == -ENOMEM || result == -EPERM || result == -EACCES;
}

}  // namespace

bool serve(Ring& ring) {
  RingThread thread(ring);
  return thread.open() && thread.work();
}

bool RingThread::open() {
  if (open_uring(uring_, ring_.settings_.entries) != 0) return false;
  most_in_kernel_ = uring_.ring.cq.ring_entries / 2 - 1;
  return true;
}

bool RingThread::work() {
  do {
    read_letters();
    submit_staged();
  } while (!is_forbidden_ && (see_to_completions() || has_news() || linger() || sleep() || !leave()));
  if (is_forbidden_) wind_up();
  close_uring(uring_);
  return !is_forbidden_;
}

void RingThread::read_letters() {
  unsigned count = 0;
  ring_.mailbox_.collect([&](Mailbox::Wish wish, aiocb::RequestName name) {
    ++count;
    ++burst_;
    if (wish == Mailbox::Wish::FORGET) {
      send_forget(name);
    } else {
      begin(name);
    }
  });
  if (has_yielded_) yielding_.look_ended(count > 1);
  has_yielded_ = false;
}

void RingThread::begin(aiocb::RequestName name) {
  Chain& chain = *ring_.chains_->at(name.number);
  // MOVING, as aio_cancel would say of a stream's chain that is RUNNING that it can't be cancelled.
  if (!chain::claim_patiently(chain, name.generation, Place::MAILED, Place::MOVING)) return;  // it was taken
  const bool is_stream = is_stream_transfer(chain);
  if (!is_stream || chain.moved > 0) put(chain, Place::RUNNING);
  if (!is_stream || is_not_ready(chain)) stage(chain);
}

// If the submitter tried a moment ago, and the chain was not held since then, it is polled for without another try,
// which would cost a system call.
bool RingThread::is_not_ready(Chain& chain) {
  const bool may_have_been_held = chain.company.load(std::memory_order_relaxed) > 1;
  return (chain.was_not_ready && !may_have_been_held) || !try_stream(chain);
}

// One try that does not wait. False: the peer is not ready.
bool RingThread::try_stream(Chain& chain) {
  if (chain.moved == 0) put(chain, Place::MOVING);
  const Attempt tried = attempt(chain, descriptor_of(chain));
  if (chain.moved > 0) put(chain, Place::RUNNING);
  if (tried.outcome == Outcome::NOT_READY) return false;
  if (tried.is_done()) {
    put(chain, Place::RUNNING);
    finish(chain, tried.result);
  } else {
    pass_on(chain);
  }
  return true;
}

// A stream's chain is MOVING from its claim, through its try, until the kernel has it; then BLOCKED. If it has moved
// bytes, it is RUNNING, then IN_RING. While chains are staged none is finished: some are MOVING, and finishing takes
// locks that their cancellers may hold.
void RingThread::stage(Chain& chain) {
  if (!has_room_for(chain)) return pass_on(chain);
  if (staged_count_ == tuning::RING_STAGED) submit_staged();
  io_uring_sqe* const place = entry();
  if (place == nullptr) return pass_on(chain);
  chain.is_polled = is_stream_transfer(chain);
  chain.runner.store(chain.is_polled ? chain::RING_POLLS : 0, std::memory_order_relaxed);
  fill(*place, chain);
  staged_[staged_count_++] = &chain;
  ++in_kernel_;
  if (!chain.is_polled) ++transfers_;
}

// Completions that find no room in the ring's memory are delivered only by io_uring_enter, which may be forbidden by
// then. For polls that does not matter. The limit allows for two completions each, as of a cancelled poll, and for the
// doorbell's.
bool RingThread::has_room_for(const Chain& chain) const {
  return in_kernel_ < most_in_kernel_ || (is_stream_transfer(chain) && transfers_ == 0);
}

// Null: nothing can be submitted any more.
io_uring_sqe* RingThread::entry() {
  while (!is_forbidden_) {
    if (io_uring_sqe* const entry = io_uring_get_sqe(&uring_.ring)) return entry;
    submit_staged();
  }
  return nullptr;
}

void RingThread::submit_staged() {
  os::Patience patience;
  while (!is_forbidden_ && io_uring_sq_ready(&uring_.ring) != 0) {
    const int outcome = io_uring_submit(&uring_.ring);
    heed(outcome);
    // EAGAIN, EBUSY: no memory, or more completions than the kernel wants to keep; they are seen to by the caller.
    if (outcome < 0) patience.wait();
  }
  unsigned left = 0;
  for (unsigned i = 0; i < staged_count_; ++i) {
    Chain& chain = *staged_[i];
    if (is_forbidden_ && is_unsent(chain)) {
      put(chain, Place::RUNNING);
      staged_[left++] = &chain;
    } else {
      put(chain, place_of(chain) == Place::MOVING ? Place::BLOCKED : Place::IN_RING);
    }
  }
  staged_count_ = 0;
  for (unsigned i = 0; i < left; ++i) pass_on(*staged_[i]);
}

void RingThread::send_forget(aiocb::RequestName name) {
  io_uring_sqe* const forget = entry();
  if (forget == nullptr) return;
  io_uring_prep_poll_remove(forget, data_of(name));
  forget->user_data = NOBODYS;
}

// ---- completions ----

bool RingThread::see_to_completions() {
  constexpr unsigned MOST = 64;
  struct {
    std::uint64_t data;
    int result;
  } seen[MOST];
  unsigned count = 0;
  if (!is_forbidden_ && io_uring_cq_ready(&uring_.ring) == 0 && has_deferred_completions()) {
    heed(io_uring_get_events(&uring_.ring));
  }
  unsigned head;
  io_uring_cqe* completion;
  io_uring_for_each_cqe(&uring_.ring, head, completion) {
    if (count == MOST) break;
    seen[count++] = {completion->user_data, completion->res};
  }
  io_uring_cq_advance(&uring_.ring, count);
  for (unsigned i = 0; i < count; ++i) completed(seen[i].data, seen[i].result);
  return count != 0;
}

void RingThread::completed(std::uint64_t data, int result) {
  if (data == NOBODYS) return;
  if (data == DOORBELL) {
    listens_ = false;
    return;
  }
  Chain& chain = *ring_.chains_->at(chain::low_of(data));
  const std::uint32_t generation = chain::generation_of(data);
  const bool is_in_ring = chain::is_at(chain, generation, Place::IN_RING);
  if (!is_in_ring && is_forbidden_) return;  // a poll, whose chain another context has, or will have
  --in_kernel_;
  if (is_in_ring) {
    if (!chain.is_polled) --transfers_;
    transferred(chain, result);
  } else if (chain::claim_patiently(chain, generation, Place::BLOCKED, Place::MOVING)) {
    became_ready(chain, result);
  }
}

// Reads and writes at an offset, syncs, and the rest of a stream's transfer.
void RingThread::transferred(Chain& chain, int result) {
  put(chain, Place::RUNNING);
  if (is_stream_transfer(chain)) {
    became_ready(chain, result);
  } else if (is_refusal(result)) {
    pass_on(chain);
  } else if (result < 0) {
    finish(chain, total(chain, result));
  } else {
    add_moved(chain, static_cast<std::size_t>(result));
    const bool is_over = is_sync(chain.operation) || result == 0 || bytes_left(chain) == 0;
    if (is_over) {
      finish(chain, static_cast<long>(chain.moved));
    } else {
      stage(chain);  // short: the kernel may stop anywhere
    }
  }
}

// The peer of a stream is ready, or the poll failed.
void RingThread::became_ready(Chain& chain, int result) {
  const std::size_t moved = chain.moved;
  if (result < 0) {
    pass_on(chain);
  } else if (!try_stream(chain)) {
    // There was room, but too little for the datagram: a worker has to wait in the call itself. A reader that finds
    // nothing was outrun by another one, and waits again.
    const bool is_vain = chain.moved == moved && chain.operation == Operation::WRITE;
    is_vain ? pass_on(chain) : stage(chain);
  }
}

void RingThread::finish(Chain& chain, long result) {
  burst_ = 0;
  submit_staged();
  const chain::Released released = ring_.host_.complete(chain, result, ContextId::RING);
  for (Chain* next : released.chains) {
    if (next != nullptr) ring_.host_.offer(*next);
  }
}

void RingThread::pass_on(Chain& chain) {
  submit_staged();
  chain.is_polled = false;
  put(chain, Place::MOVING);
  ring_.host_.pass_on(chain, ContextId::RING);
}

// Whether the kernel has completions that it delivers only when asked.
bool RingThread::has_deferred_completions() const {
  return (IO_URING_READ_ONCE(*uring_.ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

bool RingThread::has_news() const {
  return !ring_.mailbox_.is_empty() || io_uring_cq_ready(&uring_.ring) != 0 || has_deferred_completions();
}

bool RingThread::linger() {
  if (!ring_.settings_.has_others) return give_way();
  const std::int64_t end = os::now_ns() + tuning::RING_LOOK_NS;
  do {
    if (has_news()) return true;
  } while (os::now_ns() < end);
  return false;
}

// With one processor, letters come only while other threads run. In a burst each letter would wake this thread, which
// would take the processor, find one letter and sleep again; so it yields first. Not if requests complete meanwhile: a
// thread that polls for the result would do so to the end of its time slice. A program that computes after a burst also
// keeps the processor that long, so the thread yields only if that has been of use: if several letters came at once.
bool RingThread::give_way() {
  if (burst_ < tuning::RING_BURST || !yielding_.is_worthwhile()) return false;
  os::yield_processor();
  has_yielded_ = has_news();
  if (!has_yielded_) yielding_.look_ended(false);
  return has_yielded_;
}

// False: nothing happened for the idle time.
bool RingThread::sleep() {
  const bool has_chores = ring_.host_.has_chores();
  if (has_chores) ring_.host_.do_chores();
  if (!listens_) {
    io_uring_sqe* const listen = entry();
    if (listen == nullptr) return true;
    io_uring_prep_rw(URING_FUTEX_WAIT, listen, FUTEX2_PRIVATE_U32, &ring_.doorbell_, 0, 1);
    listen->addr3 = FUTEX_ANY_BIT;
    listen->user_data = DOORBELL;
    listens_ = true;
  }
  ring_.doorbell_.store(1, std::memory_order_seq_cst);
  if (!ring_.mailbox_.is_empty()) {
    ring_.doorbell_.store(0, std::memory_order_relaxed);
    return true;
  }
  const std::int64_t idle_ns = ring_.idle_ns_.load(std::memory_order_relaxed);
  const timespec most = os::to_timespec(has_chores ? tuning::CHORES_NS : idle_ns);
  __kernel_timespec time{most.tv_sec, most.tv_nsec};
  io_uring_cqe* unused;
  const int error = io_uring_submit_and_wait_timeout(&uring_.ring, &unused, 1, &time, nullptr);
  ring_.doorbell_.store(0, std::memory_order_relaxed);
  heed(error);
  return error != -ETIME || has_chores;
}

// A thread that posts afterwards makes another ring's thread; what was posted before is seen here.
bool RingThread::leave() {
  if (in_kernel_ != 0) return false;
  ring_.thread_.left();
  if (ring_.mailbox_.is_empty()) return true;
  return !ring_.thread_.came_back();
}

}  // namespace atomrt::exec
