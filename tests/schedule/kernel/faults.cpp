// SPDX-License-Identifier: MIT
#include "kernel/faults.h"

#include <cerrno>
#include <vector>

#include "machine/report.h"

namespace schedule {
namespace {

unsigned fault_at;
int fault;
struct Call {
  const char* name;
  const int* errors;
};
std::vector<Call> calls;
Cost cost;
Direction direction_of_cost;

// A call that is interrupted or would have to wait is made again; what the kernel does not have is done without.
bool is_passing(int error) { return error == EINTR || error == EAGAIN || error == EOPNOTSUPP || error == ENOSYS; }

}  // namespace

void set_fault(unsigned call, int error) {
  fault_at = call;
  fault = error;
}
int present_fault() { return fault; }
void reset_faults() {
  calls.clear();
  cost = Cost::NOTHING;
  direction_of_cost = Direction::NONE;
}
Cost cost_of_fault() { return cost; }
Direction direction_of_fault() { return direction_of_cost; }

int next_fault(const char* name, const int* errors, bool takes_room, Direction direction) {
  calls.push_back({name, errors});
  if (calls.size() != fault_at) return 0;
  for (const int* error = errors; *error != 0; ++error) {
    if (*error == fault) {
      trace("%s is made to fail: %d", name, fault);
      const bool has_result = direction != Direction::NONE && !is_passing(fault);
      cost = takes_room && fault != ENOSYS ? Cost::ROOM : has_result ? Cost::A_RESULT : Cost::NOTHING;
      direction_of_cost = has_result ? direction : Direction::NONE;
      return fault;
    }
  }
  return 0;
}

unsigned fallible_calls() { return static_cast<unsigned>(calls.size()); }
const int* errors_of_call(unsigned call) { return calls[call - 1].errors; }
const char* name_of_call(unsigned call) { return calls[call - 1].name; }

}  // namespace schedule
