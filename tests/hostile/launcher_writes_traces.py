# SPDX-License-Identifier: MIT
"""atomrt --trace writes what happened to each request, as JSON that trace viewers take, however the process ends."""
import collections
import json
import os
import signal
import subprocess
import tempfile
import time

LAUNCHER, HELPERS = (os.environ[name] for name in ("LAUNCHER", "HELPERS"))
CLIENT = os.path.join(HELPERS, "launcher_trace_client")
CONTEXTS = ("head", "waiter", "direct", "ring", "threads")
PHASES = {"waiter: left to the thread that waits", "held behind earlier requests", "threads: queued", "ring: mailed",
          "ring: in the kernel", "waits for its peer", "direct: polls for its peer", "direct: in the kernel", "running",
          "parked until its turn"}
# Of the client: (operation, length): what comes of it.
EXPECTED = {("read", 100): 100, ("write", 200): 200, ("fsync", 0): 0, ("read", 300): 5, ("read", 400): "ECANCELED",
            ("write", 500): "EBADF", ("read", 600): 600}


def run(*arguments, status=0, **settings):
    settings = {"input": "", "check": False, "timeout": 120} | settings
    answer = subprocess.run([LAUNCHER, *arguments], capture_output=True, text=True, **settings)
    assert answer.returncode == status, answer
    return answer


def load(path):
    """The file is JSON at each moment, and what viewers take: each demands some of this, and drops what lacks it."""
    with open(path, encoding="ascii") as file:
        text = file.read()
    assert text.endswith("\n]\n"), text[-300:]
    events = json.loads(text)
    for event in events:
        assert event["cat"] == "atomrt" and event["name"] and isinstance(event["args"] if "args" in event else {}, dict), event
        assert all(type(event[name]) is int and 0 < event[name] < 1 << 31 for name in ("pid", "tid")), event
        assert event["ph"] in "MbneXstfi" and (event["ph"] == "M" or type(event["ts"]) is float), event
        assert (event["ph"] in "bne") == ("id2" in event) and (event["ph"] in "stf") == ("id" in event), event
        assert event["ph"] != "X" or event["dur"] > 0, event
        assert event["ph"] != "i" or event["s"] in "pt", event
        assert event["ph"] not in "stf" or 0 <= int(event["id"], 16) < 1 << 64, event
        assert event["ph"] != "f" or event["bp"] == "e", event
    assert events[0]["name"] == "process_name" and events[1]["name"] == "trace begins", events[:2]
    return events


def check_threads(events, requests):
    """A thread does one thing at a time, or within a submission, and each arrow joins slices of the same request."""
    tracks = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            tracks[event["tid"]].append(event)
    for track in tracks.values():
        track.sort(key=lambda event: event["ts"])
        submission = before = {"ts": 0, "dur": 0}
        for event in track:
            begin, end = event["ts"] + 0.0015, event["ts"] + event["dur"] - 0.0015
            assert before["ts"] + before["dur"] <= begin, (before, event)
            assert submission["ts"] + submission["dur"] <= begin or end <= submission["ts"] + submission["dur"], (submission, event)
            if event["name"].startswith("submits "):
                submission = event
            else:
                before = event
    slices = [event for track in tracks.values() for event in track]
    submits = [event for event in slices if event["name"].startswith("submits ")]
    ended = [event for event in slices if "result" in event["args"]]
    assert len(submits) == len(requests), (len(submits), len(requests))
    assert len(ended) == sum(request.result is not None for request in requests), (len(ended), len(requests))
    flows = collections.defaultdict(list)
    for event in events:
        if event["ph"] in "stf":
            of = [slice for slice in tracks[event["tid"]] if slice["ts"] == event["ts"]]
            assert of and events.index(of[-1]) < events.index(event), (event, of)
            flows[event["id"]].append((event, of[-1]))
    for steps in flows.values():
        steps.sort(key=lambda step: step[0]["ts"])
        assert len({step[1]["args"]["aiocb"] for step in steps}) == 1, steps
        assert steps[0][0]["ph"] == "s" and steps[0][1]["name"].startswith("submits "), steps
        assert all(step[0]["ph"] == "t" for step in steps[1:-1]) and steps[-1][0]["ph"] in "stf", steps
        assert (steps[-1][0]["ph"] == "f") == ("result" in steps[-1][1]["args"]), steps
    # Whoever did not end in its submitter has an arrow.
    assert len(flows) == sum("result" not in event["args"] for event in submits), (len(flows), len(submits))


