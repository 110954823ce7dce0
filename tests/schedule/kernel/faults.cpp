// SPDX-License-Identifier: MIT
#include "kernel/faults.h"

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

}  // namespace

void set_fault(unsigned call, int error) {
  fault_at = call;
  fault = error;
}
int present_fault() { return fault; }
void reset_faults() { calls.clear(); }

int next_fault(const char* name, const int* errors) {
  calls.push_back({name, errors});
  if (calls.size() != fault_at) return 0;
  for (const int* error = errors; *error != 0; ++error) {
    if (*error == fault) {
      trace("%s is made to fail: %d", name, fault);
      return fault;
    }
  }
  return 0;
}

unsigned fallible_calls() { return static_cast<unsigned>(calls.size()); }
const int* errors_of_call(unsigned call) { return calls[call - 1].errors; }
const char* name_of_call(unsigned call) { return calls[call - 1].name; }

}  // namespace schedule
