#!/usr/bin/python3
"""Copies the comparison harness (first argument) to a folder of ours (second) and mends two habits of its SMTP load that
no strict server takes: a body cut between CR and LF ends in a bare CR, and every login sends as the same address. Every
server in a run gets the same, mended load."""
import pathlib
import shutil
import sys

source, target = map(pathlib.Path, sys.argv[1:3])
shutil.rmtree(target, ignore_errors=True)
shutil.copytree(source, target)
MENDS = {
    "load/common.h": [("    m.append(b, 0, std::min(want, b.size()));",
                       "    m.append(b, 0, std::min(want, b.size()));\n    if (m.back() == 13) m.pop_back();")],
    "load/smtpload.cc": [
        ('c.send("MAIL FROM:<" + from + ">', 'c.send("MAIL FROM:<" + sender + ">'),
        ("gen.make(i, from, to)", "gen.make(i, sender, to)"),
        ("std::string to = fmt(rf, i % k);", "std::string to = fmt(rf, i % k);\n          std::string sender = "
         'af.empty() ? from : fmt(af, id % auths) + from.substr(from.find(64));')],
}
for name, mends in MENDS.items():
    path = target / name
    text = path.read_text()
    for old, new in mends:
        if old not in text:
            sys.exit(f"{path}: does not hold {old!r}; the harness has changed")
        text = text.replace(old, new)
    path.write_text(text)
