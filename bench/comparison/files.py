# SPDX-License-Identifier: MIT
"""The folders and files that are measured on. All of it lies in one new folder, and goes with it: also on Ctrl-C."""

import contextlib
import os
import shutil
import subprocess
import tempfile

PIECE = 1 << 20
FULL_SIZED = 2  # files; those of further threads are an eighth, so that sixteen of them fit


class Unavailable(Exception):
    """A file system that cannot be had here."""


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f'{" ".join(command)}: {done.stdout.strip()}')


def write_file(path, size):
    """Real blocks, filled: a hole or an unwritten extent would not be read from the disk."""
    piece = os.urandom(PIECE)
    with open(path, 'wb', buffering=0) as file:
        for number in range(size // PIECE):
            file.write(number.to_bytes(8, 'little') + piece[8:])
        os.fsync(file.fileno())


class Files:
    """Used as `with Files(...) as files`. of(workload) gives paths, one for each submitting thread."""

    def __init__(self, directory, size, say):
        self.directory = directory
        self.size = size
        self.say = say
        self.stack = contextlib.ExitStack()
        self.places = {}

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='atomrt-compare-', dir=self.directory)
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return self

    def __exit__(self, *unused):
        self.stack.close()

    def place(self, file_system):
        """The folder on that file system, made and mounted when first asked for."""
        if file_system not in self.places:
            if file_system == 'here':
                self.places['here'] = self.folder
            else:
                self.places[file_system] = self.mount(file_system)
        return self.places[file_system]

    def mount(self, kind):
        if os.geteuid() != 0:
            raise Unavailable(f'{kind}: only root can mount it')
        place = os.path.join(self.folder, kind)
        os.mkdir(place)
        if kind == 'tmpfs':
            run('mount', '-t', 'tmpfs', 'atomrt-compare', place)
        elif kind == 'overlayfs':
            parts = {name: os.path.join(self.folder, f'{kind}.{name}') for name in ('lower', 'upper', 'work')}
            for part in parts.values():
                os.mkdir(part)
            run('mount', '-t', 'overlay', 'atomrt-compare', place, '-o',
                f'lowerdir={parts["lower"]},upperdir={parts["upper"]},workdir={parts["work"]}')
        else:
            image = os.path.join(self.folder, f'{kind}.image')
            with open(image, 'wb') as file:
                file.truncate(3 * self.size + (512 << 20))
            quiet = {'ext4': ['-q', '-F'], 'xfs': ['-q', '-f'], 'btrfs': ['-q', '-f']}[kind]
            run(f'mkfs.{kind}', *quiet, image)
            run('mount', '-o', 'loop', image, place)
        self.stack.callback(subprocess.run, ['umount', '--lazy', place], check=False)
        return place

    def of(self, workload):
        """Warm and cold files apart: one measurement does not drop the other's cache."""
        if not workload.is_on_files():
            return []
        temperature = 'warm' if workload.cache == 'cached' else 'cold'
        count = 1 if workload.files == 'one' else workload.threads
        paths = [os.path.join(self.place(workload.file_system), f'{temperature}.{number}') for number in range(count)]
        for number, path in enumerate(paths):
            if not os.path.exists(path):
                size = self.size if number < FULL_SIZED else max(self.size // 8 // PIECE, 4) * PIECE
                self.say(f'writing {os.path.basename(path)}, {size >> 20} MiB')
                write_file(path, size)
        return paths * workload.threads if workload.files == 'one' else paths
