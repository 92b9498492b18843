#!/usr/bin/python3
"""What judging costs: the same signed message over and over, taken in without and with SPF, DKIM, ARC and DMARC.

    bench/authentication.py [--program build/release/postern] [--messages 4000] [--sessions 10] [--size 4096] [--runs 3]

Starts a server twice per run, on loopback, beside a name server of the tests; the signature (RSA-2048, by dkimpy) is
verified each time, DNS comes from the cache. Prints messages a second and CPU of the server per message, and their
ratios. By hand, on a machine with nothing else to do.
"""
import argparse
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


class Session(threading.Thread):
    def __init__(self, address, sender, recipient, mail, count):
        super().__init__()
        self.address, self.count, self.failure = address, count, None
        self.envelope = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
        self.data = mail + b".\r\n"

    def run(self):
        try:
            with socket.create_connection(self.address, timeout=60) as wire:
                lines = wire.makefile("rb")
                lines.readline()
                wire.sendall(b"EHLO mx.sender.test\r\n")
                while lines.readline()[3:4] == b"-":
                    pass
                for _ in range(self.count):
                    wire.sendall(self.envelope)
                    for want in (b"250", b"250", b"354"):
                        self.expect(lines.readline(), want)
                    wire.sendall(self.data)
                    self.expect(lines.readline(), b"250")
        except (OSError, ValueError) as error:
            self.failure = error

    @staticmethod
    def expect(line, want):
        if not line.startswith(want):
            raise ValueError(f"{want} wanted, {line} came")


def measure(lib, mail, zone, verify, options):
    postern, dns = lib
    port = postern.free_port()
    names = dns.Server(port, zone)
    server = postern.ConfiguredServer(f"bench-{time.monotonic_ns()}", sections={
        "dns": ["root_trust_anchor = false", f'stubs = ["test 127.0.0.1@{port}"]',
                f'forwarders = ["127.0.0.1@{port}"]'],
        "authentication": [f"verify = {str(verify).lower()}"]})
    try:
        server.populate().start()
        each = options.messages // options.sessions
        for warming in (True, False):
            sessions = [Session((server.ip, server.ports["smtp"]), "ann@sender.test", server.user, mail,
                                20 if warming else each) for _ in range(options.sessions)]
            cpu, began = cpu_seconds(server.process.pid), time.monotonic()
            for session in sessions:
                session.start()
            for session in sessions:
                session.join()
            took, cpu = time.monotonic() - began, cpu_seconds(server.process.pid) - cpu
            for session in sessions:
                if session.failure:
                    raise session.failure
        count = each * options.sessions
        return count / took, cpu * 1000 / count
    finally:
        server.finish()
        names.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/postern")
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.update(POSTERN_PROGRAM=str(pathlib.Path(options.program).resolve()), POSTERN_SCRATCH=scratch,
                          POSTERN_PORT_BASE="28000")
        sys.path.insert(0, str(HERE.parent / "tests/e2e"))
        from lib import dns, postern
        key, record = postern.make_dkim_key(pathlib.Path(scratch), "s1")
        head = "From: ann@sender.test\r\nTo: ann@example.test\r\nSubject: hello\r\nMessage-ID: <1@sender.test>\r\n" \
            "Date: Tue, 1 Jul 2025 10:00:00 +0000\r\n\r\n"
        text = "It is a truth universally acknowledged, that a single man in possession\r\n"
        body = (head + text * (options.size // len(text))).encode()
        script = ("import dkim,sys; m=sys.stdin.buffer.read(); sys.stdout.buffer.write(dkim.sign(m, b's1', "
                  "b'sender.test', open(sys.argv[1],'rb').read(), canonicalize=(b'relaxed',b'relaxed')) + m)")
        mail = subprocess.run(["/usr/bin/python3", "-c", script, key], input=body, check=True,
                              stdout=subprocess.PIPE).stdout
        zone = {"sender.test": [("TXT", "v=spf1 ip4:127.0.0.1 -all"), ("MX", "10 mx.sender.test")],
                "mx.sender.test": [("A", "127.0.0.1")],
                "s1._domainkey.sender.test": [("TXT", record)],
                "_dmarc.sender.test": [("TXT", "v=DMARC1; p=reject")]}
        rates, costs = [], []
        for _ in range(options.runs):
            without = measure((postern, dns), mail, zone, False, options)
            judged = measure((postern, dns), mail, zone, True, options)
            rates.append(judged[0] / without[0])
            costs.append(judged[1] - without[1])
            print(f"without: {without[0]:7.0f}/s {without[1]:.3f} ms    judged: {judged[0]:7.0f}/s {judged[1]:.3f} ms    "
                  f"rate {rates[-1]:.0%}, {costs[-1]:+.3f} ms a message", flush=True)
        print(f"median: {statistics.median(rates):.0%} of the rate, {statistics.median(costs):+.3f} ms a message")


if __name__ == "__main__":
    main()