class Request:
    """The events of one request, which are looked at as a viewer does: by their times, nested."""

    def __init__(self, events):
        self.events = sorted(events, key=lambda event: event["ts"])
        self.begin = self.events[0]
        self.name, self.args = self.begin["name"], self.begin["args"]
        self.operation = self.name.split(" fd ")[0]
        self.result, self.done, self.phases, self.declined, self.notified = None, None, [], [], None
        self.is_taken_back = False
        assert self.begin["ph"] == "b" and self.name.endswith(f" fd {self.args['fd']}"), self.begin
        stack = []
        for event in self.events:
            self.take(event, stack)
        self.open = stack

    def take(self, event, stack):
        if event["ph"] == "b":
            stack.append(event["name"])
            if event["name"] in PHASES:
                assert stack == [self.name, event["name"]], (stack, self.events)
                self.phases.append(event["name"])
        elif event["ph"] == "e":
            assert stack and stack.pop() == event["name"], (event, self.events)
            if event["name"] == self.name:
                assert self.done is not None or event["args"].get("error") == "EAGAIN", self.events
                self.result = event["args"].get("error", event["args"]["result"])
            elif event["name"].startswith("notifies of "):
                self.notified = event["args"]
        else:
            assert event["ph"] == "n" and stack[0] == self.name, (event, self.events)
            if event["name"] == "done":
                self.done = event["args"]
            elif event["name"] == "declined":
                self.declined.append(event["args"]["by"])
            else:
                assert event["name"] == "aio_cancel takes it back", event
                self.is_taken_back = True


def requests_of(events):
    by_id = collections.defaultdict(list)
    for event in events:
        if "id2" in event:
            by_id[event["id2"]["local"]].append(event)
    return [Request(of_one) for of_one in by_id.values()]


def check_requests(events, contexts=None, is_whole=True):
    requests = requests_of(events)
    found = {(request.operation, request.args["length"]): request for request in requests}
    for key, result in EXPECTED.items():
        request = found[key]
        assert request.result == result and request.open == [], (key, request.events)
        assert request.done.get("in") in (contexts or CONTEXTS) or result == "ECANCELED", request.events
        assert request.args["by_thread"] == request.begin["tid"], request.begin
        assert all(by in CONTEXTS for by in request.declined), request.events
    assert found["read", 100].args["list"] is True
    assert found["read", 400].is_taken_back and "held behind earlier requests" in found["read", 400].phases
    # Where a thread has to try, it may find what has come meanwhile.
    elsewhere = {"direct: polls for its peer", "waits for its peer", "threads: queued", "ring: mailed"}
    assert elsewhere & set(found["read", 300].phases), found["read", 300].events
    signals = found["read", 600]
    assert signals.notified == {"by": "signal", "signal": signal.SIGUSR1}, signals.events
    assert found["read", 300].notified is None
    # What has no answer has no end.
    assert found["read", 700].open[0] == found["read", 700].name and found["read", 700].result is None
    check_threads(events, requests)
    submits = [event for event in events if event["name"].startswith("submits ")]
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    assert submits[0]["tid"] in named
    if is_whole:
        assert events[-1]["name"] == "trace ends", events[-1]
        assert events[-1]["args"] == {"requests_not_traced": 0, "events_lost": 0}, events[-1]
    return found


