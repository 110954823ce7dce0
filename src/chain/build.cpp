// SPDX-License-Identifier: MIT
#include "chain/build.h"

// The member that sigevent(7) names; older glibc headers have only the private spelling.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace atomrt::chain {

Notification build_notification(const struct sigevent& event) {
  Notification notification{};
  notification.value = event.sigev_value;
  switch (event.sigev_notify) {
    case SIGEV_SIGNAL:
    case SIGEV_THREAD_ID:
      if (event.sigev_signo == 0) break;
      notification.signal = event.sigev_signo;
      notification.by = NotifyBy::SIGNAL;
      if (event.sigev_notify == SIGEV_THREAD_ID) {
        notification.by = NotifyBy::SIGNAL_TO_THREAD;
        notification.thread = event.sigev_notify_thread_id;
      }
      break;
    case SIGEV_THREAD:
      notification.by = NotifyBy::THREAD;
      notification.function = event.sigev_notify_function;
      notification.attributes = event.sigev_notify_attributes;
      break;
    default:
      break;
  }
  return notification;
}

}  // namespace atomrt::chain
