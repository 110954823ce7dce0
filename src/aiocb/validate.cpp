// SPDX-License-Identifier: MIT
#include "aiocb/validate.h"

#include <fcntl.h>

namespace atomrt::aiocb {

int check_sync_operation(int operation) { return operation == O_SYNC || operation == O_DSYNC ? 0 : EINVAL; }

int check_list_mode(int mode, int entries) {
  return (mode != LIO_WAIT && mode != LIO_NOWAIT) || entries < 0 ? EINVAL : 0;
}

}  // namespace atomrt::aiocb
