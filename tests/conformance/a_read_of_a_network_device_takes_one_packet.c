// SPDX-License-Identifier: MIT
/* A read of a network device that a program drives (TUN) takes one packet, though it takes offsets and more wait behind;
 * reads take the packets in the order of the calls, also where one waits when the next is made. */
#include "claim.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

enum { HEADERS = 28, BODY = 11, PACKET = HEADERS + BODY, ROUNDS = 100 }; /* of IPv4 and UDP */

static const struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = 0x0900, .sin_addr.s_addr = 0x0264630a};
static int sender;

/* In a network of the claim's own, where nobody else sends. */
static int make_device(void)
{
    if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER) == -1)
        SKIP("no network namespace: %s", strerror(errno));
    int without_ipv6 = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (without_ipv6 != -1) {
        if (write(without_ipv6, "1", 1) != 1)
            SKIP("disable_ipv6: %s", strerror(errno)); /* it would send packets of its own */
        close(without_ipv6);
    }
    int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (device == -1)
        SKIP("/dev/net/tun: %s", strerror(errno));
    struct ifreq settings;
    memset(&settings, 0, sizeof settings);
    settings.ifr_flags = IFF_TUN | IFF_NO_PI;
    strcpy(settings.ifr_name, "claim0");
    if (ioctl(device, TUNSETIFF, &settings) == -1)
        SKIP("TUNSETIFF: %s", strerror(errno));
    sender = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0164630a};
    memcpy(&settings.ifr_addr, &address, sizeof address);
    MUST(ioctl(sender, SIOCSIFADDR, &settings));
    address.sin_addr.s_addr = 0x00ffffff;
    memcpy(&settings.ifr_netmask, &address, sizeof address);
    MUST(ioctl(sender, SIOCSIFNETMASK, &settings));
    MUST(ioctl(sender, SIOCGIFFLAGS, &settings));
    settings.ifr_flags |= IFF_UP;
    MUST(ioctl(sender, SIOCSIFFLAGS, &settings));
    return device;
}

static void send_packet(char number)
{
    char body[BODY];
    memset(body, number, sizeof body);
    CHECK_INT(sendto(sender, body, sizeof body, 0, (const struct sockaddr *)&peer, sizeof peer), sizeof body);
}

int main(void)
{
    claim_start();
    int device = make_device();
    char first[2000], second[2000];
    static const size_t lengths[] = {PACKET, sizeof first};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            struct aiocb one = request(device, first, lengths[i], 0), two = request(device, second, lengths[i], 0);
            const int sent_before = round % 3; /* packets that wait when the reads are made */
            for (int j = 0; j < sent_before; j++)
                send_packet((char)('1' + j));
            SUBMIT_READ(&one);
            if (sent_before == 0)
                send_packet('1');
            SUBMIT_READ(&two);
            if (sent_before < 2)
                send_packet('2');
            EXPECT_RESULT(&one, PACKET);
            EXPECT_RESULT(&two, PACKET);
            CHECK_INT(first[PACKET - 1], '1');
            CHECK_INT(second[PACKET - 1], '2');
        }
    }
    return 0;
}
