#!/usr/bin/python3
"""Runs the end-to-end tests: each tests/e2e/test_*.py in a process of its own, two at a time.

    run.py --program PATH [--scratch DIR] [--json FILE] [--jobs N] [pattern ...]

A test file is ordinary unittest. It finds in its environment: POSTERN_PROGRAM, the program under test; POSTERN_SCRATCH,
an empty folder of its own (kept when the file fails); POSTERN_PORT_BASE, the first of 200 loopback ports that are its
alone. A comment line `# time-limit: SECONDS` changes the limit of 180 s for the whole file; when it is exceeded the
file's process group is killed; POSTERN_TIME_LIMIT overrides it for long runs by hand. Patterns are parts of file names;
without any, every file runs. The last line is "N passed, N failed"; rc 1 on a failure or when nothing ran.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT_LIMIT = 180
LOG_LINES = 200
PORTS_PER_FILE = 200
BLOCKS = range(20000, 30000, 2500)  # below the ephemeral range; each is one run's alone


class Result(unittest.TextTestResult):
    """Counts a test once, however many of its subtests fail."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.good = []

    def addSuccess(self, test):
        super().addSuccess(test)
        self.good.append(test.id())


def child(path, out):
    """In the file's own process: run it, write {"passed": [...], "failed": [...], "skipped": [...]}."""
    sys.path.insert(0, str(HERE))
    suite = unittest.defaultTestLoader.loadTestsFromName(pathlib.Path(path).stem)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    bad = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    bad |= {test.id() for test in result.unexpectedSuccesses}
    pathlib.Path(out).write_text(json.dumps({
        "passed": [name for name in result.good if name not in bad], "failed": sorted(bad),
        "skipped": [f"{test.id()}: {why}" for test, why in result.skipped]}))
    sys.stdout.flush()


def limit_of(path):
    found = re.search(r"^# time-limit: *(\d+)", path.read_text(), re.M)
    return int(os.environ.get("POSTERN_TIME_LIMIT") or (found.group(1) if found else DEFAULT_LIMIT))


def end_group(process):
    """Ends what the file started and left behind."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + 5
        while sign == signal.SIGTERM and time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def claim_ports():
    """(the first port of a block that no other run on this machine has, what keeps it ours)"""
    for first in BLOCKS:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0postern-e2e-{first}")
            return first, claim
        except OSError:
            claim.close()
    sys.exit("too many end-to-end runs at a time on this machine")


def run_file(index, path, given):
    scratch = given.scratch / path.stem
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "files").mkdir(parents=True)
    out, log, limit = scratch / "result.json", scratch / "output.log", limit_of(path)
    environment = dict(os.environ, POSTERN_PROGRAM=str(given.program), POSTERN_SCRATCH=str(scratch / "files"),
                       POSTERN_PORT_BASE=str(given.first_port + index * PORTS_PER_FILE), PYTHONDONTWRITEBYTECODE="1",
                       PYTHONUNBUFFERED="1")
    began, late = time.monotonic(), False
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, str(HERE / "run.py"), "--child", str(path), str(out)],
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment,
                                   start_new_session=True)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            late = True
        end_group(process)
        process.wait()
    if out.is_file():
        result = json.loads(out.read_text())
    else:
        why = f"not done after {limit} s" if late else f"ended with status {process.returncode}"
        result = {"passed": [], "failed": [f"{path.stem}: {why}"], "skipped": []}
    if not (result["passed"] or result["failed"]):
        result["failed"].append(f"{path.stem}: no test ran")
    return path, result, log, time.monotonic() - began


def report(path, result, log, seconds):
    word = "FAILED" if result["failed"] else "ok"
    print(f"{word:6} {path.name}: {len(result['passed'])} passed, {len(result['failed'])} failed, {seconds:.1f} s",
          flush=True)
    for line in result["skipped"]:
        print(f"       skipped {line}")
    if result["failed"]:
        lines = log.read_text(errors="replace").splitlines()
        print(f"---- {log}, last {min(len(lines), LOG_LINES)} of {len(lines)} lines")
        print("\n".join(lines[-LOG_LINES:]))
        print("----", flush=True)
    else:
        shutil.rmtree(log.parent, ignore_errors=True)


def main():
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return 0
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", type=pathlib.Path, required=True)
    options.add_argument("--scratch", type=pathlib.Path, default=HERE.parent.parent / "build" / "e2e")
    options.add_argument("--json", type=pathlib.Path)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("patterns", nargs="*")
    given = options.parse_args()
    given.program, given.scratch = given.program.resolve(), given.scratch.resolve()
    if not os.access(given.program, os.X_OK):
        print(f"no program at {given.program}")
        return 1
    files = [path for path in sorted(HERE.glob("test_*.py"))
             if not given.patterns or any(pattern in path.name for pattern in given.patterns)]
    passed, failed = 0, []
    given.first_port, claim = claim_ports()
    with claim, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        # The longest first, so that none is left to run alone at the end.
        order = sorted(enumerate(files), key=lambda item: -limit_of(item[1]))
        for done in concurrent.futures.as_completed([pool.submit(run_file, i, path, given) for i, path in order]):
            path, result, log, seconds = done.result()
            report(path, result, log, seconds)
            passed += len(result["passed"])
            failed += result["failed"]
    if given.json:
        given.json.write_text(json.dumps({"passed": passed, "failed": failed}))
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
