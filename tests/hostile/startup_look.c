/* SPDX-License-Identifier: MIT */
/* Prints what this process has before its first request: threads, signals caught, mappings, anonymous ones, and KiB of
 * memory that are its own: anonymous pages, and pages of files that it wrote to. The other pages of files are shared with
 * all other processes; how many of them a fault maps, and which are still to be written back, is the page cache's affair. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char text[65536];

static const char *contents(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t length = 0, part;
    while (fd >= 0 && (part = read(fd, text + length, sizeof text - 1 - (size_t)length)) > 0)
        length += part;
    text[length] = '\0';
    close(fd);
    return text;
}

static unsigned long long field(const char *path, const char *name, const char *format)
{
    unsigned long long value = 0;
    const char *line = strstr(contents(path), name);
    if (line != NULL)
        sscanf(line + strlen(name), format, &value);
    return value;
}

static unsigned long long own_memory(void)
{
    unsigned long long sum = 0;
    for (const char *line = contents("/proc/self/smaps"); *line != '\0'; line = strchr(line, '\n') + 1) {
        unsigned long long kib;
        if (sscanf(line, "Anonymous: %llu", &kib) == 1)
            sum += kib;
    }
    return sum;
}

int main(void)
{
    unsigned long long memory = own_memory();
    unsigned mappings = 0, anonymous = 0;
    for (const char *line = contents("/proc/self/maps"); line != NULL && *line != '\0';
         line = strchr(line, '\n'), line += line != NULL) {
        unsigned long inode = 1;
        sscanf(line, "%*s %*s %*s %*s %lu", &inode);
        mappings++;
        anonymous += inode == 0;
    }
    printf("%llu %llx %u %u %llu\n", field("/proc/self/status", "Threads:", "%llu"),
           field("/proc/self/status", "SigCgt:", "%llx"), mappings, anonymous, memory);
    return 0;
}
