"""What the lints share: the project's files, and how a finding is told."""
import pathlib
import subprocess
import sys

LAYERS = ["base", "os", "aiocb", "chain", "exec", "engine", "posix"]  # each may use those to its left
SOURCE_SUFFIXES = {".h", ".cpp", ".c"}
SKIPPED = 77


def root():
    return pathlib.Path(sys.argv[1]).resolve()


def files(*folders):
    """The project's files below the given folders (all of it without any): what git knows or would add, in order."""
    command = ["git", "-C", str(root()), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        paths = [root() / path for path in set(result.stdout.split("\0")) - {""}]
    else:  # a release, without git
        paths = [path for start in folders or ["."] for path in (root() / start).rglob("*")
                 if not path.relative_to(root()).parts[0].startswith("build")]
    return sorted(path for path in paths if path.is_file())


def sources(*folders):
    return (path for path in files(*folders) if path.suffix in SOURCE_SUFFIXES)


def name(path):
    return str(path.relative_to(root()))


def conclude(findings):
    """One line a finding, and the exit status of the lint."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)
