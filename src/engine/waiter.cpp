#include "engine/waiter.h"

#include "engine/take.h"
#include "exec/perform.h"
#include "os/signals.h"

namespace atomrt::engine {

bool work_for(Engine& engine, const struct aiocb* block, bool reads_too) {
  if (!config().use_waiter) return false;
  const os::SignalBlock blocked;
  chain::Chain* chain = take_for_waiter(engine, block, reads_too);
  if (chain == nullptr) return false;
  engine.workers.waiter_took_one();
  complete_and_offer(engine, *chain, exec::perform(*chain), exec::ContextId::WAITER);
  return true;
}

bool work_for_one(Engine& engine, const struct aiocb* const list[], int entries) {
  int waited_for = 0;
  for (int i = 0; i < entries; ++i) waited_for += list[i] != nullptr;
  for (int i = 0; i < entries; ++i) {
    if (list[i] != nullptr && work_for(engine, list[i], waited_for == 1)) return true;
  }
  return false;
}

}  // namespace atomrt::engine