with tempfile.TemporaryDirectory() as folder:
    trace = os.path.join(folder, "trace.json")

    # However it ends, and in whatever contexts; an older trace goes.
    for end in ("exit", "_exit"):
        run(f"--trace={trace}", CLIENT, end)
        check_requests(load(trace))
    for contexts in ("head,threads", "threads", "ring,threads"):
        run(f"--trace={trace}", "--contexts", contexts, CLIENT)
        found = check_requests(load(trace), contexts.split(","))
        if contexts == "threads":
            assert "threads: queued" in found["write", 200].phases and "running" in found["write", 200].phases
            assert found["write", 200].done["in"] == "threads"
    run(f"--trace={trace}", "--order=calls", CLIENT)
    check_requests(load(trace))
    # A relative name is taken from the launcher's folder.
    run("--trace", "relative.json", "sh", "-c", f"cd / && exec '{CLIENT}'", cwd=folder)
    check_requests(load(os.path.join(folder, "relative.json")))

    # A process that hangs has written all of it but its end, a moment after; a signal changes nothing of that.
    with subprocess.Popen([LAUNCHER, f"--trace={trace}", CLIENT, "hang"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as hanging:
        assert hanging.stdout.readline() == "ready\n"
        patience = time.monotonic() + 120
        while True:
            try:
                check_requests(load(trace), is_whole=False)
                break
            except (AssertionError, KeyError, FileNotFoundError, json.JSONDecodeError):
                assert time.monotonic() < patience
        hanging.kill()
        assert hanging.wait(60) == -signal.SIGKILL
    check_requests(load(trace), is_whole=False)

    # A child has a file of its own, and so has the program that it becomes.
    answer = run(f"--trace={trace}", CLIENT, "fork")
    events = load(trace)
    check_requests(events)
    child = int(answer.stdout.split()[-1])
    assert events[0]["pid"] != child
    events = load(f"{trace}.{child}")  # that of the program: the same process, and begun later
    check_requests(events)
    assert {event["pid"] for event in events} == {child}
    pattern = os.path.join(folder, "of-%p.json")
    answer = run("--trace", pattern, CLIENT)
    (named,) = [name for name in os.listdir(folder) if name.startswith("of-")]
    events = load(os.path.join(folder, named))
    check_requests(events)
    assert named == f"of-{events[0]['pid']}.json"

    # More than there is room for: what is left out is counted. The thread that writes is kept from it by a signal.
    answer = run(f"--trace={trace}", "--contexts=head,threads", CLIENT, "exit", "60000")
    events = load(trace)
    left_out = events[-1]["args"]["requests_not_traced"]
    traced = requests_of(events)
    assert events[-1]["args"]["events_lost"] == 0 and len(traced) + left_out == 60000 + len(EXPECTED) + 1, (
        len(traced), events[-1])
    if left_out:
        assert any(event["name"] == "no room in the trace" for event in events)
        assert f"{left_out} requests and 0 events came too fast for the trace" in answer.stderr, answer
    else:
        assert answer.stderr == "", answer

    # No more than it may have, and that is said. What was begun before has no end then.
    for limit, most in (("64K", 65536), ("1M", 1 << 20)):
        answer = run(f"--trace={trace}", f"--trace-limit={limit}", "--contexts=head,threads", CLIENT, "exit", "20000")
        assert most - 4096 < os.path.getsize(trace) <= most, os.path.getsize(trace)
        events = load(trace)
        reached, end = [event for event in events if event["ph"] == "i" and event["s"] == "p"][-2:]
        assert reached["name"] == "the trace has reached its limit" and reached["args"]["bytes"] == most, reached
        left_out, lost = (end["args"][name] for name in ("requests_not_traced", "events_lost"))
        traced = requests_of(events)
        assert end["name"] == "trace ends" and end is events[-1] and lost > 0, end
        # A request whose first event was lost is in neither number.
        assert 20000 + len(EXPECTED) + 1 - lost <= len(traced) + left_out <= 20000 + len(EXPECTED) + 1, (len(traced), end)
        assert answer.stderr == (f"atomrt: the trace {trace} has reached {most} bytes (ATOMRT_TRACE_LIMIT): {left_out} requests "
                                 f"and {lost} events are not in it\n"), answer

    # Another file that has its name since is left alone.
    with subprocess.Popen([LAUNCHER, f"--trace={trace}", CLIENT, "exit", "10"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as replaced:
        assert replaced.stdout.readline() == "ready\n"
        os.rename(trace, f"{trace}.old")
        with open(trace, "w", encoding="ascii") as file:
            file.write("[1]\n")
        assert replaced.communicate("", timeout=120) == ("", None) and replaced.returncode == 0
    with open(trace, encoding="ascii") as file:
        assert file.read() == "[1]\n"
    load(f"{trace}.old")
    os.remove(trace)

    # Where there is nothing to write it is said, and there is no file.
    answer = run(f"--trace={trace}", "true")
    assert "made no POSIX AIO request" in answer.stderr and not os.path.exists(trace), answer

    # Not over what is somebody's; nor where there is no room: the program goes on.
    precious = os.path.join(folder, "precious")
    with open(precious, "w", encoding="ascii") as file:
        file.write("[1]\n")
    refused = run(f"--trace={precious}", CLIENT, status=125)
    assert "exists, and is no trace" in refused.stderr and refused.stderr.count("\n") == 1, refused
    assert "No such file" in run(f"--trace={folder}/none/x", CLIENT, status=125).stderr
    assert run("--trace=", CLIENT, status=125).stderr.count("\n") == 1
    answer = run(CLIENT, env=dict(os.environ, ATOMRT_TRACE="yes"))
    assert "ignoring ATOMRT_TRACE=yes: not the name of a file" in answer.stderr, answer
    answer = run(CLIENT, env=dict(os.environ, ATOMRT_TRACE=f"{folder}/none/x"))
    assert answer.stderr.count("cannot write the trace") == 1 and answer.stderr.count("\n") == 1, answer
    answer = run(f"--trace={trace}", "sh", "-c", f"ulimit -f 16; exec '{CLIENT}' exit 1000")
    assert answer.stdout == "ready\n" and answer.stderr.count("cannot write the trace") == 1, answer
    assert os.path.getsize(trace) <= 16 * 1024
    load(trace)
    with open(precious, encoding="ascii") as file:
        assert file.read() == "[1]\n"
