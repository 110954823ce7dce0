# SPDX-License-Identifier: MIT
"""docs/decisions/: each page is in its index, each decision has a status, and what tests and pages refer to is there."""
import re

from project import conclude, files, name, root

FOLDER = "docs/decisions"
LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")
ENTRY = re.compile(r"^## (\d+)\. ", re.M)
ROW = re.compile(r"^\| (\d+) \| \[.*\]\(([\w-]+\.md)\) \|", re.M)
STATUS = re.compile(r"^\*Status\.\* (in force|amended by|replaced by)\b", re.M)
DIFFERENCE = re.compile(r"\bdifference-[a-z0-9-]*[a-z0-9]")

index = root() / FOLDER / "README.md"
pages = {path.name: path.read_text() for path in files(FOLDER) if path.suffix == ".md"}


def anchors(text):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page, text):
    for target in LINK.findall(text):
        file, _, anchor = target.partition("#")
        if not (root() / FOLDER / file).exists():
            yield f"{FOLDER}/{page}: there is no {file}"
        elif anchor and anchor not in anchors(pages[file or page]):
            yield f"{FOLDER}/{page}: {file or page} has no heading #{anchor}"


def decisions_of(text):
    """The numbered entries of a page; a page without any is one decision itself."""
    parts = re.split(r"(?m)^(?=## \d+\. )", text)
    return parts[1:] or parts


def findings():
    listed = {target.partition("#")[0] for target in LINK.findall(pages.get(index.name, ""))}
    rows = {int(number): page for number, page in ROW.findall(pages.get(index.name, ""))}
    entries = {}
    for page, text in pages.items():
        yield from broken_links(page, text)
        if page == index.name:
            continue
        if page not in listed:
            yield f"{FOLDER}/README.md does not list {page}"
        for number in map(int, ENTRY.findall(text)):
            if number in entries:
                yield f"{FOLDER}/{page}: {number} is in {entries[number]}, too"
            entries[number] = page
        for decision in decisions_of(text):
            if len(STATUS.findall(decision)) != 1:
                yield f"{FOLDER}/{page}: no line, or several, with a known *Status.* below '{decision.splitlines()[0]}'"
    for number in sorted(entries.keys() | rows.keys()):
        if entries.get(number) != rows.get(number):
            yield f"decision {number}: it is in {entries.get(number)}, the index says {rows.get(number)}"
    for page, text in pages.items():
        for numbers in re.findall(r"\bdecisions? (\d+(?:(?:, | and | to )\d+)*)", text, re.I):
            for number in set(map(int, re.findall(r"\d+", numbers))) - entries.keys():
                yield f"{FOLDER}/{page}: there is no decision {number}"
    headings = "\n".join(line for text in pages.values() for line in text.splitlines() if line.startswith("#"))
    explained = set(DIFFERENCE.findall(headings))
    used = {}
    for path in files("tests"):
        if path.suffix in {".c", ".cpp", ".h", ".sh", ".build"}:
            used.update(dict.fromkeys(DIFFERENCE.findall(path.read_text()), name(path)))
    for slug in sorted(used.keys() - explained):
        yield f"{used[slug]}: no heading in {FOLDER} has {slug}"
    for slug in sorted(explained - used.keys()):
        yield f"{FOLDER}: no test names {slug}"


conclude(list(findings()))
