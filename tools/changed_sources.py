#!/usr/bin/env python3
"""Prints the src/*.cpp that changed since the last landed commit, for clang-tidy: at most N (first argument, 40).

The last landed commit is where this branch left origin/main; on origin/main itself, the commit before. A changed header
stands for the .cpp beside it. Tests, fuzzers and benchmarks are left to the whole-tree run: GoogleTest's headers make them
five times as dear. Of more than N files the most recently committed are taken.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


head = git("rev-parse", "HEAD")
base = git("merge-base", "HEAD", "origin/main")
if not base or base == head:
    base = git("rev-parse", "--verify", "-q", "HEAD~1") or EMPTY_TREE
changed = git("diff", "--name-only", "--diff-filter=d", base, "--", "src").splitlines()
changed += git("ls-files", "-o", "--exclude-standard", "--", "src").splitlines()
wanted = set()
for name in changed:
    path = pathlib.Path(name)
    if path.suffix == ".hpp":
        path = path.with_suffix(".cpp")
    if re.search(r"_(test|fuzz|bench)\.cpp$", path.name):
        continue
    if path.suffix == ".cpp" and (ROOT / path).exists():
        wanted.add(str(path))
limit = int(sys.argv[1]) if len(sys.argv) > 1 else 40
if len(wanted) > limit:
    recent = []
    for name in git("log", "--format=", "--name-only", "-n", "200", "--", "src").splitlines():
        if name in wanted and name not in recent:
            recent.append(name)
    order = recent + sorted(wanted - set(recent))
    print(f"{len(wanted)} files changed; the {limit} latest are checked here, ./dev lint checks all", file=sys.stderr)
    wanted = order[:limit]
print("\n".join(sorted(wanted)))
