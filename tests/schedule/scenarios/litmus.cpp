// SPDX-License-Identifier: MIT
// Compiled like the library: each atomic operation is a step, each plain access is looked at.
#include "scenarios/litmus.h"

#include <atomic>

#include "machine/scheduler.h"

namespace schedule {
namespace {

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

// One cache line each, in the program's memory.
struct Words {
  alignas(64) std::atomic<int> x, y;
  alignas(64) std::atomic<int> flag;
  alignas(64) int plain;
  alignas(64) std::atomic<int> saw[4];
};
Words* words;

void see(int which, int value) { words->saw[which].store(value, memory_order_relaxed); }
int saw(int which) { return words->saw[which].load(memory_order_relaxed); }

// ---- message passing: y tells that x is there ----

template <std::memory_order STORE>
void send() {
  words->x.store(1, memory_order_relaxed);
  words->y.store(1, STORE);
}
template <std::memory_order LOAD>
void receive() {
  see(0, words->y.load(LOAD));
  see(1, words->x.load(memory_order_relaxed));
}
bool message_is_lost() { return saw(0) == 1 && saw(1) == 0; }

void send_by_fence() {
  words->x.store(1, memory_order_relaxed);
  std::atomic_thread_fence(memory_order_release);
  words->y.store(1, memory_order_relaxed);
}
void receive_by_fence() {
  see(0, words->y.load(memory_order_relaxed));
  std::atomic_thread_fence(memory_order_acquire);
  see(1, words->x.load(memory_order_relaxed));
}

// Somebody else's update between them hands on what the release told; a store does not.
void add_relaxed() {
  int one = 1;
  words->y.compare_exchange_strong(one, 2, memory_order_relaxed);
}
void overwrite_relaxed() {
  if (words->y.load(memory_order_relaxed) == 1) words->y.store(2, memory_order_relaxed);
}
bool second_message_is_lost() { return saw(0) == 2 && saw(1) == 0; }

// ---- store buffering: each stores, and looks whether the other has ----

template <std::memory_order ORDER>
void store_x_load_y() {
  words->x.store(1, ORDER);
  see(0, words->y.load(ORDER == memory_order_release ? memory_order_acquire : ORDER));
}
template <std::memory_order ORDER>
void store_y_load_x() {
  words->y.store(1, ORDER);
  see(1, words->x.load(ORDER == memory_order_release ? memory_order_acquire : ORDER));
}
void store_x_fence_load_y() {
  words->x.store(1, memory_order_relaxed);
  std::atomic_thread_fence(memory_order_seq_cst);
  see(0, words->y.load(memory_order_relaxed));
}
void store_y_fence_load_x() {
  words->y.store(1, memory_order_relaxed);
  std::atomic_thread_fence(memory_order_seq_cst);
  see(1, words->x.load(memory_order_relaxed));
}
bool both_saw_nothing() { return saw(0) == 0 && saw(1) == 0; }

// ---- coherence: one word's values are seen in one order ----

void count_to_two() {
  words->x.store(1, memory_order_relaxed);
  words->x.store(2, memory_order_relaxed);
}
void look_twice() {
  see(0, words->x.load(memory_order_relaxed));
  see(1, words->x.load(memory_order_relaxed));
}
bool went_back() { return saw(0) > saw(1); }
bool saw_the_older() { return saw(0) == 1 || saw(1) == 1; }

// What one has seen and told of the other sees, too.
void look_and_tell() {
  see(0, words->x.load(memory_order_relaxed));
  words->flag.store(1, memory_order_release);
}
void be_told_and_look() {
  see(1, words->flag.load(memory_order_acquire));
  see(2, words->x.load(memory_order_relaxed));
}
bool went_back_between_two() { return saw(1) == 1 && saw(0) > saw(2); }

// ---- updates: none is lost, whatever their order ----

void add_one() { words->x.fetch_add(1, memory_order_relaxed); }
bool an_update_is_lost() { return words->x.load(memory_order_relaxed) != 3; }

// ---- plain accesses ----

template <std::memory_order STORE>
void write_plain_and_tell() {
  words->plain = 1;
  words->flag.store(1, STORE);
}
template <std::memory_order LOAD>
void read_plain_when_told() {
  if (words->flag.load(LOAD) == 1) see(0, words->plain);
}
void write_plain() { words->plain = 1; }
void read_plain() { see(0, words->plain); }
void lock_and_write() {
  for (int free = 0; !words->flag.compare_exchange_weak(free, 1, memory_order_acquire, memory_order_relaxed); free = 0) {
    yield_step("the litmus waits");
  }
  words->plain = words->plain + 1;
  words->flag.store(0, memory_order_release);
}
bool nothing() { return false; }
bool misses_a_plain_value() { return words->plain != 3; }

}  // namespace

const Litmus litmus[] = {
    {"message passing, relaxed", send<memory_order_relaxed>, receive<memory_order_relaxed>, nullptr, message_is_lost, Verdict::SEEN},
    {"message passing, release alone", send<memory_order_release>, receive<memory_order_relaxed>, nullptr, message_is_lost, Verdict::SEEN},
    {"message passing, acquire alone", send<memory_order_relaxed>, receive<memory_order_acquire>, nullptr, message_is_lost, Verdict::SEEN},
    {"message passing, release and acquire", send<memory_order_release>, receive<memory_order_acquire>, nullptr, message_is_lost, Verdict::UNSEEN},
    {"message passing, by fences", send_by_fence, receive_by_fence, nullptr, message_is_lost, Verdict::UNSEEN},
    {"message passing, release and a fence", send<memory_order_release>, receive_by_fence, nullptr, message_is_lost, Verdict::UNSEEN},
    {"a release sequence", send<memory_order_release>, receive<memory_order_acquire>, add_relaxed, second_message_is_lost, Verdict::UNSEEN},
    {"a release that is overwritten", send<memory_order_release>, receive<memory_order_acquire>, overwrite_relaxed, second_message_is_lost, Verdict::SEEN},
    {"store buffering, relaxed", store_x_load_y<memory_order_relaxed>, store_y_load_x<memory_order_relaxed>, nullptr, both_saw_nothing, Verdict::SEEN},
    {"store buffering, release and acquire", store_x_load_y<memory_order_release>, store_y_load_x<memory_order_release>, nullptr, both_saw_nothing, Verdict::SEEN},
    {"store buffering, sequentially consistent", store_x_load_y<memory_order_seq_cst>, store_y_load_x<memory_order_seq_cst>, nullptr, both_saw_nothing, Verdict::UNSEEN},
    {"store buffering, by fences", store_x_fence_load_y, store_y_fence_load_x, nullptr, both_saw_nothing, Verdict::UNSEEN},
    {"coherence of two loads", count_to_two, look_twice, nullptr, went_back, Verdict::UNSEEN},
    {"an older value is seen", count_to_two, look_twice, nullptr, saw_the_older, Verdict::SEEN},
    {"coherence of two threads", count_to_two, look_and_tell, be_told_and_look, went_back_between_two, Verdict::UNSEEN},
    {"three updates", add_one, add_one, add_one, an_update_is_lost, Verdict::UNSEEN},
    {"plain accesses, without an order", write_plain, read_plain, nullptr, nothing, Verdict::RACE},
    {"plain accesses, relaxed", write_plain_and_tell<memory_order_relaxed>, read_plain_when_told<memory_order_acquire>, nullptr, nothing, Verdict::RACE},
    {"plain accesses, release and acquire", write_plain_and_tell<memory_order_release>, read_plain_when_told<memory_order_acquire>, nullptr, nothing, Verdict::UNSEEN},
    {"two plain writes", write_plain, write_plain, nullptr, nothing, Verdict::RACE},
    {"plain accesses under a lock", lock_and_write, lock_and_write, lock_and_write, misses_a_plain_value, Verdict::UNSEEN},
};
const unsigned litmus_count = sizeof litmus / sizeof litmus[0];

void begin_litmus(void* memory) { words = static_cast<Words*>(memory); }

}  // namespace schedule
