# SPDX-License-Identifier: MIT
"""atomrt --pending shows each request of a process that hangs, or is stopped, and says why where it can't."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

LAUNCHER, PRELOAD, HELPERS = (os.environ[name] for name in ("LAUNCHER", "PRELOAD", "HELPERS"))
CLIENT = os.path.join(HELPERS, "launcher_pending_client")
MANY = 5000


def pending(pid, *options, **settings):
    return subprocess.run([LAUNCHER, "--pending", str(pid), *options], capture_output=True, text=True, check=False,
                          timeout=600, **settings)


@contextlib.contextmanager
def hanging(*arguments, preload=PRELOAD, contexts=""):
    environment = dict(os.environ, LD_PRELOAD=preload, ATOMRT_CONTEXTS=contexts)
    with subprocess.Popen([CLIENT, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as client:
        try:
            yield client, client.stdout.readline().split()
        finally:
            client.send_signal(signal.SIGCONT)
            client.stdin.close()
            assert client.wait(60) == 0, client.returncode


def requests_of(pid, between_looks=lambda: None):
    """Once the two reads that need not wait for each other have come to rest."""
    deadline = time.monotonic() + 60
    while True:
        answer = pending(pid, "--json")
        assert answer.returncode == 0 and not answer.stderr, answer
        process = json.loads(answer.stdout)
        requests = process["requests"]
        if sum(request["place"] in ("blocked", "polled") for request in requests) == 2 or time.monotonic() > deadline:
            return process, requests
        between_looks()


def look_at_one_that_hangs(contexts, is_stopped):
    with hanging(contexts=contexts) as (client, (first, second, *blocks)):
        process, requests = requests_of(client.pid)
        if is_stopped:
            def stop_again():  # a thread that looks again from time to time was stopped in the middle of that
                client.send_signal(signal.SIGCONT)
                client.send_signal(signal.SIGSTOP)

            client.send_signal(signal.SIGSTOP)
            process, requests = requests_of(client.pid, stop_again)
        assert process["pid"] == client.pid and process["program"] == os.path.basename(CLIENT)[:15], process
        assert [request["aiocb"] for request in requests] == blocks, (requests, blocks)
        assert [request["length"] for request in requests] == [11, 22, 33]
        assert [request["fd"] for request in requests] == [int(first), int(first), int(second)]
        assert [request["is_closed"] for request in requests] == [False, False, True]
        waits = "blocked" if contexts == "threads" else requests[0]["place"]
        assert [request["place"] for request in requests] == [waits, "held", waits], requests
        assert waits in ("blocked", "polled"), requests
        assert requests[1]["behind"] == requests[0]["request"] and requests[0]["behind"] is None
        ages = [request["age_s"] for request in requests]
        assert ages == sorted(ages, reverse=True) and ages[-1] >= 0, ages
        for request in requests:
            assert request["operation"] == "read" and request["moved"] == 0 and request["offset"] == 4096
            assert re.fullmatch(r"pipe:\[\d+\]", request["file"]), request
            assert (request["thread"], request["thread_name"]) == (client.pid, process["program"]), request
        if contexts == "threads":
            assert requests[0]["runner_name"] == "atomrt-worker" and requests[1]["runner"] is None, requests
        else:
            assert requests[0]["where"].startswith("waits for its peer in "), requests
        text = pending(client.pid)
        assert text.returncode == 0, text
        heading, columns, *lines = text.stdout.splitlines()
        assert re.fullmatch(rf"# atomrt \S+: 3 requests in flight in \S+ \(pid {client.pid}\)", heading), heading
        assert "operation" in columns and len(lines) == 3, text.stdout
        assert f"held behind request {requests[0]['request']}; pipe:[" in lines[1], lines
        assert ", closed by the program; pipe:[" in lines[2], lines


def expect_failure(answer, *parts):
    assert answer.returncode == 125 and not answer.stdout, answer
    assert answer.stderr.startswith("atomrt: ") and answer.stderr.count("\n") == 1, answer
    assert all(part in answer.stderr for part in parts), (parts, answer.stderr)


def library(folder, name, text):
    source, result = os.path.join(folder, name + ".c"), os.path.join(folder, name + ".so")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", result, source], check=True)
    return result


for contexts_of_library in ("threads", ""):
    for stopped in (False, True):
        look_at_one_that_hangs(contexts_of_library, stopped)

with hanging(str(MANY)) as (running, _):
    found = json.loads(pending(running.pid, "--json").stdout)["requests"]
    assert len({request["request"] for request in found}) == len(found) == MANY, len(found)

# It runs, with nothing to be seen.
with hanging("0") as (running, _):
    assert json.loads(pending(running.pid, "--json").stdout)["requests"] == []
    assert ": 0 requests in flight" in pending(running.pid).stdout

for bad in ("", "x", "0", "-1", "12x", "99999999999999"):
    expect_failure(pending(bad), "is not a process ID")
expect_failure(pending(os.getpid()), "there is no atomrt in it")
gone = subprocess.Popen(["true"])
gone.wait()
expect_failure(pending(gone.pid), "no such process")
if os.getuid() == 0:
    with hanging("0") as (running, _), tempfile.TemporaryDirectory() as folder:
        # The launcher may lie where only root may go.
        os.chmod(folder, 0o755)
        copy = os.path.join(folder, "atomrt")
        subprocess.run(["cp", LAUNCHER, copy], check=True)
        answer = subprocess.run([copy, "--pending", str(running.pid)], capture_output=True, text=True, check=False, user=65534)
        expect_failure(answer, "no permission")
with tempfile.TemporaryDirectory() as folder:
    older = library(folder, "older", 'const char *atomrt_version(void) { return "0.1.0"; }')
    with hanging("0", preload=older) as (running, _):
        expect_failure(pending(running.pid), "its atomrt is older than 0.2.0")
    newer = library(folder, "newer", """
        struct { char magic[8]; unsigned form, bytes; char version[16]; } const atomrt_pending_layout =
            {"atomrt!", 99, 4000, "7.8.9"};""")
    with hanging("0", preload=newer) as (running, _):
        expect_failure(pending(running.pid), "7.8.9", "form 99", "knows form 1")
expect_failure(subprocess.run([LAUNCHER, "--pending", "1", "ls"], capture_output=True, text=True, check=False),
               "--pending: unexpected argument 'ls'")
