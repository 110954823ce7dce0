// Lookout: whether a worker that has run out of work looks for more during a moment before it sleeps. A program that
// polls aio_error submits again as soon as it sees a result, which is sooner than a thread falls asleep and is woken.
//
// Experience decides: looks that find something earn more of them, vain ones use up what is left. Afterwards one in
// RETRY is tried. Under the workers' lock.
#pragma once

namespace atomrt::exec {

class Lookout {
 public:
  static constexpr unsigned MOST = 16;
  static constexpr unsigned RETRY = 64;

  [[nodiscard]] bool is_worthwhile() {
    if (score_ > 0) return true;
    passed_over_ = (passed_over_ + 1) % RETRY;
    return passed_over_ == 0;
  }
  void look_ended(bool found) {
    if (found) {
      score_ = score_ + 2 < MOST ? score_ + 2 : MOST;
    } else if (score_ > 0) {
      --score_;
    }
  }

 private:
  unsigned score_;
  unsigned passed_over_;
};

}  // namespace atomrt::exec
