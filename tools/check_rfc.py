#!/usr/bin/env python3
"""Holds the RFC references of src/ against docs/rfc.md and the RFC texts.

    check_rfc.py [--write]

Fails when a cited RFC is not listed; when a cited RFC is listed as `planned` or `not planned`, or one listed as `done`
or `part` is cited nowhere; and, where the text is at hand (../shared/rfc, or the folder in POSTERN_RFC), when a cited
section does not exist. --write raises the status of what is cited to `part` and adds rows for what is missing.
"""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "rfc.md"
TEXTS = pathlib.Path(os.environ.get("POSTERN_RFC", ROOT.parent / "shared" / "rfc"))
STATUSES = ("done", "part", "planned", "not planned", "replaced", "background")
CLAIMS = ("done", "part")
ROW = re.compile(r"^\| (\d+) \| (.*?) \| ([a-z ]+?) \|", re.M)
SECTION = r"§ ?([0-9A-Z]+(?:\.[0-9]+)*)"
CITED = re.compile(rf"\bRFC (\d{{3,5}})\b((?:(?:,| and| or|–)? ?{SECTION})*)")


def citations():
    """{number: {section or "": [where, ...]}} of all C++ sources and format descriptions."""
    found = {}
    for path in sorted([*(ROOT / "src").rglob("*.[ch]pp")]):
        # Comments are joined across lines, so that a reference may be broken anywhere.
        text = re.sub(r"\s*\n\s*(?://[/!]?<? ?)?", " ", path.read_text(errors="replace"))
        for match in CITED.finditer(text):
            sections = re.findall(SECTION, match.group(2)) or [""]
            for section in sections:
                found.setdefault(int(match.group(1)), {}).setdefault(section, []).append(str(path.relative_to(ROOT)))
    return found


def has_section(text, section):
    word = rf"(?:Appendix\s+)?{re.escape(section)}"
    return re.search(rf"^ {{0,8}}{word}(?:[.:]|\s*-+)?\s+\S", text, re.M | re.I) is not None


def title_of(number):
    path = TEXTS / f"rfc{number}.txt"
    if not path.is_file():
        return "?"
    head = path.read_text(errors="replace")[:4000]
    blocks = [b for b in re.split(r"\n\s*\n", head) if b.strip()]
    at = next((i for i, b in enumerate(blocks) if re.search(r"request for comments", b, re.I)), 0)
    return " ".join(blocks[at + 1].split()) if at + 1 < len(blocks) else "?"


def write(found):
    text = TABLE.read_text()
    listed = {int(n) for n, _, _ in ROW.findall(text)}

    def raised(match):
        cited = int(match.group(1)) in found
        return match.group(0).replace(f"| {match.group(3)} |", "| part |") \
            if cited and match.group(3) in ("planned", "not planned") else match.group(0)

    text = ROW.sub(raised, text)
    rows = [f"| {n} | {title_of(n)} | part | |" for n in sorted(set(found) - listed)]
    if rows:
        text = text.rstrip() + "\n" + "\n".join(rows) + "\n"
    TABLE.write_text(text)


def main():
    found = citations()
    if "--write" in sys.argv[1:]:
        write(found)
    rows = ROW.findall(TABLE.read_text())
    status = {int(number): word for number, _, word in rows}
    bad = [f"docs/rfc.md: RFC {n} is listed twice" for n in status if sum(int(r[0]) == n for r in rows) > 1]
    bad += [f"docs/rfc.md: RFC {n}: no status '{word}'" for n, word in status.items() if word not in STATUSES]
    for number, sections in sorted(found.items()):
        where = next(iter(sections.values()))[0]
        if number not in status:
            bad.append(f"{where}: RFC {number} is not in docs/rfc.md")
        elif status[number] in ("planned", "not planned"):
            bad.append(f"{where} cites RFC {number}, which docs/rfc.md calls '{status[number]}'")
        path = TEXTS / f"rfc{number}.txt"
        text = path.read_text(errors="replace") if path.is_file() else None
        for section, files in sections.items():
            if section and text is not None and not has_section(text, section):
                bad.append(f"{files[0]}: RFC {number} has no §{section}")
    bad += [f"docs/rfc.md: RFC {n} is called '{word}', but nothing in src/ cites it"
            for n, word in sorted(status.items()) if word in CLAIMS and n not in found]
    print("\n".join(bad) or f"rfc: {len(status)} listed, {len(found)} cited, texts {'read' if TEXTS.is_dir() else 'absent'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
