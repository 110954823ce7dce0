/* An O_DIRECT write at the file size limit gives EFBIG by aio_error and raises no SIGXFSZ. */
#include "claim.h"

#include <sys/resource.h>

enum { SIZE = 4096 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_DIRECT, 4 * SIZE);
    MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){2 * SIZE, 2 * SIZE}));
    static _Alignas(4096) char bytes[2][SIZE];
    struct aiocb beyond = request(fd, bytes[0], SIZE, 2 * SIZE), below = request(fd, bytes[1], SIZE, SIZE);
    SUBMIT_WRITE(&beyond);
    SUBMIT_WRITE(&below);
    EXPECT_ERROR(&beyond, EFBIG);
    EXPECT_RESULT(&below, SIZE);
    CHECK(!signal_is_pending(SIGXFSZ));
    return 0;
}
