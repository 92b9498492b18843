#!/usr/bin/python3
"""Memory of a server per idle IMAPS connection: many sessions that logged in, selected INBOX and idle.

    bench/idle_connections.py [--program build/release/postern] [--count 5000] [--json]

Starts `postern localserve` in a folder of its own, twice opens and closes a few connections so that one-time memory is not
counted, then measures before and with all of them. Counted is what the processes of the server have resident, less what
they share (Pss). By hand, on a machine with nothing else to do; needs `count` descriptors more than the usual
1,024 (ulimit -n) and about 60 KiB of memory a connection for the client itself.
"""
import argparse
import json
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time

OFFSET = 27000
IMAPS = OFFSET + 993


def family(pid):
    """The process and all below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def resident_kib(pid):
    total = 0
    for one in family(pid):
        rollup = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
    return total


def until(sock, mark):
    got = b""
    while mark not in got:
        data = sock.recv(65536)
        if not data:
            raise SystemExit(f"hung up on after {got!r}")
        got += data


def idle_session(context, user, password):
    sock = context.wrap_socket(socket.create_connection(("127.0.0.1", IMAPS), 60), server_hostname="localhost")
    until(sock, b"\r\n")
    sock.sendall(f'a LOGIN "{user}" "{password}"\r\nb SELECT INBOX\r\n'.encode())
    until(sock, b"\r\nb OK")
    sock.sendall(b"c IDLE\r\n")
    until(sock, b"+ ")
    return sock


def measure(server, directory, count):
    lines = dict(line.split(" ", 1) for line in (directory / "credentials.txt").read_text().splitlines())
    context = ssl.create_default_context(cafile=str(directory / "local-ca.pem"))
    for _ in range(2):
        for sock in [idle_session(context, lines["user"], lines["password"]) for _ in range(50)]:
            sock.close()
        time.sleep(2)
    before = resident_kib(server.pid)
    began = time.monotonic()
    held = [idle_session(context, lines["user"], lines["password"]) for _ in range(count)]
    seconds = time.monotonic() - began
    time.sleep(5)  # the allocator gives back what it does not need
    within = resident_kib(server.pid)
    for sock in held:
        sock.close()
    return {"connections": count, "before_kib": before, "with_kib": within, "kib_each": round((within - before) / count, 2),
            "seconds_to_open": round(seconds, 1)}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default="build/release/postern")
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < given.count + 1100:
        sys.exit(f"{given.count} connections need {given.count + 1100} descriptors, the limit is {hard}")
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch) / "store"
        with subprocess.Popen([given.program, "localserve", "--dir", str(directory), "--port-offset", str(OFFSET)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
            try:
                for line in server.stdout:
                    if line.strip() == b"ready":
                        break
                else:
                    sys.exit("the server did not start")
                result = measure(server, directory, given.count)
            finally:
                server.terminate()
                server.wait(60)
    print(json.dumps(result) if given.json else "\n".join(f"{key:16} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
