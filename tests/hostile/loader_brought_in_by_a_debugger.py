# SPDX-License-Identifier: MIT
"""gdb attaches to a program that waits, calls dlopen there, and lets it go: its next request is served by atomrt."""
import os
import shutil
import subprocess
import sys
import tempfile

preload, program = os.environ["PRELOAD"], sys.argv[1]
gdb = shutil.which("gdb")
if gdb is None:
    print("no gdb")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    data, statistics = os.path.join(folder, "data"), os.path.join(folder, "statistics")
    environment = dict(os.environ, ATOMRT_STATS=statistics)
    environment.pop("LD_PRELOAD", None)
    running = subprocess.Popen([program, data], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    call = f'call ((void *(*)(const char *, int))dlopen)("{preload}", 2)'
    attached = subprocess.run([gdb, "-nx", "-batch", "-p", str(running.pid), "-ex", call], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)
    output, _ = running.communicate("\n", timeout=600)
    if "ptrace" in attached.stderr or "Operation not permitted" in attached.stderr:
        print(attached.stderr)
        sys.exit(77)
    assert running.returncode == 0, (running.returncode, attached.stdout, attached.stderr)
    assert output == "done\n", output
    with open(statistics) as file:
        assert "\nrequests 1\n" in file.read(), "one request served by the library"
