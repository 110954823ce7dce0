# SPDX-License-Identifier: MIT
"""Results as text: aligned columns for a terminal, pipes for Markdown."""

from .rival import Rival
from .workload import STREAMS, TRIPS


def short(value):
    """A rate: three figures and a letter."""
    if value is None:
        return '-'
    for limit, divisor, letter in ((1e6, 1e6, 'M'), (1e3, 1e3, 'k')):
        if value >= limit * 0.9995:
            return f'{value / divisor:.3g}{letter}' if value < 999.5 * divisor else f'{value / divisor:.0f}{letter}'
    return f'{value:.3g}'


def ratio(value):
    return '-' if value is None else f'{value:.2f}' if value < 99.5 else f'{value:.0f}'


def aligned(header, rows):
    widths = [max(len(row[i]) for row in [header] + rows) for i in range(len(header))]

    def line(row):
        return '  '.join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()

    return '\n'.join([line(header), '  '.join('-' * width for width in widths)] + [line(row) for row in rows])


def markdown(header, rows):
    lines = ['| ' + ' | '.join(header) + ' |', '|' + '|'.join(['---'] + ['---:'] * (len(header) - 1)) + '|']
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows])


def rates(results, workloads, rivals):
    """Requests a second of each rival, the first one's ratio to each of the others, and the widest spread."""
    first, others = rivals[0], rivals[1:]
    header = ['requests a second'] + [rival.name for rival in rivals] + [f'/{rival.name}' for rival in others] + ['spread']
    rows = []
    for workload in workloads:
        if not workload.is_on_files() and workload.kind not in TRIPS:
            continue
        spreads = [results.spread(workload, rival) for rival in rivals]
        known = [spread for spread in spreads if spread is not None]
        rows.append([workload.label()] + [short(results.median(workload, rival)) for rival in rivals]
                    + [ratio(results.ratio(workload, first, rival)) for rival in others]
                    + [f'{max(known):.0%}' if known else '-'])
    return header, rows


def details(results, workloads, rivals):
    """Latencies, processor time and context switches."""
    figures = [('p50_us', 'p50 us'), ('p90_us', 'p90'), ('p99_us', 'p99'), ('p99.9_us', 'p99.9'),
               ('cpu_us_per_request', 'CPU us'), ('context_switches_per_request', 'switches')]
    rows = []
    for workload in workloads:
        for rival in rivals:
            if (workload.kind == 'loop' or workload.kind in TRIPS) and results.of(workload, rival):
                values = [results.median(workload, rival, name) for name, _ in figures]
                rows.append([workload.label(), rival.name] + ['-' if value is None else f'{value:.2f}' for value in values])
    return ['latency and cost of a request', 'rival'] + [title for _, title in figures], rows


def costs(results, workloads, rivals):
    rows = []
    for workload in workloads:
        for rival in rivals:
            if workload.kind == 'cost' and results.of(workload, rival):
                rows.append([workload.label(), rival.name] + [f'{results.median(workload, rival, name):.0f}'
                                                              for name in ('engine_ns', 'pread_ns')]
                            + [f'{results.median(workload, rival, "ratio_to_pread"):.2f}'])
    return ['one cached read', 'rival', 'ns', 'pread ns', 'ratio'], rows


def blocked(results, workloads, rivals):
    figures = ('submit_ns', 'submit_cpu_ns', 'complete_ns', 'complete_cpu_ns', 'cancel_ns', 'threads', 'bytes_per_request',
               'streams')
    rows = []
    for workload in workloads:
        for rival in rivals:
            if workload.kind in STREAMS and results.of(workload, rival):
                rows.append([workload.label(), rival.name]
                            + [f'{results.median(workload, rival, name):.0f}' for name in figures])
    return ['blocked requests', 'rival', 'ns a submit', 'CPU', 'ns a completion', 'CPU', 'ns a cancel', 'threads', 'bytes each',
            'streams'], rows


def lists(results, workloads, rivals):
    figures = (('cpu_ns', 0), ('pass_ns', 0), ('wake_ns', 0), ('switches', 2), ('needless_wakes', 3))
    rows = []
    for workload in workloads:
        for rival in rivals:
            if workload.kind == 'lists' and results.of(workload, rival):
                rows.append([workload.label(), rival.name]
                            + [f'{results.median(workload, rival, name):.{digits}f}' for name, digits in figures])
    return ['one wake-up', 'rival', 'CPU ns', 'ns of a pass', 'ns to wake', 'switches', 'others woken'], rows


def failures(results):
    """One line for each rival that could not do a workload."""
    return [f'{workload.label()}: {Rival(name).name}: {reason}' for (workload, name), reason in results.failures.items()]


def sections(results, workloads, rivals):
    """(header, rows) of each table that has any rows."""
    made = [rates(results, workloads, rivals)] + [make(results, workloads, rivals) for make in (costs, blocked, lists)]
    return [(header, rows) for header, rows in made if rows]
