// SPDX-License-Identifier: MIT
// Attempt: what a try to do a request without waiting has come to. A kernel's result says it all only where the request
// is done; where it is not, the outcome says what stands in the way.
#pragma once

#include <cassert>
#include <cstdint>

namespace atomrt::exec {

enum class Outcome : std::uint8_t {
  DONE,        // the result is the whole request's
  NOT_READY,   // the peer is not ready, or more is to be moved
  CANNOT_ASK,  // the descriptor can't be tried without waiting
  DECLINED,    // another context has to do it, from `moved` on
  IS_STREAM,   // the descriptor takes no offsets
  UNEXAMINED,  // the descriptor has to be examined first, and nothing has been moved
};

struct [[nodiscard]] Attempt {
  Outcome outcome;
  long result = 0;  // of one that is DONE: bytes, or -errno

  // Implicit, so that an outcome other than DONE is returned by its name.
  constexpr Attempt(Outcome why_not) : outcome(why_not) { assert(why_not != Outcome::DONE); }
  static constexpr Attempt done(long result) { return Attempt(Outcome::DONE, result); }
  [[nodiscard]] constexpr bool is_done() const { return outcome == Outcome::DONE; }

 private:
  constexpr Attempt(Outcome how, long with) : outcome(how), result(with) {}
};

}  // namespace atomrt::exec
