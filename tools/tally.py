#!/usr/bin/env python3
"""Adds up a test run and ends with the line "N passed, N failed".

    tally.py [--unit RESULTS_DIR] [--e2e RESULT.json]

A GoogleTest case, an end-to-end test and a replayed fuzz corpus count one each. A program that ended without writing
its results, or that failed after all its cases passed (a leak, say), counts one failure. Names in the environment
variable POSTERN_FAILED_CHECKS count one failure each. rc 1 on a failure, or when nothing ran.
"""
import argparse
import json
import os
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def of_gtest(path):
    """(passed, names of the failed) of one GoogleTest result file."""
    passed, failed = 0, []
    for suite in json.loads(path.read_text()).get("testsuites", []):
        for case in suite.get("testsuite", []):
            if case.get("failures"):
                failed.append(f"{suite['name']}.{case['name']}")
            elif case.get("result") == "COMPLETED":
                passed += 1
    return passed, failed


def of_unit(results):
    junit = results / "ctest.xml"
    if not junit.is_file():
        return 0, ["unit tests: no result"]
    passed, failed = 0, []
    for entry in ElementTree.parse(junit).getroot().iter("testcase"):
        name, ok = entry.get("name"), entry.get("status") == "run"
        detail = results / "gtest" / f"postern_{name}_test.json"
        cases, bad = of_gtest(detail) if detail.is_file() else (1 if ok else 0, [])
        passed += cases
        failed += bad
        if not ok and not bad:
            failed.append(f"{name}: ended badly")
    return passed, failed


def of_e2e(path):
    if not path.is_file():
        return 0, ["end-to-end tests: no result"]
    result = json.loads(path.read_text())
    return result["passed"], result["failed"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--unit", type=pathlib.Path)
    options.add_argument("--e2e", type=pathlib.Path)
    given = options.parse_args()
    passed, failed = 0, [f"check: {name}" for name in os.environ.get("POSTERN_FAILED_CHECKS", "").split()]
    for path, count in ((given.unit, of_unit), (given.e2e, of_e2e)):
        if path:
            more, bad = count(path)
            passed, failed = passed + more, failed + bad
    for name in failed:
        print(f"FAILED {name}")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
