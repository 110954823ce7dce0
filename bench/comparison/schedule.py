# SPDX-License-Identifier: MIT
"""The order of the measurements: each round visits every workload, and at each workload every rival, so that whatever
happens to the machine meanwhile happens to all of them."""

import time

from .files import Unavailable
from .measure import Failed, measure
from .results import Results
from .workload import order

SHORTEST, LONGEST = 0.03, 0.5
OVERHEAD = 0.06  # seconds to start a process, to drop a cache, to settle what was written; learnt as it goes


class Schedule:
    def __init__(self, pairs, rounds, limit, seconds=None):
        """PAIRS of (workload, rival); LIMIT in seconds, or None; SECONDS of one measurement, or None for what fits."""
        seen = {}
        for workload, rival in sorted(pairs, key=lambda pair: order(pair[0])):
            seen.setdefault((rival.normalise(workload), rival.name), (rival.normalise(workload), rival))
        self.pairs = list(seen.values())
        self.rounds = rounds
        self.seconds = seconds
        self.limit = limit
        self.slow = set()  # (workload, rival name): see measure_one
        self.begun = time.monotonic()

    def left(self):
        return None if self.limit is None else self.limit - (time.monotonic() - self.begun)

    def length(self, rounds_left, overhead):
        """Of one measurement in this round."""
        if self.seconds is not None:
            return self.seconds
        if self.limit is None:
            return LONGEST
        share = self.left() / max(1, rounds_left * len(self.pairs)) - overhead
        return min(LONGEST, max(SHORTEST, share))

    def rotated(self, number):
        """Whoever is first at a workload in one round is not first in the next."""
        blocks = {}
        for workload, rival in self.pairs:
            blocks.setdefault((workload.file_system, workload.kind, workload.cache, workload.mix, workload.block,
                               workload.threads, workload.tool, workload.span), []).append((workload, rival))
        for block in blocks.values():
            shift = number % len(block)
            yield from block[shift:] + block[:shift]

    def run(self, tools, files, progress):
        results = Results()
        overhead = OVERHEAD
        for number in range(self.rounds):
            seconds = self.length(self.rounds - number, overhead)
            begun = time.monotonic()
            for done, (workload, rival) in enumerate(self.rotated(number)):
                if self.limit is not None and number > 0 and self.left() <= 0:
                    progress.say(f'the time is up in round {number + 1} of {self.rounds}')
                    return results
                self.show(progress, number, done, workload, rival)
                self.measure_one(results, workload, rival, tools, files, seconds, number)
            overhead = (time.monotonic() - begun) / max(1, len(self.pairs)) - seconds
        progress.clear()
        return results

    def show(self, progress, number, done, workload, rival):
        total = self.rounds * len(self.pairs)
        finished = number * len(self.pairs) + done
        spent = time.monotonic() - self.begun
        rest = f', {spent / finished * (total - finished) / 60:.1f} min left' if finished > len(self.pairs) // 4 else ''
        progress.show(f'[{finished}/{total}{rest}] round {number + 1}: {workload.label()}: {rival.name}')

    def measure_one(self, results, workload, rival, tools, files, seconds, number):
        """What is blocked has no length to choose: whoever takes a hundredth of all the time for it is measured once."""
        if results.has_failed(workload, rival) or (workload, rival.name) in self.slow:
            return
        begun = time.monotonic()
        try:
            results.add(workload, rival, measure(rival, workload, tools, files, seconds, seed=number + 1))
        except (Failed, Unavailable) as reason:
            results.fail(workload, rival, reason)
        if self.limit is not None and not workload.is_on_files() and time.monotonic() - begun > self.limit / 100:
            self.slow.add((workload, rival.name))
