// SPDX-License-Identifier: MIT
/* A read of a terminal in non-canonical mode that is shorter than VMIN ends when it has its bytes, as with read, though
 * poll waits for VMIN of them. */
#include <termios.h>

#include "terminal.h"

int main(void)
{
    claim_start();
    struct terminal pair = make_terminal();
    int master = pair.master, terminal = pair.slave;
    struct termios settings;
    MUST(tcgetattr(terminal, &settings));
    settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    settings.c_cc[VMIN] = 5;
    settings.c_cc[VTIME] = 0;
    MUST(tcsetattr(terminal, TCSANOW, &settings));
    char bytes[16];
    struct aiocb reading = request(terminal, bytes, 2, 0);
    feed(master, "12");
    SUBMIT_READ(&reading);
    EXPECT_RESULT(&reading, 2);
    SUBMIT_READ(&reading);
    EXPECT_IN_PROGRESS(&reading);
    feed(master, "34");
    EXPECT_RESULT(&reading, 2);
    CHECK_INT(bytes[1], '4');

    /* A longer one waits for all of VMIN. */
    reading = request(terminal, bytes, sizeof bytes, 0);
    feed(master, "123");
    SUBMIT_READ(&reading);
    STAYS_IN_PROGRESS(&reading);
    feed(master, "456");
    EXPECT_RESULT(&reading, 6);
    return 0;
}
