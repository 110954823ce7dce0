/* A read that waits on a terminal can be cancelled, and takes no line that comes later.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

int main(void)
{
    claim_start();
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
        SKIP("no pseudo-terminal: %s", strerror(errno));
    int terminal = MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
    char bytes[16] = "", later[16] = "";
    struct aiocb read_request = request(terminal, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    EXPECT_IN_PROGRESS(&read_request);
    CHECK_INT(aio_cancel(terminal, &read_request), AIO_CANCELED);
    EXPECT_ERROR(&read_request, ECANCELED);
    feed(master, "line\n");
    CHECK_INT(read(terminal, later, sizeof later), 5);
    CHECK(memcmp(later, "line\n", 5) == 0);
    return 0;
}
