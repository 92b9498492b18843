"""Port 25 and submission against everything that is not a friendly client."""
import base64
import secrets
import socket
import ssl
import time

from lib import postern
from lib.clients import Scram, Smtp, Wire, b64, deliver, imap, imaplib_client, message, submission

OUTSIDE = "victim@outside.test"


def filler(size):
    """So many octets of text in lines."""
    return ("x" * 78 + "\r\n") * (size // 80)


def relay_recipients(server):
    """Each of these has made some server relay for strangers."""
    domain, ip = server.domain, server.ip
    return [
        f"<{OUTSIDE}>", "<victim%outside.test>", f"<victim%outside.test@{domain}>", f"<victim%outside.test@[{ip}]>",
        f"<@{domain}:{OUTSIDE}>", f"<@{domain},@{domain}:{OUTSIDE}>", f"<@[{ip}]:{OUTSIDE}>",
        f"<outside.test!victim@{domain}>", f"<outside.test!victim@[{ip}]>", "<outside.test!victim>",
        f"<{domain}!outside.test!victim>", f'<"{OUTSIDE}"@{domain}>', f'<"{OUTSIDE}"@[{ip}]>', f'<"{OUTSIDE}">',
        f'<"victim%outside.test"@{domain}>', f"<{OUTSIDE}@{domain}>", f"<victim@[{ip}]>", "<victim@[198.51.100.7]>",
        f"<victim@outside.test.>", f"<victim@outside.test@[{ip}]>", f"<{OUTSIDE}>@{domain}", f"{OUTSIDE}",
        "<victim@localhost>", "<victim>"]


class Relaying(postern.Case):
    def test_strangers_relay_nothing(self):
        senders = ("stranger@outside.test", "", "ann@example.test", "postmaster@example.test", "ann@localhost",
                   "ann@[127.0.0.1]")
        # Unknown recipients are counted against the net: a server for each sender, so that every answer is its own.
        for number, sender in enumerate(senders):
            with self.subTest(sender=sender):
                server = postern.ConfiguredServer(f"relay{number}", sections={
                    "delivery": ['route = "127.0.0.1:9"', "allow_private_destinations = true"]}).populate()
                server.start()
                try:
                    self.try_all(server, sender)
                    self.assertEqual(server.json("queue", "list"), [])
                finally:
                    server.finish()

    def try_all(self, server, sender):
        codes = []
        for recipient in relay_recipients(server):
            with Smtp(server.address("smtp")) as client:
                code, text = client.command(f"MAIL FROM:<{sender}>")
                if code != 250:
                    self.assertEqual(code // 100, 5, f"{sender}: {code} {text}")
                    continue
                code, text = client.command(f"RCPT TO:{recipient}")
                codes.append(code)
                self.assertIn(code // 100, (4, 5), f"{sender} to {recipient}: {code} {text}")
                if code // 100 == 4:
                    self.assertIn("unknown recipients", text)
                self.assertEqual(client.command("DATA")[0] // 100, 5)
        self.assertIn(550, codes)
        self.assertLess(codes.count(451), len(codes) // 2)

    def test_whoever_guesses_addresses_learns_nothing_more(self):
        server = self.configured()
        with Smtp(server.address("smtp")) as client:
            client.expect("MAIL FROM:<s@outside.test>", 250)
            codes = [client.command(f"RCPT TO:<guess{i}@{server.domain}>")[0] for i in range(25)]
            self.assertEqual(codes[:20], [550] * 20)
            self.assertEqual(codes[-1], 451)
            self.assertEqual(client.command(f"RCPT TO:<{server.user}>")[0], 451, "known ones neither")

    def test_submitters_are_bound_to_their_addresses(self):
        server = self.configured()
        other = server.add_account("bob@example.test")
        with Smtp(server.address("submissions"), tls=server.trust()) as client:
            self.assertEqual(client.command("MAIL FROM:<ann@example.test>")[0] // 100, 5, "not without a login")
            client.login("bob@example.test", other)
            for sender in ("ann@example.test", OUTSIDE):
                self.assertEqual(client.command(f"MAIL FROM:<{sender}>")[0], 553)
            client.envelope("bob@example.test", "ann@example.test")
            code, text = client.data(message("forged", sender="ann@example.test"))
            self.assertEqual(code, 550, text)
            client.envelope("bob+tag@example.test", "ann@example.test")
            code, text = client.data(b"From: bob@example.test\r\nBcc: secret@outside.test\r\nSubject: made whole\r\n\r\nx\r\n")
            self.assertEqual(code, 250, text)
        with imap(server) as client:
            client.ok("SELECT INBOX")
            got = client.ok("FETCH 1:* BODY.PEEK[]").untagged[-1]
            self.assertNotIn(b"secret", got)
            self.assertRegex(got, rb"\r\nDate: ")
            self.assertRegex(got, rb"\r\nMessage-ID: <")
            self.assertNotIn(b"127.0.0.1", got)
            self.assertNotIn(b"client.test", got)
            self.assertTrue(got.count(b"made whole") == 1)


    def test_whoever_may_relay_is_not_bound(self):
        server = self.configured()
        gateway = server.add_account("gateway@example.test")
        forwarded = message("passed on", sender=OUTSIDE, extra="Received: from far.test by near.test\r\n")
        with Smtp(server.address("submissions"), tls=server.trust()) as client:
            client.login("gateway@example.test", gateway)
            self.assertEqual(client.command(f"MAIL FROM:<{OUTSIDE}>")[0], 553)
            server.command("account", "relay", "gateway@example.test", "on")
            client.envelope(OUTSIDE, server.user)
            code, text = client.data(forwarded)
            self.assertEqual(code, 250, text)
            server.command("account", "relay", "gateway@example.test", "off")
            self.assertEqual(client.command(f"MAIL FROM:<{OUTSIDE}>")[0], 553)
        with imap(server) as client:
            client.ok("SELECT INBOX")
            got = client.ok("FETCH 1 BODY.PEEK[]").untagged[-1]
            self.assertIn(b"\r\nReceived: from far.test by near.test\r\n", got)


class Endings(postern.Case):
    """What the command line does to who is logged in."""

    def sessions(self, server, password):
        idle, asking = imap(server, server.user, password), imap(server, server.user, password)
        idle.ok("SELECT INBOX")
        idle.send("i IDLE\r\n")
        self.assertTrue(idle.read_response().startswith(b"+"))
        sender = Smtp(server.address("submissions"), tls=server.trust())
        sender.login(server.user, password)
        for one in (idle, asking, sender):
            self.addCleanup(one.close)
        return idle, asking, sender

    def expect_the_end(self, idle, asking, sender):
        """In IDLE without a word of the client's; elsewhere at the next command."""
        idle.sock.settimeout(5)
        self.assertRegex(idle.read_to_end(), rb"^\* BYE ")
        asking.send("a NOOP\r\n")
        self.assertRegex(asking.read_to_end(), rb"^\* BYE [^\r]*\r\n$")
        code, text = sender.command(f"MAIL FROM:<{self.server.user}>")
        self.assertEqual((code, text[:5]), (421, "4.7.0"))
        self.assertEqual(sender.read_to_end(), b"")

    def test_a_changed_password_and_a_disabled_account_end_sessions(self):
        server = self.server = self.configured()
        bob = server.add_account("bob@example.test")
        with imap(server, "bob@example.test", bob) as other:
            sessions = self.sessions(server, server.password)
            fresh = secrets.token_urlsafe(12)
            server.command("account", "set-password", server.user, "--password-file", "-", input=fresh + "\n")
            self.expect_the_end(*sessions)
            sessions = self.sessions(server, fresh)
            server.command("account", "disable", server.user)
            self.expect_the_end(*sessions)
            server.command("account", "enable", server.user)
            sessions = self.sessions(server, fresh)
            server.command("account", "remove", server.user, "--yes")
            self.expect_the_end(*sessions)
            other.ok("NOOP")


class Smuggling(postern.SharedCase):
    ENDS = (b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\n\n.\n\n", b"\r\r\n.\r\r\n", b"\x00\r\n.\x00\r\n",
            b"\r\n\x00.\r\n", b"\n.\r", b"\r.\n", b"\r\n\n.\r\n", b"\r\n.\r\r\n")

    def test_nothing_but_the_one_end_ends_data(self):
        for number, end in enumerate(self.ENDS):
            for pieces in (1, 3):
                with self.subTest(end=end, pieces=pieces):
                    mark = secrets.token_hex(6)
                    smuggled = (b"MAIL FROM:<admin@outside.test>\r\nRCPT TO:<user@localhost>\r\nDATA\r\n"
                                b"From: admin@outside.test\r\nSubject: smuggled " + mark.encode() + b"\r\n\r\nevil\r\n.\r\n")
                    with Smtp(self.server.address("smtp")) as client:
                        client.envelope("s@outside.test", "user@localhost")
                        client.expect("DATA", 354)
                        octets = message(f"carrier {mark}", body="text") + end + smuggled
                        size = -(-len(octets) // pieces)
                        for begin in range(0, len(octets), size):
                            client.send(octets[begin:begin + size])
                            if pieces > 1:
                                time.sleep(0.02)
                        first = client.reply()
                        self.assertEqual(first[0], 554, first)
                        self.assertRegex(first[1], r"5\.6\.0")
                        # In step again: nothing that was in the data is taken for a command.
                        client.send("NOOP\r\n")
                        self.assertEqual(client.reply()[0], 250)
                        self.assertEqual(client.command("RCPT TO:<user@localhost>")[0], 503)
                    found = imaplib_client(self.server)
                    found.select("INBOX")
                    self.assertEqual(found.search(None, "SUBJECT", mark)[1], [b""])
                    found.logout()

    def test_flaws_in_bdat_are_refused_too(self):
        for body in (b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n"):
            octets = message("flawed chunk") + body
            with Smtp(self.server.address("smtp")) as client:
                client.envelope("s@outside.test", "user@localhost")
                client.send(f"BDAT {len(octets)} LAST\r\n".encode() + octets)
                self.assertEqual(client.reply()[0], 554)
                self.assertEqual(client.command("NOOP")[0], 250)

    def test_commands_before_the_handshake_are_not_taken_after_it(self):
        with Wire(self.server.address("smtp")) as client:
            client.read_line()
            client.send("EHLO client.test\r\n")
            while not client.read_line().startswith(b"250 "):
                pass
            client.send("STARTTLS\r\nMAIL FROM:<injected@outside.test>\r\n")
            said = client.read_to_end()
            self.assertNotIn(b"2.1.0", said)
            self.assertLessEqual(said.count(b"\r\n"), 1)
        with Wire(self.server.address("imap")) as client:
            client.read_line()
            client.send("a STARTTLS\r\nb NOOP\r\n")
            self.assertNotIn(b"b OK", client.read_to_end())

    def test_a_bare_line_feed_ends_no_command(self):
        with Smtp(self.server.address("smtp")) as client:
            client.send("MAIL FROM:<s@outside.test>\nRCPT TO:<user@localhost>\r\n")
            self.assertEqual(client.reply()[0] // 100, 5)
            self.assertEqual(client.command("RCPT TO:<user@localhost>")[0], 503)


class Conversation(postern.SharedCase):
    def test_pipelining(self):
        with Smtp(self.server.address("smtp")) as client:
            self.assertIn("PIPELINING", client.features)
            for word in ("SIZE 104857600", "STARTTLS", "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8"):
                self.assertIn(word, client.features)
            for word in ("AUTH", "BINARYMIME", "DSN", "VRFY"):
                self.assertNotIn(word, client.features)
            octets = message("pipelined")
            client.send(b"MAIL FROM:<s@outside.test>\r\nRCPT TO:<one@localhost>\r\nRCPT TO:<two@elsewhere.test>\r\n"
                        b"RCPT TO:<three@localhost>\r\nDATA\r\n")
            self.assertEqual([client.reply()[0] for _ in range(5)], [250, 250, 550, 250, 354])
            client.send(octets + b".\r\nMAIL FROM:<s@outside.test>\r\nRSET\r\nVRFY user\r\nEXPN list\r\nHELP\r\nQUIT\r\n")
            codes = [client.reply()[0] for _ in range(7)]
            self.assertEqual(codes[:5], [250, 250, 250, 252, 502])
            self.assertEqual(codes[-1], 221)

    def test_bdat(self):
        octets = message("in chunks", body=filler(300_000))
        with Smtp(self.server.address("smtp")) as client:
            client.envelope("s@outside.test", "user@localhost")
            for begin in range(0, len(octets), 50_001):
                piece = octets[begin:begin + 50_001]
                client.send(f"BDAT {len(piece)}\r\n".encode() + piece)
                self.assertEqual(client.reply()[0], 250)
            self.assertEqual(client.command("BDAT 0 LAST")[0], 250)
            # RFC 3030 §4.2's pipelined form.
            client.send(b"MAIL FROM:<s@outside.test>\r\nRCPT TO:<user@localhost>\r\n" +
                        f"BDAT {len(octets)} LAST\r\n".encode() + octets)
            self.assertEqual([client.reply()[0] for _ in range(3)], [250, 250, 250])
        client = imaplib_client(self.server)
        client.select("INBOX")
        for number in client.search(None, "SUBJECT", '"in chunks"')[1][0].split():
            self.assertTrue(client.fetch(number, "(BODY.PEEK[])")[1][0][1].endswith(octets))
        client.logout()

    def test_postmaster(self):
        for recipient in ("postmaster", "POSTMASTER", "Postmaster@localhost", "abuse@LocalHost"):
            deliver(self.server, message("to the administrator"), recipient)

    def test_a_report_goes_to_one(self):
        with Smtp(self.server.address("smtp")) as client:
            client.envelope("", "one@localhost")
            code, text = client.command("RCPT TO:<two@localhost>")
            self.assertEqual((code, text[:5]), (452, "4.5.3"))

    def test_dots_and_long_lines_arrive_as_they_were(self):
        body = ".\r\n..\r\n.dot\r\n" + "z" * 60_000 + "\r\n" + "\xe4\xf6".encode("latin-1").decode("latin-1") + "\r\n"
        octets = message("dots", body="") + body.encode("latin-1")
        deliver(self.server, octets, "user@localhost")
        client = imaplib_client(self.server)
        client.select("INBOX")
        number = client.search(None, "SUBJECT", '"dots"')[1][0].split()[0]
        self.assertTrue(client.fetch(number, "(BODY.PEEK[])")[1][0][1].endswith(octets))
        client.logout()

    def test_loops_end(self):
        octets = b"Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n" * 101 + message("round and round")
        with Smtp(self.server.address("smtp")) as client:
            client.envelope("s@outside.test", "user@localhost")
            code, text = client.data(octets)
            self.assertEqual((code, text[:5]), (554, "5.4.6"))

    def test_from_fields_are_one(self):
        with Smtp(self.server.address("smtp")) as client:
            for octets in (b"Subject: none\r\n\r\nx\r\n", b"From: a@outside.test\r\nFrom: b@outside.test\r\n\r\nx\r\n"):
                client.envelope("s@outside.test", "user@localhost")
                self.assertEqual(client.data(octets)[0] // 100, 5)

    def test_scram(self):
        for wrong in (False, True):
            with Smtp(self.server.address("submissions"), tls=self.server.trust()) as client:
                self.assertIn("SCRAM-SHA-256", client.features)
                scram = Scram(self.server.user, self.server.password + ("x" if wrong else ""))
                code, text = client.command("AUTH SCRAM-SHA-256 " + b64(scram.first()))
                self.assertEqual(code, 334, text)
                code, text = client.command(b64(scram.final(base64.b64decode(text).decode())))
                if wrong:
                    self.assertEqual(code, 535)
                    continue
                if code == 334:
                    scram.check(base64.b64decode(text).decode())
                    code, text = client.command("")
                self.assertEqual(code, 235, text)

    def test_login_with_an_initial_response(self):
        with Smtp(self.server.address("submissions"), tls=self.server.trust()) as client:
            self.assertEqual(client.command("AUTH LOGIN " + b64(self.server.user))[0], 334)
            self.assertEqual(client.command(b64(self.server.password))[0], 235)
        with Smtp(self.server.address("submission")) as client:
            client.starttls(self.server.trust())
            self.assertEqual(client.command("AUTH LOGIN")[0], 334)
            self.assertEqual(client.command(b64(self.server.user))[0], 334)
            self.assertEqual(client.command(b64(self.server.password))[0], 235)

    def test_weak_tls_is_not_spoken(self):
        context = self.server.trust()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            Smtp(self.server.address("submissions"), tls=context)


    def test_what_was_agreed_with_one_service_counts_at_no_other(self):
        context = self.server.trust()
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # its tickets come within the handshake

        def talk(service, known=None):
            with socket.create_connection(self.server.address(service), 10) as raw:
                with context.wrap_socket(raw, server_hostname="localhost", session=known) as secure:
                    return secure.session, secure.session_reused

        known, _ = talk("imaps")
        self.assertTrue(talk("imaps", known)[1])
        self.assertFalse(talk("submissions", known)[1])


class Hostile(postern.SharedCase):
    """A correct error or a closed connection, and bounded memory."""

    GROWTH_KIB = 96 * 1024

    def setUp(self):
        deliver(self.server, message("warm"), "user@localhost")
        self.before = self.server.resident_kib()

    def tearDown(self):
        super().tearDown()
        deliver(self.server, message("still there"), "user@localhost")
        if not postern.sanitized():
            self.assertLess(self.server.resident_kib() - self.before, self.GROWTH_KIB)

    def test_an_endless_command_line(self):
        with Smtp(self.server.address("smtp")) as client:
            sent = 0
            try:
                client.sock.settimeout(5)
                while sent < 64 << 20:
                    client.send(b"x" * 65536)
                    sent += 65536
                client.send("\r\n")
                self.assertEqual(client.reply()[0] // 100, 5)
            except (ConnectionError, socket.timeout, EOFError):
                pass  # hung up on: fine too
        with Smtp(self.server.address("smtp")) as client:
            self.assertEqual(client.command("NOOP " + "y" * 3000)[0], 500)
            self.assertEqual(client.command("NOOP")[0], 250)

    def test_binary_garbage(self):
        for port in ("smtp", "submission", "submissions", "imap", "imaps"):
            for _ in range(4):
                with Wire(self.server.address(port), timeout=10) as client:
                    try:
                        client.send(secrets.token_bytes(20_000))
                        client.sock.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    said = client.read_to_end()
                    self.assertNotIn(b"\r\n354", said)

    def test_nuls(self):
        with Smtp(self.server.address("smtp")) as client:
            self.assertEqual(client.command(b"MAIL FROM:<a\0b@outside.test>")[0] // 100, 5)
            client.envelope("s@outside.test", "user@localhost")
            self.assertEqual(client.data(message("nul", body="a\0b\r\n"))[0], 554)
            self.assertEqual(client.command("NOOP")[0], 250)

    def test_ten_thousand_header_lines(self):
        octets = message("many fields", extra="".join(f"X-Field-{i}: {i}\r\n" for i in range(10_000)))
        self.accepted_or_refused(octets, "many fields")

    def test_a_header_line_without_end(self):
        octets = b"From: a@outside.test\r\nX: " + b"z" * (8 << 20) + b"\r\n\r\nx\r\n"
        self.accepted_or_refused(octets, None)

    def test_a_thousand_nested_multiparts(self):
        depth = 1000
        octets = b"From: a@outside.test\r\nSubject: nested\r\nMIME-Version: 1.0\r\n"
        octets += b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
        octets += b"Content-Type: text/plain\r\n\r\ndeep\r\n" + b"".join(b"--b%d--\r\n" % i for i in reversed(range(depth)))
        self.accepted_or_refused(octets, "nested")

    def test_a_hundred_thousand_parts(self):
        octets = b"From: a@outside.test\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        octets += b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n"
        self.accepted_or_refused(octets, "parts")

    def accepted_or_refused(self, octets, subject):
        with Smtp(self.server.address("smtp")) as client:
            client.envelope("s@outside.test", "user@localhost")
            code, text = client.data(octets)
            self.assertIn(code, (250, 552, 554), text)
            self.assertEqual(client.command("NOOP")[0], 250)
        if code != 250 or not subject:
            return
        with imap(self.server) as client:
            client.ok("SELECT INBOX")
            got = client.ok("FETCH * (ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
            self.assertTrue(got.lines(subject.encode()))
            self.assertTrue(client.ok("FETCH * BODY.PEEK[]").untagged[0].endswith(octets + b")"))
            client.ok("SEARCH TEXT deep")

    def test_slow_writers_hold_up_nobody(self):
        clients = [Smtp(self.server.address("smtp")) for _ in range(200)]
        try:
            for client in clients:
                client.envelope("s@outside.test", "user@localhost")
                client.expect("DATA", 354)
            for _ in range(3):
                for client in clients:
                    client.send("x")
                began = time.monotonic()
                deliver(self.server, message("in between"), "user@localhost")
                self.assertLess(time.monotonic() - began, 5)
        finally:
            for client in clients:
                client.close()

    def test_half_open_connections(self):
        half = [Wire(self.server.address(port)) for port in ("smtp", "submissions", "imaps", "imap") for _ in range(50)]
        try:
            for client in half:
                client.sock.shutdown(socket.SHUT_WR)
            deliver(self.server, message("beside half-open ones"), "user@localhost")
            for client in half:
                client.read_to_end()
        finally:
            for client in half:
                client.close()
        # A reader that never reads.
        with Wire(self.server.address("smtp")) as client:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sock.settimeout(3)
            try:
                for _ in range(400):
                    client.send("NOOP\r\n" * 2000)
            except (socket.timeout, OSError):
                pass
            deliver(self.server, message("beside one who does not read"), "user@localhost")

    def test_a_connection_that_breaks_in_data_leaves_nothing(self):
        mark = secrets.token_hex(8)
        for _ in range(5):
            with Smtp(self.server.address("smtp")) as client:
                client.envelope("s@outside.test", "user@localhost")
                client.expect("DATA", 354)
                client.send(message(mark, body=filler(3_000_000)))
        deliver(self.server, message("after"), "user@localhost")
        client = imaplib_client(self.server)
        client.select("INBOX")
        self.assertEqual(client.search(None, "SUBJECT", mark)[1], [b""])
        client.logout()

    def test_errors_end_a_session(self):
        with Smtp(self.server.address("smtp")) as client:
            with self.assertRaises((EOFError, ConnectionError)):
                for _ in range(1000):
                    code, _text = client.command("NONSENSE")
                    self.assertIn(code, (500, 502, 421))


class Limits(postern.Case):
    def test_size(self):
        server = self.configured(sections={"limits": ["max_message = 200000"]})
        octets = message("large", body=filler(300_000))
        with Smtp(server.address("smtp")) as client:
            self.assertIn("SIZE 200000", client.features)
            self.assertEqual(client.command("MAIL FROM:<s@outside.test> SIZE=300000")[0], 552)
            client.envelope("s@outside.test", server.user)
            code, text = client.data(octets)
            self.assertEqual((code, text[:5]), (552, "5.3.4"))
            client.envelope("s@outside.test", server.user)
            client.send(f"BDAT {len(octets)} LAST\r\n".encode() + octets)
            self.assertEqual(client.reply()[0], 552)
            client.envelope("s@outside.test", server.user)  # the session goes on
            self.assertEqual(client.data(message("small"))[0], 250)
        with submission(server) as client:
            with self.assertRaises(Exception) as refused:
                client.sendmail(server.user, [server.user], message("large", body=filler(300_000), sender=server.user))
            self.assertEqual(refused.exception.smtp_code, 552)

    def test_recipients(self):
        server = self.configured(sections={"limits": ["max_recipients = 100"]})
        server.command("domain", "set", server.domain, "--catch-all", server.user)
        with Smtp(server.address("smtp")) as client:
            client.expect("MAIL FROM:<s@outside.test>", 250)
            codes = [client.command(f"RCPT TO:<r{i}@{server.domain}>")[0] for i in range(101)]
            self.assertEqual(codes, [250] * 100 + [452])

    def test_quota(self):
        server = self.configured()
        server.add_account("small@example.test", quota="100K")
        with Smtp(server.address("smtp")) as client:
            client.expect("MAIL FROM:<s@outside.test> SIZE=150000", 250)
            code, text = client.command("RCPT TO:<small@example.test>")
            self.assertEqual((code, text[:5]), (552, "5.2.3"), "never fits")
            client.expect("RSET", 250)
            client.envelope("s@outside.test", "small@example.test")
            self.assertEqual(client.data(message("fits", body=filler(80_000)))[0], 250)
            client.expect("MAIL FROM:<s@outside.test> SIZE=60000", 250)
            code, text = client.command("RCPT TO:<small@example.test>")
            self.assertEqual((code, text[:5]), (452, "4.2.2"), "beyond the tenth more")
            client.expect("RSET", 250)
            client.expect("MAIL FROM:<s@outside.test> SIZE=25000", 250)
            client.expect("RCPT TO:<small@example.test>", 250)
            self.assertEqual(client.data(message("crosses", body=filler(25_000)))[0], 250)
            for parameter in ("", " SIZE=1000"):
                client.expect(f"MAIL FROM:<s@outside.test>{parameter}", 250)
                code, text = client.command("RCPT TO:<small@example.test>")
                self.assertEqual((code, text[:5]), (452, "4.2.2"), "full")
                client.expect(f"RCPT TO:<{server.user}>", 250)  # others have nothing to do with it
                client.expect("RSET", 250)
        server.command("account", "quota", "small@example.test", "none")
        deliver(server, message("room again"), "small@example.test")

    def test_no_declared_size_and_too_much(self):
        server = self.configured()
        server.add_account("small@example.test", quota="100K")
        with Smtp(server.address("smtp")) as client:
            client.envelope("s@outside.test", "small@example.test")
            code, text = client.data(message("far too much", body=filler(400_000)))
            self.assertIn((code, text[:5]), ((452, "4.2.2"), (552, "5.2.3"), (552, "5.2.2")))
