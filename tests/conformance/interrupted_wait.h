// SPDX-License-Identifier: MIT
/* A thread that waits in a function of the claim's choice while signals hit it: shared by the claims about EINTR, SA_RESTART
 * and handlers. */
#ifndef INTERRUPTED_WAIT_H
#define INTERRUPTED_WAIT_H

#include "claim.h"

struct interrupted_wait {
    int (*wait)(void *); /* what the thread does; its result and errno are kept */
    void *argument;
    int result, error;
    atomic_int tid, ended;
    pthread_t thread;
};

static atomic_int interruptions;

static inline void count_interruption(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    atomic_fetch_add(&interruptions, 1);
}

static inline void *run_interrupted_wait(void *argument)
{
    struct interrupted_wait *wait = argument;
    atomic_store(&wait->tid, gettid());
    errno = 0;
    wait->result = wait->wait(wait->argument);
    wait->error = errno;
    atomic_store(&wait->ended, 1);
    return NULL;
}

/* Starts the thread and returns when it is asleep. */
static inline void begin_wait(struct interrupted_wait *wait)
{
    atomic_store(&interruptions, 0);
    atomic_store(&wait->tid, 0);
    atomic_store(&wait->ended, 0);
    start_thread(&wait->thread, run_interrupted_wait, wait);
    WAIT_UNTIL(atomic_load(&wait->tid) != 0 && is_asleep(atomic_load(&wait->tid)));
}

/* Sends signals until the wait ends. */
static inline void interrupt_until_it_ends(struct interrupted_wait *wait)
{
    WAIT_UNTIL(atomic_load(&wait->ended) || (pthread_kill(wait->thread, SIGUSR1), false));
    JOIN(wait->thread, NULL);
    CHECK(atomic_load(&interruptions) > 0);
}

/* Sends `count` signals, each when the thread is asleep again; false when the wait has ended by then. */
static inline bool interrupt_while_it_waits(struct interrupted_wait *wait, int count)
{
    for (int i = 1, before = atomic_load(&interruptions); i <= count; i++) {
        WAIT_UNTIL(atomic_load(&wait->ended) || is_asleep(atomic_load(&wait->tid)));
        if (atomic_load(&wait->ended))
            return false;
        pthread_kill(wait->thread, SIGUSR1);
        WAIT_UNTIL(atomic_load(&interruptions) >= before + i);
    }
    return true;
}

static inline void end_wait(struct interrupted_wait *wait)
{
    JOIN(wait->thread, NULL);
}

#endif
