#!/usr/bin/env python3
"""Writes docs/benchmarks.md from measured results.

    bench_report.py --micro DIR --harness DIR --out FILE

DIR of --micro holds Google Benchmark JSON files; of the *.json in --harness the newest is taken. Ratios are Postern's
median over the peer's (inverted where less is better, so that more than 1 always means Postern is ahead).
"""
import argparse
import json
import pathlib
import sys

PEER, OURS = "postfix-dovecot-mdbox", "postern"
LESS_IS_BETTER = ("ms", "s", "KiB", "MB", "% of a core", "cpu_ms_per_msg", "syncs_per_msg", "written_per_byte")
# The targets of the project, as (scenario, metric, unit, kind, bound). kind: ratio at least, or at most the named field of
# the row ("median" for what its unit says).
TARGETS = [
    ("ingest", "4KiB, 100 mailboxes, 10 sessions", "msg/s", "ratio", 10),
    ("ingest", "4KiB, 100 mailboxes, 50 sessions", "msg/s", "ratio", 20),
    ("ingest", "4KiB, 100 mailboxes, 200 sessions", "msg/s", "ratio", 20),
    ("ingest", "64KiB, 100 mailboxes, 50 sessions", "msg/s", "ratio", 5),
    ("submission", "implicit+AUTH, 10 sessions, 1 msg per connection", "msg/s accepted", "ratio", 10),
    ("imap", "TLS + LOGIN cheap hash, 8 conns", "logins/s", "ratio", 5),
    ("imap", "SELECT 100000 msgs", "ms", "ratio", 1),
    ("idle", "per idle IMAPS session, 5000 sessions, cgroup anon+kernel", "KiB", "median", 25),
    ("idle", "cold start to SMTP banner + IMAPS greeting", "s", "median", 0.3),
    # Idle memory counts what the server made its own (anonymous and kernel memory), not pages of its program file.
    ("idle", "whole stack idle, PSS", "MB", "cgroup_MB", 40),
    ("outbound", "queue of 10000 drained into a sink, plaintext", "msg/s", "ratio", 2),
    ("outbound", "queue of 10000 drained into a sink, STARTTLS", "msg/s", "ratio", 2),
]


def number(value):
    return f"{value:.4g}" if isinstance(value, (int, float)) else "-"


def spread(row):
    return f"{number(row['median'])} [{number(row['min'])}..{number(row['max'])}]" if row else "-"


def ratio(ours, peer):
    if not ours or not peer or not ours["median"] or not peer["median"]:
        return None
    quotient = ours["median"] / peer["median"]
    return 1 / quotient if ours["unit"] in LESS_IS_BETTER else quotient


def harness_section(document):
    rows = {}
    for row in document["rows"]:
        rows.setdefault((row["scenario"], row["metric"], row["unit"]), {})[row["system"]] = row
    out = ["## Beside Postfix + Dovecot", "", f"One run on one machine, {document['date']}: {document['machine']['cpus']} "
           f"CPUs, {document['machine']['mem']}, kernel {document['machine']['kernel']}; the load generators ran there "
           "too. Figures are median [min..max]; compare ratios, not rates.", ""]
    out += [f"- {name}: {version}" for name, version in document["versions"].items()]
    out += ["", "### Targets", "", "| figure | Postern | Postfix + Dovecot | ratio | target | reached |", "|---|---|---|---|---|---|"]
    for scenario, metric, unit, kind, bound in TARGETS:
        found = rows.get((scenario, metric, unit), {})
        ours, peer = found.get(OURS), found.get(PEER)
        if kind not in ("ratio", "median"):
            ours, peer = ({**row, "median": row[kind], "min": row[kind], "max": row[kind]} if row else None for row in (ours, peer))
            metric = metric.replace("PSS", "anonymous and kernel memory")
        times = ratio(ours, peer)
        measured = times if kind == "ratio" else (ours or {}).get("median")
        reached = "-" if measured is None else "yes" if (measured >= bound if kind == "ratio" else measured <= bound) else "no"
        target = f"≥ {bound}×" if kind == "ratio" else f"≤ {bound} {unit}"
        out.append(f"| {scenario}: {metric} ({unit}) | {spread(ours)} | {spread(peer)} | "
                   f"{f'{times:.2f}×' if times else '-'} | {target} | {reached} |")
    out += ["", "### What one received message costs", "", "Targets: ≤ 0.3 ms CPU and ≤ 1 sync (≤ 0.2 at 50 sessions), bytes "
            "written per message byte ≤ 4 at 4 KiB and ≤ 3 at 64 KiB.", "",
            "| load | CPU ms, Postern | peer | syncs, Postern | peer | bytes written per byte, Postern | peer |",
            "|---|---|---|---|---|---|---|"]
    for (of, metric, _), found in rows.items():
        if of == "ingest":
            cells = [number((found.get(system) or {}).get(key)) for key in ("cpu_ms_per_msg", "syncs_per_msg", "written_per_byte")
                     for system in (OURS, PEER)]
            out.append(f"| {metric} | " + " | ".join(cells) + " |")
    for scenario in dict.fromkeys(key[0] for key in rows):
        out += ["", f"### {scenario}", "", "| figure | unit | Postern | Postfix + Dovecot | ratio |", "|---|---|---|---|---|"]
        for (of, metric, unit), found in rows.items():
            if of != scenario:
                continue
            ours, peer = found.get(OURS) or found.get("machine"), found.get(PEER)
            times = ratio(ours, peer)
            out.append(f"| {metric} | {unit} | {spread(ours)} | {spread(peer)} | {f'{times:.2f}×' if times else '-'} |")
    return out


def micro_section(paths):
    out = ["## Micro-benchmarks", "", "| benchmark | CPU time | throughput |", "|---|---|---|"]
    for path in paths:
        for row in json.loads(path.read_text()).get("benchmarks", []):
            if row.get("run_type") == "aggregate" or row.get("error_occurred"):
                continue
            rate = row.get("bytes_per_second")
            items = row.get("items_per_second")
            speed = f"{rate / 2**20:.1f} MiB/s" if rate else f"{items:.3g} /s" if items else ""
            module = path.stem.removeprefix("postern_").removesuffix("_bench")
            out.append(f"| {module}: {row['name']} | {row['cpu_time']:.4g} {row['time_unit']} | {speed} |")
    return out


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--micro", type=pathlib.Path, required=True)
    options.add_argument("--harness", type=pathlib.Path, required=True)
    options.add_argument("--out", type=pathlib.Path, required=True)
    given = options.parse_args()
    runs = sorted(given.harness.glob("*.json"), key=lambda p: p.stat().st_mtime)
    micro = [p for p in sorted(given.micro.glob("*.json")) if p.stat().st_size]
    if not runs and not micro:
        print("bench_report: nothing measured; docs/benchmarks.md is left as it is")
        return 1
    out = ["# Benchmarks", "", "Written by `./dev bench` from what it measured; not edited by hand. A dash stands for what was not measured.", ""]
    if runs:
        out += harness_section(json.loads(runs[-1].read_text())) + [""]
    if micro:
        out += micro_section(micro) + [""]
    given.out.write_text("\n".join(out).rstrip() + "\n")
    print(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
