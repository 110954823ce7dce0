# SPDX-License-Identifier: MIT
"""What a program calls through is bound at load, and read-only from then on: bound_at_load_and_read_only.py FILE..."""
import sys

import elf

failures = [path for path in sys.argv[1:] if not elf.is_bound_at_load(path)]
for path in failures:
    print(f"{path} is not bound at load, or has no read-only part (-z relro, -z now)")
sys.exit(bool(failures))
