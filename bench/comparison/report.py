# SPDX-License-Identifier: MIT
"""The report: a Markdown page with the tables and the plots, beside the figures as CSV."""

import os

from . import bars as bar_tables
from . import accounting, machine, plots, table


COUNTED = '''Counted as the difference between a longer and a shorter run. System calls are those that the kernel counts for
all threads of the process (perf; strace where perf may not, which slows each call and so changes who serves a request).
Futex wakes are counted under strace. Context switches are counted without it.
Instructions are those outside the kernel, counted by valgrind; `-` where it does not run what serves the request.
`atomrt:NAME+threads` shows a context that would not serve that workload by itself.
'''


def plot_section(names):
    return ''.join(f'\n![{name}]({name}.svg)\n' for name in names)


def write(folder, results, workloads, rivals, bars, costs, tools, directory, command):
    """Returns the path of the page."""
    os.makedirs(folder, exist_ok=True)
    results.write_csv(os.path.join(folder, 'rounds.csv'))
    drawn = plots.draw_all(results, workloads, rivals, folder)
    facts = [[name, f'`{value}`'] for name, value in machine.describe(tools, directory) + [('command', command)]]
    page = ['# atomrt against its rivals\n', table.markdown(['machine', ''], facts)]
    page.append('\nMedians of the rounds; rivals took turns within each round. Spread: (most - least) / median of the rival '
                'that varied most. By hand there is one way to wait; a plain call has no depth.\n')
    if bars:
        page += ['## Bars\n', table.markdown(*bar_tables.table(bars, results)) + '\n']
    if workloads:
        page.append('## Results\n')
    page += [table.markdown(header, rows) + '\n' for header, rows in table.sections(results, workloads, rivals)]
    header, rows = table.details(results, workloads, rivals)
    if rows:
        page += ['## Latency and cost\n', table.markdown(header, rows) + '\n']
    if costs:
        accounting.write_csv(os.path.join(folder, 'costs.csv'), costs)
        page += ['## What a request costs\n', table.markdown(*accounting.table(costs)) + '\n', COUNTED]
    if drawn:
        page += ['## Plots\n', plot_section(drawn)]
    if results.failures:
        page += ['## Not measured\n'] + [f'- {line}' for line in table.failures(results)]
    path = os.path.join(folder, 'report.md')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(page) + '\n')
    return path
