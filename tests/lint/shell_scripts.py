# SPDX-License-Identifier: MIT
"""shellcheck finds nothing in any shell script, told by its first line or its suffix; scripts that are run are executable."""
import os
import re
import shutil
import subprocess

from project import conclude, files, name, root, skip

SHEBANG = re.compile(rb"#!\s*\S*\b(env\s+)?(ba|da)?sh\b")


def is_shell_script(path):
    with path.open("rb") as file:
        return path.suffix == ".sh" or bool(SHEBANG.match(file.readline(100)))


if not shutil.which("shellcheck"):
    skip("no shellcheck")
scripts = [path for path in files() if path.suffix in {"", ".sh"} and is_shell_script(path)]
findings = [f"{name(path)} is not executable" for path in scripts
            if path.read_bytes().startswith(b"#!") and not os.access(path, os.X_OK)]
result = subprocess.run(["shellcheck", "--external-sources", "--source-path=SCRIPTDIR", *map(name, scripts)],
                        cwd=root(), capture_output=True, text=True, check=False)
if result.returncode:
    findings.append(result.stdout + result.stderr)
conclude(findings)
