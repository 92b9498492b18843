"""IMAP by imaplib and by sentences, as mail programs say them."""
import base64
import re
import secrets
import socket
import threading
import time

from lib import postern
from lib.clients import Imap, Scram, b64, deliver, imap, imaplib_client, message


class Basics(postern.SharedCase):
    """imaplib, each test in a mailbox of its own."""

    def setUp(self):
        self.client = imaplib_client(self.server)
        self.box = "Box-" + secrets.token_hex(4)
        self.assertEqual(self.client.create(self.box)[0], "OK")
        self.assertEqual(self.client.select(self.box)[1], [b"0"])
        self.addCleanup(self.client.logout)

    def append(self, subject, body="Hello.\r\n", flags="", **options):
        octets = message(subject, body, **options)
        kind, text = self.client.append(self.box, flags, None, octets)
        self.assertEqual(kind, "OK", text)
        self.client.noop()
        return octets

    def test_special_use(self):
        lines = b"\n".join(self.client.list()[1])
        for use, name in ((b"\\Sent", b"Sent"), (b"\\Drafts", b"Drafts"), (b"\\Junk", b"Junk"), (b"\\Trash", b"Trash"),
                          (b"\\Archive", b"Archive")):
            self.assertRegex(lines, rb"\([^)]*" + re.escape(use) + rb'[^)]*\) "/" "?' + name, "in a plain LIST")

    def test_append_and_fetch(self):
        octets = self.append("stored", flags="(\\Seen $Label)")
        number, data = self.client.fetch("1", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")[1], None
        line = number[0]
        self.assertIn(b"RFC822.SIZE %d" % len(octets), line)
        self.assertRegex(line, rb"FLAGS \([^)]*\\Seen")
        self.assertIn(b"$Label", line)
        self.assertIn(b'"stored"', line)
        self.assertRegex(line, rb'(?i)BODYSTRUCTURE \("text" "plain"')
        self.assertEqual(self.client.fetch("1", "(RFC822)")[1][0][1], octets)
        self.assertEqual(self.client.fetch("1", "(BODY.PEEK[]<5.20>)")[1][0][1], octets[5:25])
        header, _, body = octets.partition(b"\r\n\r\n")
        self.assertEqual(self.client.fetch("1", "(RFC822.HEADER)")[1][0][1], header + b"\r\n\r\n")
        self.assertEqual(self.client.fetch("1", "(BODY[TEXT])")[1][0][1], body)
        got = self.client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1]
        self.assertEqual(got, b"Subject: stored\r\n\r\n")
        for macro in ("ALL", "FAST", "FULL"):
            self.assertEqual(self.client.fetch("1", macro)[0], "OK")

    def test_sections_of_a_multipart(self):
        body = ("--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
                "--c\r\nContent-Type: text/html\r\n\r\n<p>second</p>\r\n--c--\r\n--b\r\n"
                "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: i@x.test\r\n\r\ninner body\r\n--b--\r\n")
        self.append("parts", body, extra="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n")
        for section, want in (("1", b"first"), ("2.1", b"<p>second</p>"), ("2.1.MIME", b"Content-Type: text/html\r\n\r\n"),
                              ("3.HEADER", b"Subject: inner\r\nFrom: i@x.test\r\n\r\n"), ("3.TEXT", b"inner body")):
            self.assertEqual(self.client.fetch("1", f"(BODY.PEEK[{section}])")[1][0][1], want, section)
        self.assertIn(b"NIL", self.client.fetch("1", "(BODY.PEEK[9])")[1][0])

    def test_search(self):
        self.append("alpha", "apple\r\n", flags="(\\Seen)")
        self.append("beta", "banana\r\n" + "x" * 5000 + "\r\n", sender="bea@b.test")
        self.append("=?utf-8?q?gr=C3=BC=C3=9Fe?=", "cherry\r\n", flags="(\\Flagged)")
        for query, want in (("ALL", b"1 2 3"), ("SEEN", b"1"), ("UNSEEN", b"2 3"), ("SUBJECT beta", b"2"),
                            ("BODY banana", b"2"), ("TEXT bea@b.test", b"2"), ("LARGER 4000", b"2"), ("SMALLER 4000", b"1 3"),
                            ("OR SUBJECT alpha FLAGGED", b"1 3"), ("NOT SEEN UNFLAGGED", b"2"), ("FROM bea", b"2"),
                            ("SINCE 1-Jan-2020", b"1 2 3"), ("BEFORE 1-Jan-2020", b""), ("UID 1:2", b"1 2"), ("2:*", b"2 3"),
                            ("HEADER Message-ID client.test", b"1 2 3"), ("(SEEN SUBJECT alpha)", b"1")):
            with self.subTest(query=query):
                self.assertEqual(self.client.search(None, *query.split(" "))[1], [want])
        self.client.literal = "grüße".encode()
        self.assertEqual(self.client.search("UTF-8", "SUBJECT")[1], [b"3"])

    def test_flags_and_expunge(self):
        for name in ("one", "two", "three"):
            self.append(name)
        self.assertIn(b"\\Deleted", self.client.store("1,3", "+FLAGS", "(\\Deleted)")[1][0])
        self.assertEqual(self.client.store("3", "-FLAGS.SILENT", "(\\Deleted)")[0], "OK")
        self.client.store("2", "FLAGS", "($Forwarded \\Answered)")
        self.assertEqual(self.client.expunge()[1], [b"1"])
        self.assertEqual(self.client.search(None, "ALL")[1], [b"1 2"])
        self.assertEqual(self.client.search(None, "KEYWORD", "$Forwarded")[1], [b"1"])
        self.client.store("1:*", "+FLAGS", "(\\Deleted)")
        self.assertEqual(self.client.uid("EXPUNGE", "3")[0], "OK")
        self.assertEqual(self.client.search(None, "ALL")[1], [b"1"])
        self.client.close()
        self.client.select(self.box)
        self.assertEqual(self.client.search(None, "ALL")[1], [b""], "CLOSE expunges")

    def test_copy_and_move(self):
        other = self.box + "/other"
        self.client.create(other)
        for name in ("one", "two", "three"):
            self.append(name, flags="(\\Flagged)")
        kind, text = self.client.copy("1:2", other)
        self.assertEqual(kind, "OK")
        self.assertRegex(text[0], rb"COPYUID \d+ 1:2 1:2")
        kind, text = self.client.uid("MOVE", "3", other)
        self.assertEqual(kind, "OK")
        self.assertEqual(self.client.search(None, "ALL")[1], [b"1 2"])
        self.client.select(other)
        self.assertEqual(self.client.search(None, "FLAGGED")[1], [b"1 2 3"])
        self.assertEqual(self.client.rename(other, self.box + "/renamed")[0], "OK")
        self.assertEqual(self.client.delete(self.box + "/renamed")[0], "OK")
        self.client.select("INBOX")

    def test_a_large_literal(self):
        octets = self.append("large", ("z" * 76 + "\r\n") * 200_000)  # 15 MB
        self.assertEqual(self.client.fetch("1", "(BODY.PEEK[])")[1][0][1], octets)
        self.assertEqual(self.client.fetch("1", f"(BODY.PEEK[]<{len(octets) - 10}.100>)")[1][0][1], octets[-10:])

    def test_uidplus(self):
        kind, text = self.client.append(self.box, "", None, message("with a uid"))
        self.assertRegex(text[0], rb"APPENDUID \d+ 1\]")
        self.assertEqual(self.client.append('"No such box"', "", None, message("x"))[0], "NO")

    def test_names(self):
        for name in ("&AOQ-rger", '"with space"', "deep/er/still", "INBOX/below"):
            self.assertEqual(self.client.create(name)[0], "OK", name)
            self.assertEqual(self.client.status(name, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)")[0], "OK", name)
            self.assertEqual(self.client.subscribe(name)[0], "OK")
            self.assertEqual(self.client.unsubscribe(name)[0], "OK")
            self.assertEqual(self.client.delete(name)[0], "OK", name)
        self.assertEqual(self.client.delete("INBOX")[0], "NO")
        self.assertEqual(self.client.create("inbox")[0], "NO")


class Sessions(postern.SharedCase):
    def test_idle_is_woken_by_a_delivery(self):
        with imap(self.server) as client:
            client.ok("SELECT INBOX")
            client.send("i IDLE\r\n")
            self.assertTrue(client.read_response().startswith(b"+"))
            began = time.monotonic()
            deliver(self.server, message("wake up"), "user@localhost")
            while b"EXISTS" not in client.read_response():
                pass
            self.assertLess(time.monotonic() - began, 2)
            with imap(self.server) as other:  # flags and expunges of others show too
                other.ok("SELECT INBOX")
                other.ok("STORE * +FLAGS (\\Flagged \\Deleted)")
                while b"\\Flagged" not in client.read_response():
                    pass
                other.ok("EXPUNGE")
                while b"EXPUNGE" not in client.read_response():
                    pass
            client.send("DONE\r\n")
            self.assertEqual(client.until("i").status, "OK")

    def test_condstore(self):
        with imap(self.server) as client:
            client.ok("CREATE cond")
            for name in ("one", "two"):
                client.ok("APPEND cond ", message(name))
            selected = client.ok("SELECT cond (CONDSTORE)")
            highest = int(selected.lines(rb"HIGHESTMODSEQ (\d+)")[0].group(1))
            client.ok("STORE 1 +FLAGS (\\Flagged)")
            changed = client.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})")
            self.assertEqual(len(changed.lines(rb"^\* \d+ FETCH")), 1)
            modseq = int(changed.lines(rb"MODSEQ \((\d+)\)")[0].group(1))
            self.assertGreater(modseq, highest)
            refused = client.command(f"STORE 1:2 (UNCHANGEDSINCE {highest}) +FLAGS (\\Seen)")
            self.assertEqual(refused.status, "OK")
            self.assertRegex(refused.text, r"\[MODIFIED 1\]")
            self.assertTrue(client.ok(f"SEARCH MODSEQ {modseq}").untagged)
            self.assertTrue(client.ok("STATUS cond (HIGHESTMODSEQ)").lines(rb"HIGHESTMODSEQ \d+"))

    def test_literal_plus(self):
        octets = message("without waiting")
        with imap(self.server) as client:
            client.send(f"p APPEND INBOX {{{len(octets)}+}}\r\n".encode() + octets + b"\r\n")
            self.assertEqual(client.until("p").status, "OK")
            big = 200 << 20  # refused without being taken for commands
            client.send(f"q APPEND INBOX {{{big}}}\r\n")
            line = client.read_response()
            self.assertTrue(line.startswith((b"q NO", b"q BAD", b"* BYE")), line)

    def test_as_thunderbird(self):
        with Imap(self.server.address("imap")) as client:
            client.ok("CAPABILITY")
            client.ok("STARTTLS")
            client.wrap(self.server.trust())
            known = client.ok("CAPABILITY").untagged[0]
            self.assertIn(b"AUTH=PLAIN", known)
            self.assertIn(b"SASL-IR", known)
            client.ok("AUTHENTICATE PLAIN " + b64(f"\0{self.server.user}\0{self.server.password}"))
            for line in ("CAPABILITY", 'ID ("name" "Thunderbird" "version" "128.0")', "NAMESPACE", "ENABLE UTF8=ACCEPT",
                         'LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE)', 'LSUB "" "*"', 'LIST "" "INBOX"',
                         'LIST "" "%" RETURN (STATUS (MESSAGES UNSEEN))', 'SELECT "INBOX" (CONDSTORE)', "GETQUOTAROOT INBOX",
                         "UID FETCH 1:* (FLAGS)",
                         "UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID "
                         "Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)])", "NOOP",
                         "UNSELECT", "LOGOUT"):
                with self.subTest(line=line):
                    got = client.command(line)
                    if line.startswith("GETQUOTAROOT"):
                        self.assertIn(got.status, ("OK", "BAD", "NO"))  # not offered, and answered all the same
                    else:
                        self.assertEqual(got.status, "OK", got)

    def test_as_outlook(self):
        with Imap(self.server.address("imaps"), tls=self.server.trust()) as client:
            client.ok("CAPABILITY")
            client.send("o AUTHENTICATE LOGIN " + b64(self.server.user) + "\r\n")
            self.assertTrue(client.read_response().startswith(b"+"))
            client.send(b64(self.server.password) + "\r\n")
            self.assertEqual(client.until("o").status, "OK")
            for line in ('LIST "" ""', 'LIST "" "INBOX"', 'XLIST "" "*"', 'LIST "" "*"', "SELECT INBOX",
                         "UID SEARCH UNDELETED SINCE 1-Jan-2020", "UID FETCH 1:* (UID FLAGS)", 'STATUS "Sent" (UNSEEN MESSAGES)',
                         'APPEND "Sent" (\\Seen) "01-Jan-2026 10:00:00 +0100" '):
                with self.subTest(line=line):
                    got = client.command(line, message("outlook")) if line.endswith(" ") else client.command(line)
                    self.assertEqual(got.status, "BAD" if line.startswith("XLIST") else "OK", got)

    def test_scram(self):
        for wrong in (False, True):
            with Imap(self.server.address("imaps"), tls=self.server.trust()) as client:
                scram = Scram(self.server.user, self.server.password + ("x" if wrong else ""))
                client.send("s AUTHENTICATE SCRAM-SHA-256 " + b64(scram.first()) + "\r\n")
                line = client.read_response()
                self.assertTrue(line.startswith(b"+ "), line)
                client.send(b64(scram.final(base64.b64decode(line[2:]).decode())) + "\r\n")
                line = client.read_response()
                if line.startswith(b"+ "):
                    scram.check(base64.b64decode(line[2:]).decode())
                    client.send("\r\n")
                    line = client.read_response()
                while line.startswith(b"*"):
                    line = client.read_response()
                self.assertTrue(line.startswith(b"s NO" if wrong else b"s OK"), line)

    def test_wrong_passwords_and_unknown_users_look_alike(self):
        said = []
        for user in (self.server.user, "nobody@localhost"):
            with Imap(self.server.address("imaps"), tls=self.server.trust()) as client:
                said.append(client.command(f'LOGIN "{user}" "not it"').text)
        self.assertEqual(said[0], said[1])
        self.assertIn("AUTHENTICATIONFAILED", said[0])

    def test_bad_input(self):
        for words in ("FROB", "SELECT", "FETCH 1 (FLAGS", "FETCH 0 FLAGS", "LOGIN", "SEARCH", "UID", "STORE 1 FLAGS (\\Nonsense",
                      "FETCH 1:* BODY[", "APPEND INBOX", "LIST", "SELECT {5", "SEARCH CHARSET X-NONE TEXT x", "\x01",
                      "SEARCH " + "NOT " * 5000 + "SEEN", "SEARCH " + "(" * 3000 + "ALL" + ")" * 3000,
                      "FETCH " + ",".join(str(i) for i in range(1, 9000)) + " FLAGS"):
            with self.subTest(words=words[:40]):
                with imap(self.server) as client:
                    client.ok("SELECT INBOX")
                    try:
                        self.assertIn(client.command(words).status, ("BAD", "NO", "OK"))
                        client.ok("NOOP")
                    except (EOFError, ConnectionError):
                        pass
        with imap(self.server) as client:
            client.send(b"\r\n\r\n\x00\xff\r\n")
            client.send("z NOOP\r\n")
            self.assertEqual(client.until("z").status, "OK")
        with Imap(self.server.address("imaps"), tls=self.server.trust()) as client:
            self.assertIn(client.command("SELECT INBOX").status, ("BAD", "NO"), "before login")
            self.assertIn(client.command(f"LOGIN {{{10 << 20}}}").status, ("BAD", "NO"))

    def test_an_endless_line(self):
        before = self.server.resident_kib()
        with imap(self.server) as client:
            client.sock.settimeout(10)
            try:
                for _ in range(500):
                    client.send(b"x" * 65536)
                client.read_to_end()
            except (OSError, socket.timeout):
                pass
        if not postern.sanitized():
            self.assertLess(self.server.resident_kib() - before, 32 * 1024)

    def test_two_sessions_see_the_same(self):
        with imap(self.server) as one, imap(self.server) as two:
            one.ok("CREATE both")
            for client in (one, two):
                client.ok("SELECT both")
            for name in ("a", "b", "c"):
                one.ok("APPEND both ", message(name))
            two.ok("NOOP")
            one.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
            one.ok("EXPUNGE")
            # RFC 9051 §5.5: not during FETCH; the numbers hold till then.
            self.assertFalse(two.ok("FETCH 1:3 (UID)").lines(rb"EXPUNGE"))
            self.assertTrue(two.ok("NOOP").lines(rb"^\* 2 EXPUNGE"))
            uids = [client.ok("FETCH 1:* (UID FLAGS)").untagged for client in (one, two)]
            self.assertEqual([re.findall(rb"UID (\d+)", line) for line in uids[0]],
                             [re.findall(rb"UID (\d+)", line) for line in uids[1]])

    def test_many_writers_one_mailbox(self):
        with imap(self.server) as client:
            client.ok("CREATE crowd")
        errors = []

        def work(number):
            try:
                with imap(self.server) as mine:
                    for i in range(25):
                        mine.ok("APPEND crowd ", message(f"{number}-{i}"))
            except Exception as error:  # told by the test's own thread
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
        with imap(self.server) as client:
            client.ok("SELECT crowd")
            got = client.ok("FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            self.assertEqual([int(m.group(1)) for m in got.lines(rb"UID (\d+)")], list(range(1, 201)))
            self.assertEqual(len({m.group(1) for m in got.lines(rb"Subject: (\d+-\d+)")}), 200)
