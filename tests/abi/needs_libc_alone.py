# SPDX-License-Identifier: MIT
"""A library needs libc.so.6 alone or nothing, no C++ runtime, and loads with OLDEST_GLIBC: needs_libc_alone.py LIBRARY..."""
import re
import sys

import elf

OLDEST_GLIBC = (2, 17)  # of 2012, and the first for 64-bit ARM
# operator new and delete, what is in std, run-time type information, exceptions, guarded statics.
CPP_RUNTIME = re.compile(r"_Zn|_Zd|_ZS|_ZNS|_ZNKS|_ZT|__cxa_|__gxx_|_Unwind_|__dynamic_cast")
# What crt files ask for, there or not.
UNVERSIONED = {"__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable"}
FROM_LIBC = {"__cxa_finalize", "__cxa_atexit", "__cxa_thread_atexit_impl"}


def findings(library):
    if set(elf.needed(library)) - {"libc.so.6"}:
        yield f"needs {' '.join(elf.needed(library))}"
    for symbol in sorted(elf.imports(library)):
        name, _, version = symbol.partition("@")
        if CPP_RUNTIME.match(name) and name not in FROM_LIBC:
            yield f"needs {name} of the C++ runtime"
        if match := re.fullmatch(r"GLIBC_([\d.]+)", version):
            if tuple(map(int, match[1].split("."))) > OLDEST_GLIBC:
                yield f"needs {symbol}, newer than glibc {'.'.join(map(str, OLDEST_GLIBC))}"
        elif version:
            yield f"needs {symbol}"
        elif name not in UNVERSIONED:
            yield f"needs {name} of no version"


failures = [f"{library} {finding}" for library in sys.argv[1:] for finding in findings(library)]
print("\n".join(failures))
sys.exit(bool(failures))
