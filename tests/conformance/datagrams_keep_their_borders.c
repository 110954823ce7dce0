/* SPDX-License-Identifier: MIT */
/* Each read of a datagram socket takes one datagram, each write sends one. */
#include "claim.h"

int main(void)
{
    claim_start();
    int kinds[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 2; i++) {
        int sockets[2];
        MUST(socketpair(AF_UNIX, kinds[i], 0, sockets));
        char in[3][64];
        struct aiocb reads[3], writes[3];
        const char *messages[] = {"one", "number two", "3"};
        for (int j = 0; j < 3; j++) {
            reads[j] = request(sockets[0], in[j], sizeof in[j], 0);
            SUBMIT_READ(&reads[j]);
        }
        for (int j = 0; j < 3; j++) {
            writes[j] = request(sockets[1], (void *)(uintptr_t)messages[j], strlen(messages[j]), 0);
            SUBMIT_WRITE(&writes[j]);
        }
        for (int j = 0; j < 3; j++) {
            EXPECT_RESULT(&writes[j], strlen(messages[j]));
            EXPECT_RESULT(&reads[j], strlen(messages[j]));
            CHECK(memcmp(in[j], messages[j], strlen(messages[j])) == 0);
        }
    }
    return 0;
}
