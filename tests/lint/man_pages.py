# SPDX-License-Identifier: MIT
"""mandoc has no warning about any man page, each function of <aio.h> has one, and all are ASCII, as a terminal may be."""
import re
import shutil
import subprocess

from project import conclude, files, name, root, skip

FUNCTIONS = ["aio_read", "aio_write", "aio_fsync", "aio_error", "aio_return", "aio_suspend", "aio_cancel", "lio_listio",
             "aio_init"]

if not shutil.which("mandoc"):
    skip("no mandoc")
pages = [path for path in files("man") if re.fullmatch(r"\.[1-8][a-z]*", path.suffix)]
if not pages:
    skip("no man page yet")
there = {path.stem for path in pages}
findings = [f"man/ has no page {page}" for page in ["atomrt", "libatomrt", *FUNCTIONS] if page not in there]
findings += [f"{name(path)}: not ASCII: groff can't show it where the locale is C" for path in pages
             if not path.read_bytes().isascii()]
result = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *map(name, pages)],
                        cwd=root(), capture_output=True, text=True, check=False)
if result.returncode or result.stdout:
    findings.append(result.stdout + result.stderr)
conclude(findings)
