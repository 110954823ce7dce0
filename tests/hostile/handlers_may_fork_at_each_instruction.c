/* SPDX-License-Identifier: MIT */
/* A handler that interrupts the library's functions anywhere forks: the parent goes on as if nothing had been. The child
 * returns from the handler into the middle of the same function, which returns there too, whatever it says; then
 * everything works in it.
 *
 * Nothing is left to chance: a tracer stops the program at each instruction of its calls where a handler may come, and
 * lets one fork there. Once for each instruction, or, with an argument, once in each call: ten times as long. */
#include "hostile.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <elf.h>

enum { LENGTH = 4, ROUNDS = 4, MOST_CHILDREN = 32, SEEN = 1 << 20 };
enum moment { ENTERS, LEAVES, HAS_FORKED };

/* ---- The program ---- */

static int fd, direct;
static sem_t called;
static char *blocks;
static volatile sig_atomic_t is_child;
static int children;
/* What the tracer looks at, at a stop. */
static volatile enum moment moment;
static volatile int call;

/* Nothing else happens at this signal, traced or not. */
static void tell(enum moment now)
{
    moment = now;
    raise(SIGURG);
}

static void reap_children(int most_left)
{
    int status;
    for (; children > most_left; children--) {
        if (MUST(waitpid(-1, &status, 0)) > 0 && status != 0)
            FAIL("a child that was forked in call %d or shortly before: status %#x", call, (unsigned)status);
    }
}

static void fork_here(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    int saved_errno = errno;
    reap_children(MOST_CHILDREN - 1); /* the exit of each waits for the kernel a while */
    if (fork() == 0) {
        is_child = true;
        alarm(60 * (unsigned)claim_patience());
    } else {
        children++;
        tell(HAS_FORKED);
    }
    errno = saved_errno;
}

static void note(union sigval value)
{
    (void)value;
    sem_post(&called);
}

static void ignore(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}

/* The child has returned from the function that its parent is in, whatever it said. */
static void end_child(void)
{
    if (!is_child)
        return;
    use_everything(fd);
    _exit(0);
}

static void begin(int line)
{
    call = line;
    tell(ENTERS);
}

static void end(void)
{
    end_child();
    tell(LEAVES);
    end_child();
}

#define RESULT(function, expected)  \
    do {                            \
        begin(__LINE__);            \
        int result_ = function;     \
        end();                      \
        CHECK_INT(result_, expected); \
    } while (0)

static void await(struct aiocb *block, ssize_t expected)
{
    const struct aiocb *list[] = {block};
    begin(__LINE__);
    while (aio_error(block) == EINPROGRESS && !is_child)
        aio_suspend(list, 1, NULL);
    end();
    RESULT(aio_error(block), 0);
    RESULT((int)aio_return(block), (int)expected);
}

static void work(struct stream pipe, bool waits)
{
    char bytes[LENGTH * 64], from_pipe[2];
    struct aiocb blocked = request(pipe.reader, &from_pipe[0], 1, 0), behind = request(pipe.reader, &from_pipe[1], 1, 0);
    struct aiocb written = request(fd, bytes, 64, 0), synced = request(fd, NULL, 0, 0), at_disk = request(direct, blocks, BLOCK, 0);
    struct aiocb listed[LENGTH], *list[LENGTH];
    RESULT(aio_read(&blocked), 0);
    RESULT(aio_read(&behind), 0);
    RESULT(aio_write(&written), 0);
    RESULT(aio_fsync(O_DSYNC, &synced), 0);
    if (direct != -1) {
        RESULT(aio_read(&at_disk), 0);
        await(&at_disk, BLOCK);
    }
    for (int i = 0; i < LENGTH; i++) {
        listed[i] = request(fd, bytes + 64 * i, 64, 64 * i);
        listed[i].aio_lio_opcode = i % 2 ? LIO_READ : LIO_WRITE;
        list[i] = &listed[i];
    }
    RESULT(lio_listio(waits ? LIO_WAIT : LIO_NOWAIT, list, LENGTH, NULL), 0);
    for (int i = 0; i < LENGTH; i++)
        await(list[i], 64);
    await(&written, 64);
    await(&synced, 0);
    RESULT(aio_cancel(pipe.reader, &behind), AIO_CANCELED);
    reap_children(0); /* they may read from the pipe, too */
    feed(pipe.writer, "x");
    await(&blocked, 1);
}

