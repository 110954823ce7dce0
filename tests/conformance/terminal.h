// SPDX-License-Identifier: MIT
/* terminal.h: a pseudo-terminal for one claim. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "claim.h"

struct terminal {
    int master, slave;
};

/* Skips the claim where there is none to be had. */
static inline struct terminal make_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
        SKIP("no pseudo-terminal: %s", strerror(errno));
    return (struct terminal){master, MUST(open(ptsname(master), O_RDWR | O_NOCTTY))};
}

#endif
