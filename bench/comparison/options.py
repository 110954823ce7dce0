# SPDX-License-Identifier: MIT
"""The command line, and the selection that it makes."""

import argparse
from dataclasses import replace

from . import bars, rival, workload as work

EPILOG = """\
examples:
  compare --quick                                  the main workloads within a minute
  compare                                          all axes in turn, within 15 minutes
  compare --cache direct --mix read --depth 1 4 32 --rivals atomrt glibc io_uring
  compare --with fio --cache cached --depth 32
  compare --bars base                              the table of bars; exit status 1 where one is not met
  compare --cost                                   system calls, context switches, instructions of a request
  compare --rivals atomrt atomrt:threads glibc     atomrt with some of its contexts only
"""


def size(text):
    factor = {'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30}.get(text[-1:].lower())
    try:
        value = int(text[:-1]) * factor if factor else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text}: not a size such as 256m or 1g') from None
    if value < 4 << 20 or value % (1 << 20):
        raise argparse.ArgumentTypeError(f'{text}: at least 4m, in whole m')
    return value


def rival_of(text):
    if text.split(':')[0] not in rival.ENGINES or (':' in text and not text.startswith('atomrt:')):
        raise argparse.ArgumentTypeError(f'{text}: none of {", ".join(rival.ENGINES)}, or atomrt:CONTEXT+CONTEXT')
    return rival.Rival(text)


def positive(kind):
    def parse(text):
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f'{text}: not above zero')
        return value
    return parse


def parse(arguments):
    parser = argparse.ArgumentParser(prog='compare', description='Hold atomrt against glibc and against the same work done by '
                                     'hand: io_uring, libaio, plain calls. Rivals take turns; figures are medians.',
                                     epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    what = parser.add_argument_group('what is measured (each option narrows; all together are multiplied)')
    what.add_argument('--quick', action='store_true', help='the main workloads, within 60 seconds')
    what.add_argument('--bars', choices=('base', 'fast', 'scale', 'threads'), help='what a table of bars needs, and that table')
    what.add_argument('--cost', action='store_true', help='count system calls, wake-ups, context switches and instructions '
                      'of a request, and nothing else; the full comparison does so, too')
    what.add_argument('--rivals', nargs='+', type=rival_of, metavar='RIVAL',
                      help='atomrt glibc io_uring libaio psync pool (threads making plain calls) poll (for trips), or atomrt:head+threads; '
                           'ratios are of the first to the others')
    what.add_argument('--with', dest='tool', choices=('probe', 'fio'), default='probe', help='the program that does the work')
    what.add_argument('--cache', nargs='+', choices=work.CACHES)
    what.add_argument('--mix', nargs='+', choices=work.MIXES, help='mixed is 70 %% reads')
    what.add_argument('--block', nargs='+', choices=work.BLOCKS)
    what.add_argument('--depth', nargs='+', type=positive(int), metavar='N')
    what.add_argument('--waiting', nargs='+', choices=work.WAITINGS)
    what.add_argument('--threads', nargs='+', type=int, choices=range(1, work.MOST_THREADS + 1), metavar='N',
                      help=f'of one process, 1 to {work.MOST_THREADS}')
    what.add_argument('--files', nargs='+', choices=work.SHARING, help='of each thread its own, or one for all')
    what.add_argument('--kind', nargs='+', choices=('loop', 'sync', 'cost', 'pipe', 'socket', 'lists') + tuple(work.TRIPS),
                      help='sync: fsync every 32 writes; cost: one cached read against pread; '
                           'pipe, socket: --depth reads blocked on them; pipe_trip, socket_trip: a byte there and back; lists: aio_suspend on --depth requests')
    what.add_argument('--file-systems', nargs='+', choices=work.FILE_SYSTEMS, metavar='NAME',
                      help='also on ext4 xfs btrfs (loop mounts) tmpfs overlayfs: root only; here is the directory')
    how = parser.add_argument_group('how')
    how.add_argument('--rounds', type=positive(int), metavar='N', help='3 with --quick, else 5')
    how.add_argument('--seconds', type=positive(float), metavar='S', help='of one measurement; default: what fits')
    how.add_argument('--minutes', type=positive(float), metavar='M', help='stop after so long (1 with --quick, else 15)')
    how.add_argument('--size', type=size, metavar='BYTES', help='of each file (256m with --quick, else 1g)')
    how.add_argument('--directory', default='/var/tmp', metavar='DIR', help='where the files are made (default: %(default)s)')
    how.add_argument('--build', metavar='DIR', help='the build tree (default: build beside bench)')
    how.add_argument('--output', metavar='DIR', help='for report, CSV and plots (default: bench/results in the build tree)')
    return parser.parse_args(arguments)


def narrowed(options):
    """True where an axis was chosen: then the axes are multiplied."""
    return any(getattr(options, name) for name in ('cache', 'mix', 'block', 'depth', 'waiting', 'threads', 'files', 'kind')) \
        or options.tool == 'fio'


def chosen(options):
    kinds = options.kind or ['loop']
    depths = options.depth or [1, 32]
    loops = work.product(options.cache or ['cached'], options.mix or ['read'], options.block or ['4k'], depths,
                         options.waiting or ['suspend'], options.threads or [1], options.files or ['own'])
    picked = [replace(workload, tool=options.tool) for workload in loops] if 'loop' in kinds else []
    if 'sync' in kinds:
        picked += [work.Workload(kind='sync', mix='write', cache=cache) for cache in options.cache or ['cached']]
    if 'cost' in kinds:
        picked += work.costs()
    picked += work.streams(options.depth or (10, 100, 1000), [kind for kind in work.STREAMS if kind in kinds])
    picked += work.trips([kind for kind in work.TRIPS if kind in kinds])
    picked += work.lists(options.depth or work.LENGTHS) if 'lists' in kinds else []
    systems = options.file_systems or ['here']
    return [replace(workload, file_system=name) for name in systems for workload in picked
            if name == 'here' or workload.is_on_files()]


def counts_costs(options):
    return options.cost or not (options.quick or options.bars or options.rivals or narrowed(options))


def selection(options):
    """The pairs to measure, the workloads and rivals of the tables, and the bars."""
    extra = [name for name in options.file_systems or [] if name != 'here']
    if options.bars:
        wanted = {'base': bars.base, 'scale': bars.scale, 'threads': bars.threads}.get(options.bars, lambda: bars.fast(extra))()
        pairs = [pair for bar in wanted for pair in bar.needs]
        names = list(dict.fromkeys(who for _, who in pairs))
        return pairs, list(dict.fromkeys(workload for workload, _ in pairs)), names, wanted
    rivals = options.rivals or [rival.Rival(name) for name in rival.DEFAULT]
    if options.cost:
        workloads = []
    elif narrowed(options):
        workloads = chosen(options)
    else:
        workloads = work.quick() if options.quick else work.full(extra)
    workloads = sorted(dict.fromkeys(workloads), key=work.order)
    pairs = [(workload, who) for workload in workloads for who in rivals if who.covers(workload)]
    return pairs, workloads, rivals, []
