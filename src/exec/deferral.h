// Deferral: which files' buffered writes are taken over by the threads that wait for them. Waking a worker for such a
// request is waste: by the time it comes the request is over.
//
// A score per descriptor number (numbers that share an entry share its fate), relaxed: a hint that costs speed where it
// is wrong. Waiters raise it, a worker that finds such a request lying, or a crowd of them, ends it.
#pragma once

#include <atomic>
#include <cstdint>

namespace atomrt::exec {

class Deferral {
 public:
  void waiter_took(int fd) {
    takes_.fetch_add(1, std::memory_order_relaxed);
    std::atomic<std::uint8_t>& score = entry(fd);
    const std::uint8_t present = score.load(std::memory_order_relaxed);
    if (present < ENOUGH) score.store(static_cast<std::uint8_t>(present + 1), std::memory_order_relaxed);
  }
  void end(int fd) { entry(fd).store(0, std::memory_order_relaxed); }
  [[nodiscard]] bool is_on(int fd) const { return entry(fd).load(std::memory_order_relaxed) == ENOUGH; }
  // Rises with every take.
  [[nodiscard]] std::uint32_t takes() const { return takes_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint8_t ENOUGH = 4;
  static constexpr unsigned ENTRIES = 64;
  [[nodiscard]] std::atomic<std::uint8_t>& entry(int fd) { return scores_[static_cast<unsigned>(fd) % ENTRIES]; }
  [[nodiscard]] const std::atomic<std::uint8_t>& entry(int fd) const {
    return scores_[static_cast<unsigned>(fd) % ENTRIES];
  }

  std::atomic<std::uint32_t> takes_;
  std::atomic<std::uint8_t> scores_[ENTRIES];
};

}  // namespace atomrt::exec
