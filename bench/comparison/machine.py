# SPDX-License-Identifier: MIT
"""What it was measured on: for the report."""

import os
import platform
import re
import shutil
import subprocess
import time


def output(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.stdout.strip()
    except OSError:
        return ''


def first_match(path, pattern):
    try:
        with open(path, encoding='utf-8') as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
            return found.group(1).strip() if found else ''
    except OSError:
        return ''


def package(name):
    return output('dpkg-query', '-W', '-f', '${Version}', name) if shutil.which('dpkg-query') else ''


def describe(tools, directory):
    """(name, value) pairs."""
    memory = first_match('/proc/meminfo', r'^MemTotal:\s+(\d+)')
    mount = output('findmnt', '-n', '-o', 'FSTYPE,SOURCE,OPTIONS', '-T', directory).split()
    return [(name, value) for name, value in (
        ('date', time.strftime('%Y-%m-%d %H:%M %Z')),
        ('processor', f'{first_match("/proc/cpuinfo", "^model name.*: (.*)$")}, {os.cpu_count()} cores'),
        ('memory', f'{int(memory) / (1 << 20):.1f} GiB' if memory else ''),
        ('kernel', f'{platform.release()} {platform.machine()}'),
        ('system', first_match('/etc/os-release', r'^PRETTY_NAME="?([^"\n]*)')),
        ('C library', ' '.join(platform.libc_ver())),
        ('atomrt', output(tools.launcher, '--version')),
        ('fio', output('fio', '--version') if shutil.which('fio') else ''),
        ('liburing', package('liburing-dev')),
        ('libaio', package('libaio-dev')),
        ('file system', ' '.join(mount)),
        ('load average', ' '.join(f'{load:.2f}' for load in os.getloadavg()))) if value]
