/* SPDX-License-Identifier: MIT */
/* A read of a terminal in non-canonical mode with VMIN 0 does not wait for input, as with read: VTIME alone ends it. */
#include <termios.h>

#include "terminal.h"

int main(void)
{
    claim_start();
    struct terminal pair = make_terminal();
    int master = pair.master, terminal = pair.slave;
    for (int tenths = 0; tenths < 2; tenths++) {
        struct termios settings;
        MUST(tcgetattr(terminal, &settings));
        settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        settings.c_cc[VMIN] = 0;
        settings.c_cc[VTIME] = (cc_t)tenths;
        MUST(tcsetattr(terminal, TCSANOW, &settings));
        char bytes[16];
        struct aiocb read_request = request(terminal, bytes, sizeof bytes, 0);
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, 0);
        feed(master, "x");
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, 1);
    }
    return 0;
}
