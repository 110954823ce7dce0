#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real XRootD server whose own AIO is on copies a file to itself, again and again, under ATOMRT_ORDER=calls.

It sends the segments of a page read in the order in which its AIO completes: in any other order than that of the calls
its clients see corrupted pages. The clients run under glibc.
"""

import contextlib
import filecmp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import harness

SIZE = (32 << 20) + 1
COPIES = 30
USER = 'daemon'  # the server refuses to be root

CONFIGURATION = '''all.export /
oss.localroot {folder}/data
all.adminpath {folder}/adm
all.pidpath {folder}/run
xrd.port {port}
xrd.network nodnr
xrd.protocol xrootd libXrdXrootd.so
xrootd.async Debug force
'''


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def is_reachable(port):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
        return True
    except OSError:
        return False


def user_options():
    """What makes the server another user than root; he must be able to load the library."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise harness.Skip(f'no user {USER} for the server to run as') from None
    return ['-R', USER]


def expect_readable(client, options):
    """The library is preloaded before the server becomes another user, and by what it starts afterwards."""
    if not options:
        return
    try:
        probe = subprocess.run([client.launcher, 'true'], user=USER, group='nogroup', extra_groups=[], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd='/')
    except PermissionError as error:  # a folder above it, such as root's home
        raise harness.Skip(f'user {USER} can\'t run the launcher: {error}') from None
    if probe.returncode != 0:
        raise harness.Skip(f'user {USER} can\'t read the library: {probe.stdout.decode(errors="replace").strip()}')


@contextlib.contextmanager
def server(client, options, port, statistics):
    with open(client.path('x.cfg'), 'w', encoding='utf-8') as file:
        file.write(CONFIGURATION.format(folder=client.folder, port=port))
    os.chmod(client.folder, 0o755)
    for name in ('data', 'adm', 'run'):
        os.mkdir(client.path(name))
    if options:
        for path in (client.folder, *map(client.path, ('data', 'adm', 'run', 'x.cfg'))):
            shutil.chown(path, USER)
    command = client.under('atomrt', ['xrootd', *options, '-c', client.path('x.cfg'), '-l', client.path('log')],
                           statistics)
    environment = {**os.environ, 'LC_ALL': 'C', 'ATOMRT_ORDER': 'calls', 'ATOMRT_STATS_INTERVAL': '1'}
    with subprocess.Popen(command, cwd=client.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=environment, start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def log_of(client):
    try:
        with open(client.path('log'), encoding='utf-8', errors='replace') as file:
            return ''.join(file.readlines()[-20:])
    except OSError:
        return '(no log)'


def wait_until_reachable(client, process, port):
    end = time.monotonic() + harness.TIME_LIMIT
    while not is_reachable(port):
        if process.poll() is not None:
            raise harness.Skip(f'the server ends with {process.returncode}:\n{log_of(client)}')
        if time.monotonic() > end:
            raise harness.Skip(f'the server does not listen:\n{log_of(client)}')
        time.sleep(0.05)


def wait_until_counted(statistics):
    """A server that a signal ends writes nothing then: what it writes now and then is to say that atomrt served it."""
    end = time.monotonic() + harness.TIME_LIMIT
    served = 0
    while served <= COPIES and time.monotonic() < end:
        time.sleep(0.05)
        # Blocks of one process follow one another, each with all that it has served so far.
        served = max((int(block.get('requests', 0)) for block in harness.parse_statistics(statistics)), default=0)
    harness.expect(served > COPIES, f'atomrt served {served} requests of {COPIES} copies')
    return served


def check(client):
    options = user_options()
    expect_readable(client, options)
    port = free_port()
    url = f'root://127.0.0.1:{port}/'
    quiet = {'XRD_LOGLEVEL': 'Error', 'XRD_CONNECTIONRETRY': '1', 'XRD_REQUESTTIMEOUT': '30', 'XRD_STREAMTIMEOUT': '30'}
    copy = ['xrdcp', '--nopbar', '-f']
    source = client.path('source')
    with open(source, 'wb') as file:
        file.write(os.urandom(SIZE))
    statistics = client.path('statistics.server.%p')
    with server(client, options, port, statistics) as process:
        wait_until_reachable(client, process, port)
        client.run('glibc', copy + [source, url + '/first'], environment=quiet).expect_success()
        for number in range(COPIES):
            run = client.run('glibc', copy + [url + '/first', f'{url}/copy{number}'], environment=quiet)
            harness.expect(run.status == 0, f'copy {number} of {COPIES}: {run.output}\nThe server: {process.poll()}, '
                                            f'its log:\n{log_of(client)}')
            target = client.path('data', f'copy{number}')
            harness.expect(filecmp.cmp(source, target, shallow=False), f'copy {number} of {COPIES} differs')
            os.remove(target)
        harness.expect(process.poll() is None, f'the server ended with {process.returncode}')
        served = wait_until_counted(statistics)
    print(f'{COPIES} copies of {SIZE} bytes, {served} requests served')


if __name__ == '__main__':
    harness.main(check, needs=['xrootd', 'xrdcp'])
