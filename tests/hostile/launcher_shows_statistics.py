# SPDX-License-Identifier: MIT
"""atomrt --stats-of and --top show what a process counts, while it runs and from its file when it has gone."""
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios

LAUNCHER, PRELOAD, HELPERS = (os.environ[name] for name in ("LAUNCHER", "PRELOAD", "HELPERS"))
CLIENT = os.path.join(HELPERS, "launcher_statistics_client")
SHM = "/dev/shm"
if not os.access(SHM, os.W_OK):
    print(f"skipped: no {SHM}")
    sys.exit(77)


def launch(*arguments, **settings):
    return subprocess.run([LAUNCHER, *arguments], capture_output=True, text=True, check=False, timeout=600, **settings)


def shown(*arguments):
    answer = launch(*arguments)
    assert answer.returncode == 0 and not answer.stderr, answer
    return answer.stdout


def expect_failure(answer, *parts):
    assert answer.returncode == 125 and not answer.stdout, answer
    assert answer.stderr.startswith("atomrt: ") and answer.stderr.count("\n") == 1, answer
    assert all(part in answer.stderr for part in parts), (parts, answer.stderr)


@contextlib.contextmanager
def client(end="exit", **variables):
    environment = dict(os.environ, LD_PRELOAD=PRELOAD, ATOMRT_CONTEXTS="head,threads", **variables)
    with subprocess.Popen([CLIENT, end], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.stdin.close()
            process.last_words = process.stdout.read()
            assert process.wait(60) == (-signal.SIGKILL if end == "kill" else 0), process.returncode


def serve(process, count):
    for _ in range(count):
        process.stdin.write("x")
        process.stdin.flush()
        assert process.stdout.readline() == "served\n"


def numbers(text):
    return {name: float(value) for name, value in (line.split() for line in text.splitlines() if line[0] != "#")}


def expect_counts(process, block, requests):
    """In text or in JSON: one hangs."""
    assert (block["requests"], block["completed"], block["in_flight"]) == (requests + 1, requests, 1), block
    assert block["uptime_s"] >= 0 and block["time"] > 1e9, block
    contexts = block.get("contexts")
    moved = [context["bytes"] for context in contexts.values()] if contexts else [
        value for name, value in block.items() if name.endswith(".bytes")]
    assert sum(moved) == 100 * requests, (process.pid, block)


with tempfile.TemporaryDirectory(dir=SHM) as folder:
    pattern = os.path.join(folder, "counters.%p")

    def file_of(process):
        return pattern.replace("%p", str(process.pid))

    # While it runs, from its memory and from the file, in each format.
    with client(ATOMRT_COUNTERS=pattern) as running:
        serve(running, 3)
        for subject in (str(running.pid), file_of(running)):
            text = shown("--stats-of", subject)
            assert re.match(rf"# atomrt \S+ statistics: launcher_\S+ \(pid {running.pid}\)\n", text), text
            expect_counts(running, numbers(text), 3)
            assert "direct." not in text and "ring." not in text, text  # they did nothing
            found = json.loads(shown("--stats-of", subject, "--json"))
            assert found["state"] == "running" and found["pid"] == running.pid, found
            assert found["contexts"]["ring"]["requests"] == 0 and found["threads_created"] >= 1, found
            expect_counts(running, found, 3)
            assert found == {**json.loads(shown("--stats-of", subject, "--stats-format", "json")),
                             "time": found["time"], "uptime_s": found["uptime_s"]}
            metrics = shown("--stats-of", subject, "--stats-format=prometheus")
            assert re.search(rf'^atomrt_submitted_total{{program="[^"]*",pid="{running.pid}"}} 4$', metrics, re.M), metrics
            assert re.search(r'^atomrt_bytes_total{.*,context="\w+"} 300$', metrics, re.M), metrics
        # Again and again, until it ends.
        with subprocess.Popen([LAUNCHER, "--stats-of", file_of(running), "--interval", "0.1", "--json"],
                              stdout=subprocess.PIPE, text=True) as watcher:
            first = json.loads(watcher.stdout.readline())
            assert "interval_s" not in first, first
            serve(running, 2)
            block = json.loads(watcher.stdout.readline())
            while block["completed"] < 5:
                assert block["interval_s"] >= 0.05, block
                block = json.loads(watcher.stdout.readline())
            assert block["contexts"]["head"]["requests_per_s"] >= 0 and "bytes_per_s" in block, block
            running.stdin.close()
            last = json.loads(watcher.stdout.read().splitlines()[-1])
            assert last["state"] == "ended" and last["completed"] == 5, last
            assert watcher.wait(60) == 0

    # When it has gone, however it went; then its file says what it had done.
    for end in ("exit", "_exit", "kill"):
        with client(end, ATOMRT_COUNTERS=pattern) as gone:
            serve(gone, 2)
        state = "gone" if end == "kill" else "ended"
        text = shown("--stats-of", file_of(gone))
        assert text.splitlines()[0].endswith(f"(pid {gone.pid}), {state}"), text
        expect_counts(gone, numbers(text), 2)
        assert json.loads(shown("--stats-of", file_of(gone), "--json", "--interval=60"))["state"] == state
        expect_failure(launch("--stats-of", str(gone.pid)), "no such process")

    # A child counts in a file of its own.
    with client("fork", ATOMRT_COUNTERS=os.path.join(folder, "family")) as parent:
        serve(parent, 4)
    child = parent.last_words.strip()
    expect_counts(parent, numbers(shown("--stats-of", os.path.join(folder, f"family.{parent.pid}"))), 4)
    assert numbers(shown("--stats-of", os.path.join(folder, f"family.{child}")))["completed"] == 1

    # No room: the program goes on, and counts in its memory.
    with tempfile.TemporaryFile("w+") as messages, \
            subprocess.Popen([LAUNCHER, f"--counters={folder}/none/x", "true"], stderr=messages) as refused:
        assert refused.wait(60) == 125
    full = subprocess.run(["sh", "-c", f"ulimit -f 1; exec '{CLIENT}' exit"], input="xx", capture_output=True, text=True,
                          check=False, env=dict(os.environ, LD_PRELOAD=PRELOAD, ATOMRT_COUNTERS=pattern))
    assert full.returncode == 0 and full.stdout.count("served") == 2, full
    assert full.stderr.count("\n") == 1 and "they are in memory only" in full.stderr, full

    with client(ATOMRT_COUNTERS=pattern) as running:
        # What holds none.
        expect_failure(launch("--stats-of", "/dev/null"), "holds no counters of atomrt")
        expect_failure(launch("--stats-of", os.path.join(folder, "nowhere")), "No such file")
        old = os.path.join(folder, "text")
        with open(old, "w", encoding="utf-8") as file:
            file.write(shown("--stats-of", str(running.pid)))
        expect_failure(launch("--stats-of", old), "is the text of --stats")
        with open(file_of(running), "rb") as file:
            image = bytearray(file.read())
        image[8] = 99
        with open(old, "wb") as file:
            file.write(image)
        expect_failure(launch("--stats-of", old), "form 99", "knows form 1")
        with open(old, "wb") as file:
            file.write(image[:500])
        expect_failure(launch("--stats-of", old), "form 99")

        # A line each time where there is no terminal, a screen where there is one.
        with subprocess.Popen([LAUNCHER, "--top", str(running.pid), "--interval=0.1"], stdout=subprocess.PIPE,
                              text=True) as top:
            assert "requests/s" in top.stdout.readline()
            serve(running, 3)
            assert [top.stdout.readline().split()[1] for _ in range(3)] == ["1"] * 3
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 200, 0, 0))
            with subprocess.Popen([LAUNCHER, "top", str(running.pid)], stdout=slave, stderr=slave,
                                  stdin=subprocess.DEVNULL) as screen:
                os.close(slave)
                text = b""
                while b"pipe:[" not in text:  # the oldest request's file
                    text += os.read(master, 65536)
                screen.terminate()
            os.close(master)
            assert b"\x1b[H" in text and b"(pid %d), 1 in flight" % running.pid in text, text
            assert b"context " in text and b"waits for its peer" in text, text
            running.stdin.close()
            top.stdout.read()
            assert top.wait(60) == 0

    # Not asked for, or nothing made so far.
    with client() as running:
        expect_failure(launch("--stats-of", str(running.pid)), "nothing is counted", "--counters")
    with client("idle", ATOMRT_COUNTERS="1") as running:
        expect_failure(launch("--stats-of", str(running.pid)), "has made no POSIX AIO request")
        serve(running, 1)
        assert numbers(shown("--stats-of", str(running.pid)))["completed"] == 1

for command in ("--stats-of", "--top"):
    expect_failure(launch(command, str(os.getpid())), "there is no atomrt in it")
expect_failure(launch("--top", "x"), "is not a process ID")
if os.getuid() == 0:
    with client(ATOMRT_COUNTERS="1") as running, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = os.path.join(folder, "atomrt")
        subprocess.run(["cp", LAUNCHER, copy], check=True)
        for command in ("--stats-of", "--top"):
            expect_failure(subprocess.run([copy, command, str(running.pid)], capture_output=True, text=True, check=False,
                                          user=65534), "no permission")
