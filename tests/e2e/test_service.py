"""The process: signals, privileges, sockets from systemd, metrics."""
import http.client
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import tempfile
import time
import unittest

from lib import postern
from lib.clients import Imap, Smtp, Wire, deliver, imap, imaplib_client, message


def serial_of(server, port="imaps"):
    with socket.create_connection(server.address(port), 10) as raw:
        with server.trust().wrap_socket(raw, server_hostname="localhost") as secure:
            return int(secure.getpeercert()["serialNumber"], 16)


class Signals(postern.Case):
    def test_sigterm_says_goodbye(self):
        server = self.local()
        idle, waiting = imap(server), Imap(server.address("imaps"), tls=server.trust())
        idle.ok("SELECT INBOX")
        idle.send("i IDLE\r\n")
        idle.read_response()
        plain, secure = Smtp(server.address("smtp")), Smtp(server.address("submissions"), tls=server.trust())
        in_data = Smtp(server.address("smtp"))
        in_data.envelope("s@outside.test", "user@localhost")
        in_data.expect("DATA", 354)
        in_data.send("From: s@outside.test\r\n\r\nhalf a mess")
        deliver(server, message("before the end"), "user@localhost")
        while b"EXISTS" not in idle.read_response():
            pass
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for client in (idle, waiting):
            self.assertIn(b"* BYE", client.read_to_end())
        for client in (plain, secure):
            self.assertRegex(client.read_to_end(), rb"^421 ")
        in_data.read_to_end()
        self.assertEqual(server.process.wait(20), 0)
        self.assertLess(time.monotonic() - began, 15)
        server.start()
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(20), 0)

    def test_sighup_reloads_certificates(self):
        server = self.configured()
        first = serial_of(server)
        old = imap(server)
        with Smtp(server.address("smtp")) as client:
            client.starttls(server.trust())
        postern.make_certificate(server.certificates, names=("localhost", server.hostname), serial=4711)
        self.assertEqual(serial_of(server), first, "not before the signal")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: serial_of(server) == 4711, what="the new certificate")
        self.assertEqual(serial_of(server, "submissions"), 4711)
        old.ok("NOOP")  # sessions keep what they began with
        (server.certificates / "cert.pem").write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: "reload refused" in server.log(), what="a refusal in the log")
        self.assertEqual(serial_of(server), 4711)

    def test_sighup_reloads_settings(self):
        server = self.configured(sections={"limits": ["max_message = 300000"]})
        server.sections["limits"] = ["max_message = 400000"]
        server.write_config()
        with Smtp(server.address("smtp")) as old:
            server.process.send_signal(signal.SIGHUP)
            postern.wait_for(lambda: "SIZE 400000" in Smtp(server.address("smtp")).features, what="the new limit")
            self.assertIn("SIZE 300000", old.expect("EHLO again.test", 250))

    def test_many_starts(self):
        server = self.local()
        for i in range(5):
            deliver(server, message(f"start {i}"), "user@localhost")
            self.assertEqual(server.stop(), 0)
            server.start()
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"5"])
        client.logout()


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.M))


class Privileges(postern.Case):
    def test_confined(self):
        server = self.local()
        for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
            status = status_of(f"{server.process.pid}/task/{task.name}")
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], "2", "a filter")
        self.assertRegex(server.log(), r"msg=confined .*no_new_privs=true .*seccomp=true")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_is_given_up(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="postern-e2e-"))
        self.addCleanup(shutil.rmtree, root, True)
        root.chmod(0o755)
        server = postern.ConfiguredServer("dropping", user="nobody")
        server.directory = root / "store"
        server.write_config()
        server.populate()
        self.addCleanup(self.conclude, server)
        server.start()
        for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
            status = status_of(f"{server.process.pid}/task/{task.name}")
            self.assertEqual(set(status["Uid"].split()), {"65534"})
            self.assertEqual(len(set(status["Gid"].split())), 1)
            self.assertNotIn("0", status["Gid"].split())
            self.assertLessEqual(set(status["Groups"].split()), {"65534"})
            for capabilities in ("CapPrm", "CapEff", "CapInh"):
                self.assertEqual(int(status[capabilities], 16), 0)
        self.assertEqual({path.stat().st_uid for path in server.directory.rglob("*")}, {65534})
        self.assertEqual(server.directory.stat().st_mode & 0o077, 0)
        deliver(server, message("to an unprivileged server"), server.user)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        self.assertEqual(len(server.json("account", "list")), 1, "root may ask the server of another user")
        self.assertEqual(server.stop(), 0)
        server.add_account("later@example.test")  # by root, on the stopped store: still nobody's
        self.assertEqual({path.stat().st_uid for path in server.directory.rglob("*")}, {65534})
        server.start()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_an_unknown_user(self):
        server = postern.ConfiguredServer("nouser", user="no-such-user")
        server.start(wait=False)
        self.assertEqual(server.process.wait(20), 1)
        self.assertIn("no-such-user", server.log())


