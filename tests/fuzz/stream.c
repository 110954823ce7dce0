/* SPDX-License-Identifier: MIT */
/* Pipes and sockets. The bytes of write number W are W and their place in it; a read must get what the writes put in, in
 * the order of the calls on both sides, whatever was cancelled in between. */
#include "fuzz.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUEUE = 64, MEMORY = 1 << 20 };

struct ended {
    bool is_over;
    size_t bytes;
    unsigned char *data;  /* of a read, and of a write as it was submitted */
};

struct stream {
    int reader, writer;
    bool is_socket;
    unsigned long calls[2], told[2];  /* of reads and writes: made, and whose bytes are taken into account */
    struct ended ended[2][QUEUE];
    unsigned char *expected;  /* written, not read yet */
    size_t expected_bytes;
    unsigned char *got;  /* read, the write not over yet */
    size_t got_bytes;
};

struct stream *stream_make(bool is_socket)
{
    int ends[2];
    struct stream *stream = calloc(1, sizeof *stream);
    MUST((is_socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe(ends)) == 0);
    *stream = (struct stream){.reader = ends[0], .writer = ends[1], .is_socket = is_socket};
    stream->expected = malloc(MEMORY);
    stream->got = malloc(MEMORY);
    return stream;
}

int stream_descriptor(const struct stream *stream, bool reader) { return reader ? stream->reader : stream->writer; }

bool stream_is_at_rest(const struct stream *stream)
{
    return stream->calls[0] == stream->told[0] && stream->calls[1] == stream->told[1];
}

bool stream_submit(struct worker *worker, struct op *op, struct stream *stream)
{
    const bool writes = random_one_in(&worker->random, 2);
    if (stream->calls[writes] - stream->told[writes] >= 12)
        return false;
    op->kind = writes ? KIND_STREAM_WRITE : KIND_STREAM_READ;
    op->file = stream == worker->streams[1];
    op->turn = stream->calls[writes];
    op->block.aio_fildes = writes ? stream->writer : stream->reader;
    op->block.aio_nbytes = 1 + random_below(&worker->random, random_one_in(&worker->random, 4) ? MOST_BLOCKS * BLOCK : 200);
    op->must_end = false;
    if (writes)
        for (size_t at = 0; at < op->block.aio_nbytes; ++at)
            op->buffer[at] = (unsigned char)(op->turn * 7 + at * 13 + (at >> 8));
    if (!op_took_off(worker, op, writes ? aio_write(&op->block) : aio_read(&op->block)))
        return false;
    stream->ended[writes][stream->calls[writes]++ % QUEUE] = (struct ended){0};
    return true;
}

static void compare(struct worker *worker, struct stream *stream)
{
    const size_t both = stream->got_bytes < stream->expected_bytes ? stream->got_bytes : stream->expected_bytes;
    if (memcmp(stream->got, stream->expected, both) != 0)
        give_up("worker %u: a %s gave other bytes than were written", worker->index, stream->is_socket ? "socket" : "pipe");
    memmove(stream->got, stream->got + both, stream->got_bytes -= both);
    memmove(stream->expected, stream->expected + both, stream->expected_bytes -= both);
}

void stream_ended(struct worker *worker, struct op *op, int error, ssize_t result)
{
    struct stream *stream = worker->streams[op->file];
    const bool writes = op->kind == KIND_STREAM_WRITE;
    struct ended *mine = &stream->ended[writes][op->turn % QUEUE];
    if (error != 0 && error != ECANCELED)
        give_up("worker %u: a stream request ended with errno %d", worker->index, error);
    mine->is_over = true;
    mine->bytes = error == 0 ? (size_t)result : 0;
    mine->data = malloc(mine->bytes + 1);
    memcpy(mine->data, op->buffer, mine->bytes);
    while (stream->told[writes] < stream->calls[writes] && stream->ended[writes][stream->told[writes] % QUEUE].is_over) {
        struct ended *next = &stream->ended[writes][stream->told[writes]++ % QUEUE];
        unsigned char *to = writes ? stream->expected : stream->got;
        size_t *bytes = writes ? &stream->expected_bytes : &stream->got_bytes;
        MUST(*bytes + next->bytes <= MEMORY);
        memcpy(to + *bytes, next->data, next->bytes);
        *bytes += next->bytes;
        free(next->data);
        next->data = NULL;
    }
    compare(worker, stream);
}

static void note_read(struct worker *worker, struct stream *stream, const unsigned char *bytes, size_t count)
{
    MUST(stream->got_bytes + count <= MEMORY);
    memcpy(stream->got + stream->got_bytes, bytes, count);
    stream->got_bytes += count;
    compare(worker, stream);
}

/* Blocked reads and writes can be cancelled, but for a write that has moved some bytes: what is in its way is read by plain
 * read(), once no request reads any more. */
void stream_drain(struct worker *worker, struct stream *stream)
{
    unsigned char bytes[BLOCK];
    while (!stream_is_at_rest(stream)) {
        struct pollfd look = {.fd = stream->reader, .events = POLLIN};
        aio_cancel(stream->writer, NULL);
        aio_cancel(stream->reader, NULL);
        op_harvest_all(worker);
        if (stream->calls[0] == stream->told[0] && poll(&look, 1, 0) == 1) {
            const ssize_t got = read(stream->reader, bytes, sizeof bytes);
            MUST(got > 0);
            note_read(worker, stream, bytes, (size_t)got);
            atomic_fetch_add(&worker->steps, 1);
        } else if (!stream_is_at_rest(stream)) {
            usleep(100);
        }
    }
}

void stream_close(struct stream *stream)
{
    unsigned char rest;
    close(stream->writer);
    /* What is left is what was written and not read. */
    size_t left = 0;
    while (read(stream->reader, &rest, 1) == 1) {
        if (left < stream->expected_bytes && rest != stream->expected[left])
            give_up("the rest of a stream is not what was written");
        ++left;
    }
    if (left != stream->expected_bytes || stream->got_bytes != 0)
        give_up("a stream had %zu bytes left, not %zu", left, stream->expected_bytes);
    close(stream->reader);
    free(stream->expected);
    free(stream->got);
    free(stream);
}
