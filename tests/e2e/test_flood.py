"""More connections than there are places for, and hostile input beside it: the server stays, serves whom it served, and
takes mail again as soon as it can."""
# time-limit: 240
import contextlib
import re
import resource
import socket
import time
import urllib.request

from lib import postern
from lib.clients import Imap, Smtp, deliver, imap, message

DESCRIPTORS = 300  # of the server: half of them are places


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, DESCRIPTORS))  # it raises the soft limit itself


def told(address, limit=5):
    """What a new connection hears first; empty when it is hung up on, None when nothing comes."""
    with socket.create_connection(address, limit) as client:
        try:
            return client.recv(1000)
        except ConnectionError:
            return b""
        except socket.timeout:
            return None


class Flood(postern.Case):
    def metric(self, server, name):
        with urllib.request.urlopen(f"http://{server.ip}:{server.ports['metrics']}/metrics", timeout=10) as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.M).group(1))

    def crowd(self, server, stack, count=400):
        clients = []
        for i in range(count):
            service = ("smtp", "imap", "imaps", "submissions")[i % 4]
            with contextlib.suppress(OSError):
                clients.append(stack.enter_context(socket.create_connection(server.address(service), 10)))
        return clients

    def test_a_flood_takes_nothing_from_those_who_are_there(self):
        server = postern.ConfiguredServer("flood").populate()
        self.addCleanup(self.conclude, server)
        server.start(preexec_fn=few_descriptors)
        deliver(server, message("before"), server.user)
        with imap(server) as reader, Smtp(server.address("smtp")) as sender:
            reader.ok("SELECT INBOX")
            sender.envelope("s@outside.test", server.user)
            for _ in range(2):
                with contextlib.ExitStack() as stack:
                    self.crowd(server, stack)
                    postern.wait_for(lambda: self.metric(server, "postern_connections_refused") > 100,
                                     what="the flood is turned away")
                    self.assertLessEqual(self.metric(server, "postern_connections"), DESCRIPTORS / 2)
                    self.assertRegex(told(server.address("smtp")), rb"^421 4\.3\.2 [^\r\n]+\r\n$")
                    self.assertRegex(told(server.address("imap")), rb"^\* BYE \[UNAVAILABLE\] [^\r\n]+\r\n$")
                    self.assertEqual(told(server.address("imaps")), b"")
                    reader.ok("NOOP")
                    self.assertTrue(reader.ok("FETCH 1 BODY.PEEK[]").untagged)
                    self.assertEqual(sender.data(message("in the midst"))[0], 250)
                    sender.envelope("s@outside.test", server.user)
                postern.wait_for(lambda: self.metric(server, "postern_connections") < 10, what="the crowd has gone")
                deliver(server, message("after"), server.user)
            self.assertTrue(reader.ok("STATUS INBOX (MESSAGES)").lines(rb"MESSAGES 5\b"))
        self.assertLessEqual(server.log().count("connections refused"), 2 * 6, "a flood is no flood of lines")
        self.assertNotIn("cannot accept", server.log())

    def test_a_limit_that_is_configured(self):
        server = self.configured(sections={"limits": ["connections = 20"]})
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(server.address("smtp"), 10)) for _ in range(20)]
            for client in clients:
                self.assertTrue(client.recv(1000).startswith(b"220 "))
            self.assertTrue(told(server.address("smtp")).startswith(b"421 4.3.2 "))
            clients[0].close()
            postern.wait_for(lambda: told(server.address("smtp")).startswith(b"220 "), what="a place is free")

    def test_memory_of_a_thousand_connections_that_come_and_go(self):
        server = self.local("comeandgo")
        before = None
        for round_ in range(4):
            with contextlib.ExitStack() as stack:
                for i in range(250):
                    client = stack.enter_context(socket.create_connection(server.address(("smtp", "imap")[i % 2]), 10))
                    client.recv(100)
                    client.sendall(b"x" * 1000)  # half a line
            deliver(server, message("in between"), "user@localhost")
            before = before or server.resident_kib()
        if not postern.sanitized():
            self.assertLess(server.resident_kib() - before, 24 * 1024)


class Dripping(postern.Case):
    """Many who hold memory and drip; the rule itself (421, NO [LIMIT]) is tested in the server's own time."""

    def test_others_are_served_while_many_drip(self):
        server = self.configured(sections={"limits": ["memory = 67108864"]})  # 8 MiB of it for messages
        part = ("z" * 78 + "\r\n") * 10_000
        with contextlib.ExitStack() as stack:
            slow = []
            for _ in range(40):  # 32 MB, had each of them what it sent
                client = stack.enter_context(Smtp(server.address("smtp")))
                client.envelope("s@outside.test", server.user)
                client.expect("DATA", 354)
                client.send(message("drips", body=part))
                slow.append(client)
            for i in range(5):
                began = time.monotonic()
                deliver(server, message(f"fast {i}", body=part), server.user)
                self.assertLess(time.monotonic() - began, 25)
                for client in slow:
                    with contextlib.suppress(OSError):
                        client.send("x")
        with imap(server) as client:
            self.assertTrue(client.ok("STATUS INBOX (MESSAGES)").lines(rb"MESSAGES 5\b"))


class SixthVersion(postern.Case):
    """Everything on ::1."""

    def test_all_services(self):
        server = self.configured(ip="::1")
        deliver(server, message("by IPv6"), server.user)
        with Smtp(server.address("submission")) as client:
            client.starttls(server.trust())
            client.login(server.user, server.password)
            client.envelope(server.user, server.user)
            self.assertEqual(client.data(message("submitted by IPv6", sender=server.user))[0], 250)
        with Smtp(server.address("submissions"), tls=server.trust()) as client:
            client.login(server.user, server.password)
        with Imap(server.address("imap")) as client:
            client.ok("STARTTLS")
            client.wrap(server.trust())
            client.login(server.user, server.password)
        with imap(server) as client:
            client.ok("SELECT INBOX")
            got = client.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (RECEIVED)]")
            self.assertEqual(len(got.untagged), 2)
            self.assertIn(b"[IPv6:::1]", got.untagged[0])
        with urllib.request.urlopen(f"http://[::1]:{server.ports['metrics']}/metrics", timeout=10) as page:
            self.assertIn(b"postern_smtp_accepted_total 2", page.read())

    def test_both_families_at_once(self):
        server = postern.ConfiguredServer("both").populate()
        text = server.config.read_text()
        for kind, port in server.ports.items():
            text = text.replace(f'{kind} = ["127.0.0.1:{port}"]', f'{kind} = ["127.0.0.1:{port}", "[::1]:{port}"]')
        server.config.write_text(text)
        self.addCleanup(self.conclude, server)
        server.start()
        for ip in ("127.0.0.1", "::1"):
            server.ip = ip
            deliver(server, message(f"by {ip}"), server.user)
            with imap(server) as client:
                client.ok("SELECT INBOX")
