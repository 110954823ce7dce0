# SPDX-License-Identifier: MIT
"""What was measured, round by round, and its medians."""

import csv
import statistics
from dataclasses import asdict, fields

from .workload import Workload, order


class Results:
    """Figures by (workload, rival name), as they were asked for; a rival that cannot do a workload has none."""

    def __init__(self):
        self.rounds = {}
        self.failures = {}

    def add(self, workload, rival, figures):
        self.rounds.setdefault((rival.normalise(workload), rival.name), []).append(figures)

    def fail(self, workload, rival, reason):
        self.failures[(rival.normalise(workload), rival.name)] = str(reason)

    def has_failed(self, workload, rival):
        return (rival.normalise(workload), rival.name) in self.failures

    def of(self, workload, rival):
        return self.rounds.get((rival.normalise(workload), rival.name), [])

    def median(self, workload, rival, figure='rate'):
        values = [figures[figure] for figures in self.of(workload, rival) if figure in figures]
        return statistics.median(values) if values else None

    def least(self, workload, rival, figure):
        values = [figures[figure] for figures in self.of(workload, rival) if figure in figures]
        return min(values) if values else None

    def spread(self, workload, rival):
        """(most - least) / median of the rounds."""
        values = [figures['rate'] for figures in self.of(workload, rival)]
        return (max(values) - min(values)) / statistics.median(values) if values else None

    def ratio(self, workload, rival, other):
        mine, theirs = self.median(workload, rival), self.median(workload, other)
        return mine / theirs if mine and theirs else None

    def write_csv(self, path):
        """One row for each measurement."""
        figures = sorted({name for rounds in self.rounds.values() for one in rounds for name in one})
        axes = [field.name for field in fields(Workload)]
        with open(path, 'w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(axes + ['rival', 'round'] + figures)
            for (workload, rival), rounds in sorted(self.rounds.items(), key=lambda item: (order(item[0][0]), item[0][1])):
                for number, one in enumerate(rounds, 1):
                    writer.writerow(list(asdict(workload).values()) + [rival, number]
                                    + [one.get(name, '') for name in figures])
