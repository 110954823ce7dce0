# SPDX-License-Identifier: MIT
"""Known faults of the library, each put back by an exchange of words in one file of src/."""
from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    path: str  # below src/
    old: str
    new: str
    is_quick: bool = False  # found within seconds; the checks take these alone
    is_weak: bool = False  # shows only where memory is weak
    options: tuple = ()  # of the search: the scenario that it needs


def weakened(name, path, words, is_quick=False, options=()):
    """The operations of the line with these words order nothing: the search does without what they ask for."""
    return Mutant(name, path, words, words, is_quick, True, options)


RING = ("--scenario", "ring")  # whoever has nothing to do with it need not be asked
KNOWN = ("--scenario", "a_known_file_is_whole")

MUTANTS = [
    Mutant("a_mutex_wakes_nobody", "os/mutex.h", "== 2) futex_wake(word_, 1);", "== 3) futex_wake(word_, 1);"),
    Mutant("a_mutex_sleeps_unseen", "os/mutex.h", "while (word_.exchange(2, std::memory_order_acquire) != 0)",
           "while (word_.exchange(1, std::memory_order_acquire) != 0)"),
    Mutant("a_pool_without_a_tag", "os/slot_pool.h", "((old_head >> 32) + 1) << 32 | number", "(old_head >> 32) << 32 | number"),
    Mutant("results_in_the_wrong_order", "aiocb/fields.h",
           "  __atomic_store_n(&block->__return_value, result < 0 ? -1 : result, __ATOMIC_RELAXED);\n"
           "  __atomic_store_n(&block->__error_code, result < 0 ? static_cast<int>(-result) : 0, __ATOMIC_RELEASE);",
           "  __atomic_store_n(&block->__error_code, result < 0 ? static_cast<int>(-result) : 0, __ATOMIC_RELEASE);\n"
           "  __atomic_store_n(&block->__return_value, result < 0 ? -1 : result, __ATOMIC_RELAXED);"),
    Mutant("a_finish_that_stays_in_its_lane", "chain/finish.cpp", "return registry.lanes.leave(chain);", "return {};", is_quick=True),
    Mutant("a_dropped_generation_check", "chain/in_flight.h",
           "if (generation_of(*chain) != name.generation || chain->block != block) return false;", ""),
    Mutant("a_claim_of_any_generation", "chain/chain.h",
           "std::uint64_t expected = packed(generation, static_cast<std::uint32_t>(from));",
           "std::uint64_t expected = packed(generation_of(chain), static_cast<std::uint32_t>(from)); (void)generation;"),
    Mutant("a_claim_without_a_comparison", "engine/take.cpp", "if (!claim(chain, generation, Place::BLOCKED)) break;",
           "put(chain, Place::RUNNING); (void)generation;", is_quick=True),
    Mutant("a_cancel_that_does_not_wait_for_the_claim", "engine/cancel.cpp",
           "    case Take::IS_MOVING:\n      return Visit::AGAIN;\n", "    case Take::IS_MOVING:\n      break;\n", is_quick=True),
    Mutant("a_visitor_that_waits_at_a_place_that_lasts", "chain/in_flight.h",
           "if (!is_between(place) && place != Place::ENDING) return;", "(void)place;", is_quick=True,
           options=("--scenario", "blocked_reads_without_kernel_polls")),
    Mutant("a_cancel_that_does_not_wait_for_the_end", "engine/cancel.cpp",
           "if (place_of(chain) == chain::Place::ENDING) return Visit::AGAIN;", "", is_quick=True),
    Mutant("a_cancel_with_signals_unblocked", "engine/cancel.cpp",
           "  const os::SignalBlock blocked;\n  Tally outcome{};\n  Chain* const lone",
           "  Tally outcome{};\n  Chain* const lone", is_quick=True),
    Mutant("a_duplicate_that_is_kept", "engine/duplicates.cpp", "os::system_call(SYS_close, duplicate.fd);", "", is_quick=True),
    Mutant("a_duplicate_that_a_child_keeps", "engine/duplicates.cpp", "if (!is_past) close_in_child(entry, state);", "(void)is_past;",
           is_quick=True),
    Mutant("a_duplicate_that_is_forgotten_in_a_fork", "engine/duplicates.cpp", "forks_of(now) > 0 ? GONE : FREE", "FREE",
           options=("--scenario", "a_child_is_forked_while_a_duplicate_goes")),
    Mutant("a_duplicate_that_is_noted_too_late", "engine/duplicates.cpp",
           "entry->state.store(MAKING, std::memory_order_release);", ""),
    Mutant("a_closing_call_that_forgets_what_is_queued", "engine/hold.cpp",
           "if (engine.workers.change_queued(chain, change)) return Visit::DONE;", "return Visit::DONE;"),
    Mutant("a_closing_call_that_forgets_what_is_begun", "engine/hold.cpp", "  let_enter_kernel(*engine, fd, *hold);\n", "", is_quick=True),
    Mutant("a_closing_call_that_takes_moving_for_over", "engine/hold.cpp",
           "return is_between(place) || place == Place::RUNNING ||", "return place == Place::RUNNING ||",
           options=("--scenario", "a_number_is_replaced_by_a_full_pipe")),
    Mutant("a_child_that_keeps_the_engine", "os/memory.cpp",
           "if (system_call(SYS_madvise, memory, size, MADV_WIPEONFORK) != 0) return false;", ""),
    Mutant("an_engine_wiped_before_it_is_there", "engine/engine.cpp", "if (Engine* present = process_engine.load()) std::memset",
           "Engine* present = process_engine.load(); std::memset",
           options=("--scenario", "a_handler_forks")),
    Mutant("a_wrong_claim_to_in_aio", "exec/direct.cpp", "claim(chain, generation, Place::IN_SUBMIT, Place::IN_AIO)",
           "(put(chain, Place::IN_AIO), generation != 0)"),
    Mutant("a_context_counted_once_too_often", "exec/direct.cpp",
           "  users_.fetch_sub(1, std::memory_order_release);\n  if (accepted != 1)", "  if (accepted != 1)"),
    Mutant("a_context_that_is_never_given_back", "exec/direct.cpp",
           "if (ring != nullptr) os::destroy_aio_context(ring);", ""),
    Mutant("an_event_looked_at_too_early", "exec/direct.cpp",
           "processed_.store(next, std::memory_order_relaxed);", "processed_.store(tail, std::memory_order_relaxed);"),
    Mutant("a_sync_that_waits_for_nothing", "chain/lane.cpp", "if (must_wait(*lane, chain)) {",
           "if (chain.order != Order::SYNC && must_wait(*lane, chain)) {", is_quick=True),
    Mutant("a_sync_that_overlooks_a_lone_write", "engine/placing.cpp", "    list_all_lone(engine);\n", ""),
    Mutant("a_lone_write_left_behind_by_the_watch", "exec/worker_watch.cpp", "  look_after_lone_locked(true);\n", ""),
    Mutant("a_lone_read_put_back_behind_the_watch", "engine/lone.cpp",
           "  return engine.workers.keeps_watch() || !claim(chain, generation, Place::LONE);\n",
           "  static_cast<void>(generation);\n  return true;\n"),
    Mutant("a_lone_write_that_is_closed_behind_its_waiter", "engine/hold.cpp", "  list_lone(*engine, fd);\n", ""),
    Mutant("streams_out_of_order", "chain/lane.cpp", "if (must_wait(*lane, chain)) {",
           "if (chain.order == Order::SYNC && must_wait(*lane, chain)) {"),
    Mutant("a_waiter_that_is_not_woken", "chain/waiters.cpp",
           "== os::QUIET) os::futex_wake(waiter.bell, 1);", "== os::POKED) os::futex_wake(waiter.bell, 1);", is_quick=True),
    Mutant("a_second_waiter_that_is_forgotten", "chain/waiters.cpp",
           "const std::uint32_t next = present == NOBODY ? waiter.number : SHARED;",
           "const std::uint32_t next = waiter.number;"),
    Mutant("a_worker_that_misses_its_wake_up", "exec/workers.cpp",
           "  const std::uint32_t seen = sequence_.load(std::memory_order_relaxed);\n  mutex_.unlock();",
           "  mutex_.unlock();\n  const std::uint32_t seen = sequence_.load(std::memory_order_relaxed);"),
    Mutant("a_notification_that_is_dropped", "engine/engine.cpp", "  engine.retrier.add(chain);\n", "", is_quick=True),
    Mutant("a_notification_sent_twice", "chain/finish.cpp",
           "tail != Tail::NOTIFY || notify(registry.notices, request.notification);",
           "tail != Tail::NOTIFY || (notify(registry.notices, request.notification) && "
           "notify(registry.notices, request.notification));"),
    # Streams that kernel AIO polls for.
    Mutant("a_closing_call_that_does_not_wait_for_io_submit", "engine/hold.cpp",
           "      case Place::IN_SUBMIT:\n      case Place::ASKING:\n      case Place::READY:\n        return Visit::AGAIN;",
           "        return Visit::AGAIN;\n      case Place::IN_SUBMIT:\n      case Place::ASKING:\n      case Place::READY:\n"
           "        return Visit::DONE;"),
    Mutant("a_cancel_that_overlooks_who_is_in_io_submit", "engine/take.cpp",
           "      case Place::ASKING:\n      case Place::READY:\n        return to_run ? Take::LEFT : Take::IS_MOVING;",
           "        return to_run ? Take::LEFT : Take::IS_MOVING;\n      case Place::ASKING:\n      case Place::READY:\n"
           "        return Take::LEFT;"),
    Mutant("an_event_that_comes_before_its_submitter_is_back", "exec/direct_polls.cpp",
           "    if (claim(chain, generation, Place::ASKING, Place::READY)) return false;\n", ""),
    Mutant("a_poll_that_is_asked_for_too_late", "exec/direct_polls.cpp",
           "  put(chain, Place::ASKING);\n  if (const long accepted = os::submit_aio(ring_.load(std::memory_order_relaxed), entries, 1); accepted != 1) {\n",
           "  const long accepted = os::submit_aio(ring_.load(std::memory_order_relaxed), entries, 1);\n"
           "  put(chain, Place::ASKING);\n  if (accepted != 1) {\n"),
    # The ring.
    Mutant("a_doorbell_that_nobody_rings", "exec/ring.cpp", "    nudge();\n    if (is_there", "    if (is_there", options=RING),
    Mutant("a_ring_that_sleeps_over_a_letter", "exec/ring_thread.cpp",
           "  if (!ring_.mailbox_.is_empty()) {\n    ring_.doorbell_.store(0, std::memory_order_relaxed);\n    return true;\n  }\n", "", options=RING),
    Mutant("a_ring_that_leaves_with_a_letter", "exec/ring_thread.cpp",
           "if (ring_.mailbox_.is_empty()) return true;", "return true;", options=RING),
    Mutant("a_ring_that_listens_once", "exec/ring_thread.cpp", "    listens_ = false;\n", "", options=RING),
    Mutant("a_completion_that_is_seen_twice", "exec/ring_thread.cpp", "io_uring_cq_advance(&uring_.ring, count);",
           "io_uring_cq_advance(&uring_.ring, count > 1 ? count - 1 : count);", options=RING),
    Mutant("a_poll_that_ends_for_another", "exec/ring_thread.cpp",
           "chain::claim_patiently(chain, generation, Place::BLOCKED, Place::MOVING)) {\n    became_ready",
           "chain::claim_patiently(chain, generation_of(chain), Place::BLOCKED, Place::MOVING)) {\n    became_ready", options=RING),
    Mutant("a_poll_that_is_not_taken_back", "exec/ring.cpp", "if (mailbox_.post(Mailbox::Wish::FORGET, name)) nudge();",
           "(void)name;", options=RING),
    Mutant("a_short_transfer_taken_for_whole", "exec/ring_thread.cpp",
           "is_sync(chain.operation) || result == 0 || bytes_left(chain) == 0;", "true;", options=RING),
    Mutant("a_refusal_taken_for_the_result", "exec/ring_thread.cpp", "} else if (is_refusal(result)) {", "} else if (false) {", options=RING),
    Mutant("a_ring_with_more_than_it_has_room_for", "exec/ring_thread.cpp",
           "  if (!has_room_for(chain)) return pass_on(chain);\n", "", options=RING),
    Mutant("a_forbidden_ring_that_keeps_its_polls", "exec/ring_forbidden.cpp", "  ring_.refuse();\n  pass_on_polls();\n",
           "  ring_.refuse();\n", options=RING),
    Mutant("an_unsent_transfer_taken_for_begun", "exec/ring_thread.cpp", "if (is_forbidden_ && is_unsent(chain)) {",
           "if (false) {", options=RING),
    # The spawner.
    Mutant("a_notification_that_makes_its_thread_itself", "engine/engine.cpp",
           "finish(engine.registry, chain, result, chain::Threads::LEFT)",
           "finish(engine.registry, chain, result, chain::Threads::MADE)", is_quick=True,
           options=("--scenario", "a_handler_waits_inside_malloc")),
    Mutant("a_worker_that_makes_the_next_one_itself", "exec/workers.cpp",
           "if (may_start == MayStart::ASKS) {", "if (false) {",
           is_quick=True, options=("--scenario", "a_handler_waits_inside_malloc_for_workers")),
    Mutant("a_spawner_that_nobody_wakes", "exec/spawner.cpp",
           "if ((wanted_.fetch_or(ASKED, std::memory_order_seq_cst) & ASLEEP) != 0) os::futex_wake(wanted_, 1);",
           "wanted_.fetch_or(ASKED, std::memory_order_seq_cst);", is_quick=True),
    Mutant("a_spawner_that_sleeps_unseen", "exec/spawner.cpp", "if (is_needed()) os::futex_wait(wanted_, HOW);",
           "os::futex_wait(wanted_, HOW);"),
    Mutant("a_spawner_that_leaves_without_a_last_look", "exec/spawner.cpp",
           "if ((wanted_.load(std::memory_order_seq_cst) & ASKED) == 0) return true;", "return true;"),
    Mutant("a_thread_that_counts_on_one_to_be_made", "exec/workers.cpp",
           "const unsigned coming = waking_ + looking_ + telling_;",
           "const unsigned coming = waking_ + looking_ + telling_ + starting_;",
           options=("--scenario", "a_handler_waits_inside_malloc_for_workers")),
    # Orders that x86 gives anyway.
    weakened("a_mutex_that_releases_nothing", "os/mutex.h", "word_.exchange(0, std::memory_order_release)", is_quick=True),
    weakened("a_result_that_releases_nothing", "aiocb/fields.h",
             "result < 0 ? static_cast<int>(-result) : 0, __ATOMIC_RELEASE", is_quick=True),
    weakened("a_bell_that_orders_nothing", "chain/waiters.cpp", "bell.exchange(os::RUNG, std::memory_order_acq_rel)", is_quick=True),
    weakened("a_pool_that_releases_nothing", "os/slot_pool.h",
             "tagged(head, first.number), std::memory_order_release", is_quick=True),
    weakened("a_place_that_releases_nothing", "chain/chain.h",
             "static_cast<std::uint32_t>(place)), std::memory_order_release", is_quick=True),
    weakened("a_countdown_that_orders_nothing", "chain/group.h", "remaining_.fetch_sub(1, std::memory_order_acq_rel)"),
    weakened("a_start_that_is_not_released", "engine/engine.cpp", "engine.is_started.store(1, std::memory_order_release)", is_quick=True),
    weakened("a_closed_word_out_of_turn", "chain/waiters.cpp", "packed(generation_of(chain) + 1, low), std::memory_order_seq_cst", is_quick=True),
    weakened("a_doorbell_out_of_turn", "exec/ring_thread.cpp", "ring_.doorbell_.store(1, std::memory_order_seq_cst)",
             options=RING),
    weakened("a_mailbox_that_releases_nothing", "exec/mailbox.h",
             "newest_.compare_exchange_weak(newest, letter->number, std::memory_order_seq_cst,", options=RING),
    weakened("a_seqlock_without_its_fence", "chain/known_file.h", "std::atomic_thread_fence(std::memory_order_acquire);",
             options=KNOWN),
    weakened("a_seqlock_whose_writer_has_no_fence", "chain/known_file.h",
             "std::atomic_thread_fence(std::memory_order_release);", options=KNOWN),
]
