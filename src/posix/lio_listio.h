// SPDX-License-Identifier: MIT
// lio_listio's work, shared by its versions.
#pragma once

#include <algorithm>

#include "aiocb/validate.h"
#include "base/tuning.h"
#include "chain/build.h"
#include "engine/list.h"
#include "engine/waiter.h"
#include "posix/transfer.h"

namespace atomrt::posix {

// 0, or why the entry was refused: EINVAL (aio_reqprio, sigev_notify), EAGAIN. The aiocb says it too.
template <typename Block>
int submit_entry(Block* block, chain::Group& group, exec::Budget& budget, bool sends_each) {
  const auto refuse = [&](int error) {
    aiocb::store_result(reinterpret_cast<struct aiocb*>(block), -error);
    group.fail();
    return error;
  };
  int error = aiocb::check_priority(block->aio_reqprio);
  if (error == 0 && sends_each) error = aiocb::check_notification(block->aio_sigevent);
  if (error != 0) return refuse(error);
  if (block->aio_lio_opcode != LIO_READ && block->aio_lio_opcode != LIO_WRITE) {
    refuse(EINVAL);
    return 0;  // as in glibc the call goes on; the entry reports it by aio_error
  }
  const bool reads = block->aio_lio_opcode == LIO_READ;
  chain::Request request = chain::build(block, reads ? chain::Operation::READ : chain::Operation::WRITE);
  if (!sends_each) request.notification = {};
  request.group = &group;
  group.add();
  error = submit_block(*block, request, budget);
  if (error != 0) {
    group.fail();
    [[maybe_unused]] const bool last = group.count_down();  // never: the call itself still counts
  }
  return error;
}

template <typename Block>
bool notifies(const Block& block) {
  return chain::build_notification(block.aio_sigevent).by != chain::NotifyBy::NOTHING;
}

template <typename Block>
bool any_notifies(Block* const list[], int entries) {
  return std::any_of(list, list + entries, [](const Block* block) {
    return block != nullptr && block->aio_lio_opcode != LIO_NOP && notifies(*block);
  });
}

// Nothing is done: each entry says EAGAIN, too.
template <typename Block>
int refuse_list(Block* const list[], int entries) {
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr || list[i]->aio_lio_opcode == LIO_NOP) continue;
    aiocb::store_result(reinterpret_cast<struct aiocb*>(list[i]), -EAGAIN);
  }
  return report(EAGAIN);
}

template <typename Block>
int submit_list(int mode, Block* const list[], int entries, struct sigevent* event, bool sends_each) {
  int error = aiocb::check_list_mode(mode, entries);
  const bool waits = mode == LIO_WAIT;
  if (error == 0 && !waits && event != nullptr) error = aiocb::check_notification(*event);
  if (error != 0) return report(error);

  engine::Engine* engine = engine::engine();
  if (engine == nullptr) return refuse_list(list, entries);
  const chain::Notification notification =
      !waits && event != nullptr ? chain::build_notification(*event) : chain::Notification{};
  const engine::KeptSpawner spawner(*engine, notification.by == chain::NotifyBy::THREAD);
  chain::Group* group = spawner.is_missing() ? nullptr : engine->registry.groups.take();
  if (group == nullptr) return refuse_list(list, entries);
  group->open(waits, notification);
  // Not where an entry notifies: its function may free the aiocb before the caller comes to look at it.
  const bool caller_runs = waits && !any_notifies(list, entries);
  if (caller_runs) group->let_caller_run();

  exec::Budget budget(waits ? exec::Budget::UNLIMITED : exec::Budget::ONE_CALL);
  os::SignalStretch signals;
  const auto let_handlers_run = [&] {
    signals.end();
    budget.know(-1);
  };
  group->submit_with(&signals);
  for (int i = 0; i < entries; ++i) {
    if (list[i] == nullptr || list[i]->aio_lio_opcode == LIO_NOP) continue;
    // The thread's own mask tells whether a handler may be running: engine/relay.h.
    if (notifies(*list[i])) let_handlers_run();
    const unsigned queued = signals.uses();
    const int refusal = submit_entry(list[i], *group, budget, sends_each);
    if (refusal != 0) error = refusal;
    // As long as one after the other is queued, but not for long.
    if (signals.uses() == queued || signals.uses() >= tuning::STRETCH_ENTRIES) let_handlers_run();
  }
  let_handlers_run();
  group->submit_with(nullptr);
  engine::close_group(*engine, *group);
  if (!waits) return report(error);
  if (caller_runs) engine::work_for_all(*engine, list, entries);
  const int outcome = engine::wait_for_group(*engine, *group);
  return report(outcome == EIO && error == EAGAIN ? EAGAIN : outcome);
}

}  // namespace atomrt::posix
