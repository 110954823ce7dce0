# SPDX-License-Identifier: MIT
"""The completions know each option of the launcher and no other, and offer them in each shell that is here."""
import re
import shutil
import subprocess

from project import conclude, root

OPTION = re.compile(r'^ *\{"([a-z-]+)", (?:no|required|optional)_argument', re.M)
FOLDER = root() / "completions"
FINDERS = {"atomrt.bash": r"--([a-z][a-z-]*)", "_atomrt": r"--([a-z][a-z-]*)", "atomrt.fish": r" -l ([a-z-]+)"}

options = set(OPTION.findall((root() / "preload/launcher/options.cpp").read_text()))
findings = [] if options else ["found no option of the launcher"]
for file, finder in FINDERS.items():
    text = (FOLDER / file).read_text().replace(" -- ", " ")
    for name in sorted(options ^ set(re.findall(finder, text))):
        findings.append(f"completions/{file}: " + ("lacks" if name in options else "has an unknown") + f" --{name}")


def output(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if result.returncode or result.stderr:
        findings.append(f"{command[0]}: {result.stderr}")
    return result.stdout.split()


def offered_by_bash(*words):
    """What follows the last word, which may be empty."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""source {FOLDER}/atomrt.bash; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
        _atomrt; printf '%s\\n' "${{COMPREPLY[@]}}" """
    return output("bash", "--norc", "-c", script)


def expect(what, words, wanted):
    missing = set(wanted) - set(words)
    if missing:
        findings.append(f"{what} does not offer {' '.join(sorted(missing))}")


long_options = [f"--{name}" for name in options]
expect("bash", offered_by_bash("atomrt", "--"), long_options)
expect("bash, of --contexts,", offered_by_bash("atomrt", "--contexts", "=", "head,r"), ["head,ring"])
expect("bash, of --contexts,", offered_by_bash("atomrt", "--contexts", "th"), ["threads"])
expect("bash, of programs,", offered_by_bash("atomrt", "--contexts", "head", "--stats", "=", "file", "bas"), ["bash"])
expect("bash, after --,", offered_by_bash("atomrt", "--verbose", "--", "bas"), ["bash"])
if shutil.which("fish"):
    expect("fish", output("fish", "--no-config", "-c", f"source {FOLDER}/atomrt.fish; complete -C 'atomrt --'"), long_options)
if shutil.which("zsh"):
    output("zsh", "-n", str(FOLDER / "_atomrt"))
conclude(findings)