/* Once: the steps through pthread_create are many, and no handler may come there. */
static void notify(void)
{
    char byte;
    struct aiocb calling = request(fd, &byte, 1, 0), signalling = request(fd, &byte, 1, 0);
    notify_by_thread(&calling, note, NULL);
    notify_by_signal(&signalling, SIGRTMIN, 0);
    RESULT(aio_read(&signalling), 0);
    await(&signalling, 1);
    RESULT(aio_read(&calling), 0);
    AWAIT_POST(&called);
    await(&calling, 1);
}

static void run_program(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
        SKIP("no process may be traced here");
    handle(SIGUSR1, fork_here, SA_RESTART);
    handle(SIGRTMIN, ignore, SA_RESTART);
    sem_init(&called, 0, 0);
    struct stream pipe = make_pipe();
    notify();
    for (int round = 0; round < ROUNDS; round++)
        work(pipe, round % 2);
    reap_children(0);
    exit(0);
}

/* ---- Its tracer ---- */

static unsigned long instruction_of(pid_t program)
{
    struct user_regs_struct registers;
    MUST(ptrace(PTRACE_GETREGSET, program, NT_PRSTATUS, &(struct iovec){&registers, sizeof registers}));
#if defined __x86_64__
    return registers.rip;
#elif defined __i386__
    return (unsigned long)registers.eip;
#else
    return registers.pc;
#endif
}

static bool may_interrupt(pid_t program)
{
    uint64_t blocked;
    MUST(ptrace(PTRACE_GETSIGMASK, program, sizeof blocked, &blocked));
    return (blocked >> (SIGUSR1 - 1) & 1) == 0;
}

static long peek(pid_t program, volatile void *at)
{
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, program, at, NULL);
    if (errno != 0)
        SET_UP_FAILED("PTRACE_PEEKDATA");
    return word & 0xffffffff;
}

/* Whatever the loops around it. */
static bool is_new(unsigned long instruction, long in_call)
{
    static unsigned long seen[SEEN];
    const unsigned long both = instruction << 12 ^ (unsigned long)in_call;
    for (unsigned long at = both * 0x9e3779b1; ; at++) {
        if (seen[at % SEEN] == both)
            return false;
        if (seen[at % SEEN] == 0) {
            seen[at % SEEN] = both;
            return true;
        }
    }
}

/* What the program does next, and what the last stop means for it. */
struct tracer {
    pid_t program;
    enum { RUNS, STEPS, RETURNS } state;
    unsigned long interrupted;
    long forks;
    bool once_in_each_call;
};

/* Where it enters or leaves a call, or a handler in it has forked. */
static void look_at_moment(struct tracer *tracer)
{
    const long moment_now = peek(tracer->program, &moment);
    tracer->state = moment_now == ENTERS ? STEPS : moment_now == LEAVES ? RUNS : RETURNS;
}

/* Returns the signal that interrupts the next instruction, or 0. */
static int look_at_step(struct tracer *tracer)
{
    const unsigned long instruction = instruction_of(tracer->program);
    if (tracer->state == RETURNS && instruction == tracer->interrupted)
        tracer->state = STEPS;
    if (tracer->state != STEPS || !may_interrupt(tracer->program))
        return 0;
    if (!is_new(instruction, tracer->once_in_each_call ? peek(tracer->program, &call) : 0))
        return 0;
    tracer->interrupted = instruction;
    tracer->state = RUNS;
    tracer->forks++;
    return SIGUSR1;
}

int main(int argc, char **argv)
{
    (void)argv;
    claim_start();
    fd = temporary_file("file", O_RDWR, BLOCK);
    direct = open_direct(fd);
    blocks = MUST((char *)mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    struct tracer tracer = {.program = MUST(fork()), .once_in_each_call = argc > 1};
    if (tracer.program == 0)
        run_program();
    int status;
    while (MUST(waitpid(tracer.program, &status, 0)) > 0 && WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status);
        if (signal == SIGURG)
            look_at_moment(&tracer), signal = 0;
        else if (signal == SIGTRAP)
            signal = look_at_step(&tracer);
        ptrace(tracer.state == RUNS ? PTRACE_CONT : PTRACE_SINGLESTEP, tracer.program, NULL, (void *)(long)signal);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == CLAIM_SKIPPED)
        SKIP("no process may be traced here");
    CHECK_INT(status, 0);
    CHECK(tracer.forks > 1000);
    return 0;
}
