# SPDX-License-Identifier: MIT
"""What every client test shares: run a client under glibc and under atomrt, and prove who served its requests.

A test calls main(check, needs=[...]); check(client) gets a Client with a private folder that is removed in any case.
Exit codes: 0 pass, 1 fail, 77 the client is not installed (or cannot work here), 99 the test cannot be set up.
"""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SKIP, SETUP_ERROR = 77, 99
TIME_LIMIT = 60  # seconds for one run of a client: a client that hangs is a failure with a name


class Failure(Exception):
    """The client, or atomrt's account of it, is not as it should be."""


class Skip(Exception):
    """The client cannot be tried on this machine."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Run:
    """One finished run of a client: its outcome, and what atomrt says that it served."""

    def __init__(self, runtime, status, output, statistics):
        self.runtime = runtime
        self.status = status
        self.output = output
        self.statistics = statistics  # one dictionary a process that made requests

    def total(self, name):
        """Sum of a counter over the processes; `bytes` and the like are summed over the contexts too."""
        return int(sum(value for block in self.statistics for key, value in block.items()
                       if key == name or key.endswith('.' + name)))

    def requests(self):
        return int(sum(block['requests'] for block in self.statistics))

    def expect_success(self):
        expect(self.status == 0, f'under {self.runtime} the client ended with {self.status}:\n{self.output}')

    def expect_served(self, least, most):
        """atomrt served what the client says that it asked for, and nothing is outstanding."""
        if self.runtime != 'atomrt':
            return
        expect(self.statistics, 'atomrt served nothing: no statistics were written')
        for block in self.statistics:
            expect(block['completed'] == block['requests'],
                   f'process {block["name"]}: {block["requests"]:.0f} requests, {block["completed"]:.0f} completed')
        expect(least <= self.requests() <= most,
               f'atomrt counted {self.requests()} requests, the client {least} to {most}')

    def expect_no_errors(self):
        if self.runtime == 'atomrt':
            errors = int(sum(block['errors'] for block in self.statistics))
            expect(errors == 0, f'atomrt counted {errors} errors')


def parse_statistics(pattern):
    """The blocks of the statistics files; the first line of each is `# atomrt VERSION statistics: NAME (pid PID)`."""
    blocks = []
    for path in sorted(glob.glob(pattern.replace('%p', '*'))):
        with open(path, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                if line.startswith('#'):
                    blocks.append({'name': line.split(':', 1)[-1].strip()})
                elif line.strip():
                    name, value = line.split()
                    blocks[-1][name] = float(value)
    return blocks


class Client:
    """A private folder, and the two ways to run a client in it."""

    def __init__(self, folder, launcher):
        self.folder = folder
        self.launcher = launcher
        self.runs = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def runtimes(self):
        return ('glibc', 'atomrt')

    def under(self, runtime, command, statistics):
        """COMMAND as it is started under RUNTIME. A library built with ASan wants ASan's own before it."""
        if runtime == 'glibc':
            return command
        sanitizer = os.environ.get('ATOMRT_TEST_SANITIZER')
        first = ['env', f'LD_PRELOAD={sanitizer}', 'ASAN_OPTIONS=detect_leaks=0',
                 'UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1'] if sanitizer else []
        return first + [self.launcher, f'--stats={statistics}', '--'] + command

    def run(self, runtime, command, environment=None, wrap=None, time_limit=TIME_LIMIT):
        """Runs COMMAND, started by WRAP where given (mpirun). A run beyond the time limit is a failure."""
        self.runs += 1
        statistics = self.path(f'statistics.{self.runs}.%p')  # a file for each process
        full = (wrap or []) + self.under(runtime, command, statistics)
        with subprocess.Popen(full, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, 'LC_ALL': 'C', **(environment or {})},
                              start_new_session=True) as process:
            try:
                output, _ = process.communicate(timeout=time_limit)
            except BaseException as reason:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                if isinstance(reason, subprocess.TimeoutExpired):
                    raise Failure(f'under {runtime} {command[0]} did not end within {time_limit} s:\n'
                                  + output.decode(errors='replace')) from None
                raise
        return Run(runtime, process.returncode, output.decode(errors='replace'), parse_statistics(statistics))


def find_launcher():
    launcher = os.environ.get('ATOMRT_LAUNCHER')
    if launcher is None:
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        launcher = os.path.join(root, 'build', 'preload', 'atomrt')
    if not os.access(launcher, os.X_OK):
        print(f'no launcher at {launcher}: build first, or set ATOMRT_LAUNCHER')
        sys.exit(SETUP_ERROR)
    return launcher


def main(check, needs):
    """Runs CHECK in a private folder and turns what comes of it into an exit code."""
    missing = [program for program in needs if shutil.which(program) is None]
    if missing:
        print('skipped, not installed:', ', '.join(missing))
        sys.exit(SKIP)
    launcher = find_launcher()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        with tempfile.TemporaryDirectory(prefix='atomrt-client-') as folder:
            check(Client(folder, launcher))
    except Skip as reason:
        print('skipped:', reason)
        sys.exit(SKIP)
    except Failure as reason:
        print('FAILED:', reason)
        sys.exit(1)
