# SPDX-License-Identifier: MIT
"""Lets `meson test` start its programs quickly: its Python reads this first where PYTHONPATH begins with this folder.

Meson has a function of Python run in each child before the program does, for setsid() alone. So Python forks, which copies
the page tables of a Meson that knows thousands of tests, and faults page by page afterwards: for each test more time than
most of the programs need, and one after the other, as Meson waits for each. Python can call setsid() itself, and then it
uses vfork. Where Meson comes to do it otherwise, nothing happens here.
"""
import os
import subprocess

_start = subprocess.Popen.__init__


def _start_in_a_session(self, *arguments, preexec_fn=None, **options):
    if getattr(preexec_fn, "__module__", None) == "mesonbuild.mtest":
        preexec_fn, options["start_new_session"] = None, True
    _start(self, *arguments, preexec_fn=preexec_fn, **options)


subprocess.Popen.__init__ = _start_in_a_session

# For Meson alone: the tests get the variable as it was.
_others = os.environ.pop("PYTHONPATH", "").partition(os.pathsep)[2]
if _others:
    os.environ["PYTHONPATH"] = _others
