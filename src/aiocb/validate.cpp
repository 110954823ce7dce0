#include "aiocb/validate.h"

#include <fcntl.h>

#include <csignal>

namespace atomrt::aiocb {

int check_priority(int aio_reqprio) { return aio_reqprio < 0 || aio_reqprio > MOST_PRIORITY_DELTA ? EINVAL : 0; }

int check_notification(const struct sigevent& event) {
  switch (event.sigev_notify) {
    case SIGEV_SIGNAL:
    case SIGEV_NONE:
    case SIGEV_THREAD:
    case SIGEV_THREAD_ID:
      return 0;
    default:
      return EINVAL;
  }
}

int check_sync_operation(int operation) { return operation == O_SYNC || operation == O_DSYNC ? 0 : EINVAL; }

int check_list_mode(int mode, int entries) {
  return (mode != LIO_WAIT && mode != LIO_NOWAIT) || entries < 0 ? EINVAL : 0;
}

}  // namespace atomrt::aiocb
