#!/usr/bin/env python3
"""No source file is longer than 600 lines; over 400 is named as a warning. No options; rc 1 on a breach."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT, WARNING = 600, 400
paths = [p for top, kinds in (("src", ("*.cpp", "*.hpp")), ("tests", ("*.cpp", "*.hpp", "*.py")), ("tools", ("*.py",)))
         for kind in kinds for p in sorted((ROOT / top).rglob(kind))]
worst = 0
for path in paths:
    lines = len(path.read_text(errors="replace").splitlines())
    worst = max(worst, lines)
    if lines > LIMIT:
        print(f"{path.relative_to(ROOT)}: {lines} lines; {LIMIT} at most: it is two files")
    elif lines > WARNING and not path.name.endswith("_test.cpp"):
        print(f"{path.relative_to(ROOT)}: warning: {lines} lines; about 300 is the house's size", file=sys.stderr)
print(f"sizes: {len(paths)} files, longest {worst} lines")
sys.exit(worst > LIMIT)