class Systemd(postern.Case):
    def test_sockets_are_taken_over_and_ready_is_told(self):
        server = postern.ConfiguredServer("activated").populate()
        self.addCleanup(self.conclude, server)
        listening = []
        for kind in ("smtp", "imaps", "submissions"):
            given = socket.socket()
            given.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            given.bind(server.address(kind))
            given.listen(16)  # whoever binds it again gets EADDRINUSE
            listening.append(given)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        address = "\0postern-e2e-" + secrets.token_hex(8)
        told.bind(address)
        told.settimeout(30)
        first = 3

        def hand_over():
            copies = [os.dup(given.fileno()) for given in listening]
            high = [os.dup2(copy, 100 + i) for i, copy in enumerate(copies)]
            for i, copy in enumerate(high):
                os.dup2(copy, first + i)

        program, command = postern.PROGRAM, server.arguments()
        server.arguments = lambda: ["-c", 'LISTEN_PID=$$ exec "$0" "$@"', program, *map(str, command)]
        postern.PROGRAM = "/bin/sh"
        try:
            server.start(wait=False, preexec_fn=hand_over, pass_fds=range(first, first + len(listening)),
                         environment={"LISTEN_FDS": str(len(listening)), "NOTIFY_SOCKET": "@" + address[1:]})
        finally:
            postern.PROGRAM = program
        server.wait_ready(0)
        self.assertIn(b"READY=1", told.recv(4096))
        for given in listening:
            given.close()
        deliver(server, message("through a given socket"), server.user)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        with Smtp(server.address("submission")) as client:  # not given: bound by itself
            self.assertIn("STARTTLS", client.features)


class Metrics(postern.Case):
    def get(self, server, path="/metrics", method="GET"):
        connection = http.client.HTTPConnection(*server.address("metrics"), timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read().decode()

    def value(self, server, name):
        found = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", self.get(server)[2], re.M)
        self.assertTrue(found, name)
        return sum(map(float, found))

    def test_metrics(self):
        server = self.configured()
        status, kind, text = self.get(server)
        self.assertEqual(status, 200)
        self.assertTrue(kind.startswith("text/plain"))
        for line in text.splitlines():
            self.assertRegex(line, r'^# (HELP|TYPE) \w+ .+$|^\w+(\{[^}]*\})? [-+0-9.eEInfNa]+$')
        before = self.value(server, "postern_mail_delivered")
        for i in range(3):
            deliver(server, message(f"counted {i}"), server.user)
        self.assertEqual(self.value(server, "postern_mail_delivered"), before + 3)
        self.assertEqual(self.value(server, "postern_store_health"), 0)
        self.assertGreaterEqual(self.value(server, "postern_connections"), 1)
        self.assertEqual(self.get(server, "/nonsense")[0], 404)
        self.assertIn(self.get(server, method="POST")[0], (404, 405))
        with Wire(server.address("metrics")) as client:
            client.send(b"\x16\x03\x01garbage\r\n\r\n")
            client.read_to_end()
        with Wire(server.address("metrics")) as client:
            try:
                client.send(b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"y" * 200_000)
            except OSError:
                pass
            client.read_to_end()
        self.assertEqual(self.get(server)[0], 200)
