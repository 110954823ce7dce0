// SPDX-License-Identifier: MIT
#include "chain/notify.h"

#include <cerrno>

#include "os/signals.h"
#include "os/thread.h"

namespace atomrt::chain {
namespace {

void* run_notice(void* argument) {
  Notice* notice = static_cast<Notice*>(argument);
  const auto function = notice->function;
  const sigval value = notice->value;
  static_cast<NoticePool*>(notice->pool)->give(*notice);
  // As glibc does: the function runs with no signal blocked, whoever created the thread.
  os::set_signal_mask(0);
  function(value);
  return nullptr;
}

bool start_thread(NoticePool& notices, const Notification& notification) {
  Notice* notice = notices.take();
  if (notice == nullptr) return false;
  notice->function = notification.function;
  notice->value = notification.value;
  notice->pool = &notices;
  int error = os::start_application_thread(notification.attributes, run_notice, notice);
  // Attributes that no thread can have (EINVAL, EPERM) must not swallow the notification.
  if (error != 0 && error != EAGAIN) error = os::start_application_thread(nullptr, run_notice, notice);
  if (error != 0) notices.give(*notice);
  return error != EAGAIN;  // what is refused for another reason stays refused; glibc tries once
}

}  // namespace

bool notify(NoticePool& notices, const Notification& notification) {
  switch (notification.by) {
    case NotifyBy::NOTHING:
      return true;
    case NotifyBy::SIGNAL:
      return os::queue_signal(notification.signal, notification.value) != EAGAIN;
    case NotifyBy::SIGNAL_TO_THREAD:
      return os::queue_signal_to_thread(notification.thread, notification.signal, notification.value) != EAGAIN;
    case NotifyBy::THREAD:
      return start_thread(notices, notification);
  }
  return true;
}

}  // namespace atomrt::chain
