# SPDX-License-Identifier: MIT
"""Plots by gnuplot, each as SVG and as PNG: rate by depth and by threads, latency percentiles, cost by number of blocked
requests."""

import os
import shutil
import subprocess

from .workload import CACHES, MIXES, STREAMS, THREADS

# Told apart without colour as well (point types), and with impaired colour vision.
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000')
TERMINALS = {'svg': 'svg size 760,460 dynamic background rgb "white"', 'png': 'pngcairo size 1140,690 fontscale 1.2'}
PERCENTILES = (('p50_us', 0, '50'), ('p90_us', 1, '90'), ('p99_us', 2, '99'), ('p99.9_us', 3, '99.9'))


def draw(path, title, axes, settings, curves):
    """CURVES: {name: [(x, y)]}. Writes PATH.svg and PATH.png; False if nothing is to be drawn."""
    data, lines = [], []
    for number, (name, points) in enumerate(curves.items()):  # a rival keeps its colour where another is missing
        if not points:
            continue
        block = f'$data{number}'
        data.append(f'{block} << END\n' + '\n'.join(f'{x} {y}' for x, y in points) + '\nEND')
        lines.append(f'{block} using 1:2 with linespoints lw 2 pt {number + 4} lc rgb "{COLOURS[number % len(COLOURS)]}" '
                     f'title "{name}" noenhanced')
    if not lines:
        return False
    common = '\n'.join(data) + f'\nset title "{title}" noenhanced\nset xlabel "{axes[0]}"\nset ylabel "{axes[1]}"\n' \
        'set grid\nset key outside right\n' + settings
    for suffix, terminal in TERMINALS.items():
        script = f'set terminal {terminal}\nset output "{path}.{suffix}"\n{common}\nplot ' + ', '.join(lines) + '\n'
        subprocess.run(['gnuplot'], input=script, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return True


def alike(workloads, **axes):
    return [workload for workload in workloads if all(getattr(workload, name) == value for name, value in axes.items())]


def by_depth(results, workloads, rivals, folder, file_system, cache, mix):
    chosen = sorted(alike(workloads, kind='loop', tool='probe', block='4k', waiting='suspend', threads=1, cache=cache, mix=mix,
                          file_system=file_system), key=lambda workload: workload.depth)
    if len(chosen) < 2:
        return None
    curves = {rival.name: [(workload.depth, results.median(workload, rival)) for workload in chosen
                           if results.of(workload, rival)] for rival in rivals}
    place = '' if file_system == 'here' else f' on {file_system}'
    name = f'rate-{cache}-{mix}' + place.replace(' on ', '-')
    settings = 'set logscale x 2\nset logscale y\nset format y "%.0s%c"\n'
    title = f'4 KiB random {mix}, {cache}{place}'
    return name if draw(os.path.join(folder, name), title, ('requests in flight', 'requests a second'), settings, curves) else None


def by_threads(results, workloads, rivals, folder, cache, mix, depth, files):
    chosen = sorted(alike(workloads, kind='loop', tool='probe', block='4k', waiting='suspend', cache=cache, mix=mix,
                          depth=depth, file_system='here'), key=lambda workload: workload.threads)
    chosen = [workload for workload in chosen if workload.threads in THREADS and workload.files in (files, 'own')
              and (workload.files == files or workload.threads == 1)]
    if len(chosen) < 3:
        return None
    curves = {rival.name: [(workload.threads, results.median(workload, rival)) for workload in chosen
                           if results.of(workload, rival)] for rival in rivals}
    name = f'threads-{cache}-{mix}-{depth}' + ('-one-file' if files == 'one' else '')
    settings = 'set logscale x 2\nset yrange [0:*]\nset format y "%.0s%c"\n'
    title = f'4 KiB random {mix}, {cache}, depth {depth} each, ' + ('one file' if files == 'one' else 'own files')
    return name if draw(os.path.join(folder, name), title, ('threads', 'requests a second'), settings, curves) else None


def latencies(results, workloads, rivals, folder, cache, mix, depth):
    chosen = alike(workloads, kind='loop', tool='probe', block='4k', waiting='suspend', threads=1, cache=cache, mix=mix,
                   depth=depth, file_system='here')
    if not chosen:
        return None
    # A plain call's latency is another thing: it has one in flight, whatever the depth.
    curves = {rival.name: [(x, results.median(chosen[0], rival, figure)) for figure, x, _ in PERCENTILES
                           if results.median(chosen[0], rival, figure)]
              for rival in rivals if rival.base != 'psync' or depth == 1}
    ticks = ', '.join(f'"{label}" {x}' for _, x, label in PERCENTILES)
    settings = f'set logscale y\nset xtics ({ticks})\nset xrange [-0.2:3.2]\n'
    name = f'latency-{cache}-{mix}-{depth}'
    title = f'4 KiB random {mix}, {cache}, depth {depth}'
    return name if draw(os.path.join(folder, name), title, ('percentile', 'latency, us'), settings, curves) else None


def blocked(results, workloads, rivals, folder, kind):
    chosen = sorted(alike(workloads, kind=kind), key=lambda workload: workload.depth)
    if len(chosen) < 2:
        return None
    curves = {f'{rival.name}, {what}': [(workload.depth, results.median(workload, rival, f'{what}_ns')) for workload in chosen
                                        if results.of(workload, rival)]
              for rival in rivals for what in ('submit', 'complete')}
    name = f'blocked-{kind}'
    settings = 'set logscale xy\n'
    return name if draw(os.path.join(folder, name), f'reads blocked on {kind}s', ('blocked requests', 'ns for one'), settings,
                        curves) else None


def lists(results, workloads, rivals, folder):
    chosen = sorted(alike(workloads, kind='lists'), key=lambda workload: workload.depth)
    if len(chosen) < 2:
        return None
    curves = {rival.name: [(workload.depth, results.median(workload, rival, 'cpu_ns')) for workload in chosen
                           if results.of(workload, rival)] for rival in rivals}
    axes = ('requests in the list', 'ns of processor time for one wake-up')
    return 'lists' if draw(os.path.join(folder, 'lists'), 'aio_suspend', axes, 'set logscale xy\n', curves) else None


def draw_all(results, workloads, rivals, folder):
    """Names of the plots drawn, without suffix; none where gnuplot is missing."""
    if shutil.which('gnuplot') is None:
        return []
    systems = sorted({workload.file_system for workload in workloads})
    names = [by_depth(results, workloads, rivals, folder, system, cache, mix)
             for system in systems for cache in CACHES for mix in MIXES]
    names += [by_threads(results, workloads, rivals, folder, cache, mix, depth, files)
              for cache in CACHES for mix in MIXES for depth in (1, 8) for files in ('own', 'one')]
    names += [latencies(results, workloads, rivals, folder, cache, mix, depth)
              for cache in CACHES for mix in MIXES for depth in (1, 32)]
    names += [blocked(results, workloads, rivals, folder, kind) for kind in STREAMS]
    names.append(lists(results, workloads, rivals, folder))
    return [name for name in names if name]
