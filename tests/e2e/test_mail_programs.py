"""What Thunderbird, Apple Mail and Outlook say to an IMAP server, in their order and their words, and what they must hear."""
import re

from lib import postern
from lib.clients import Imap, b64, deliver, imap, message

HEADERS = ("From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type "
           "Reply-To")


class Program(postern.Case):
    """A mail program at a server of its own with three messages."""

    def setUp(self):
        self.server = self.local(type(self).__name__)
        self.subjects = [f"message {i}" for i in range(1, 4)]
        self.octets = [message(subject, body=f"text of {subject}\r\n") for subject in self.subjects]
        for octets in self.octets:
            deliver(self.server, octets, "user@localhost")
        # What is served is longer than what was sent: Return-Path, Delivered-To, Received.
        with imap(self.server) as client:
            client.ok("EXAMINE INBOX")
            got = client.ok("FETCH 1:3 (RFC822.SIZE INTERNALDATE)")
            self.sizes = [int(found.group(1)) for found in got.lines(rb"RFC822\.SIZE (\d+)")]
            self.dates = [found.group(1) for found in got.lines(rb'INTERNALDATE ("[^"]+")')]

    def connect(self, service="imaps"):
        client = Imap(self.server.address(service), tls=self.server.trust() if service == "imaps" else None)
        self.addCleanup(client.close)
        return client

    def says(self, client, line, *answers, status="OK", text=None, part=None):
        """Untagged responses are `answers`, each a whole line or a compiled pattern for one, in any order but of
        numbers."""
        got = client.command(line, part) if part is not None else client.command(line)
        self.assertEqual(got.status, status, f"{line}: {got!r}")
        left = list(got.untagged)
        for answer in answers:
            found = next((one for one in left if (one == answer if isinstance(answer, bytes) else answer.fullmatch(one))),
                         None)
            self.assertIsNotNone(found, f"{line}: no {answer!r} in {got.untagged!r}")
            left.remove(found)
        self.assertEqual(left, [], f"{line}: said beyond what was expected")
        if text:
            self.assertRegex(got.text, text, line)
        return got

    def fetched(self, number, *items):
        return re.compile(rb"\* %d FETCH \(" % number + b" ".join(items) + rb"\)", re.S)

    def literal(self, octets):
        return re.escape(b"{%d}\r\n" % len(octets) + octets)

    def mailbox_lines(self, verb=b"LIST", subscribed=False):
        sub = rb"(?=[^)]*\\Subscribed)" if subscribed else b""
        return [re.compile(rb"\* " + verb + rb" \(" + sub + uses + rb'[^)]*\) "/" "?' + name + b'"?')
                for name, uses in ((b"INBOX", b""), (b"Archive", rb"(?=[^)]*\\Archive)"), (b"Drafts", rb"(?=[^)]*\\Drafts)"),
                                   (b"Junk", rb"(?=[^)]*\\Junk)"), (b"Sent", rb"(?=[^)]*\\Sent)"),
                                   (b"Trash", rb"(?=[^)]*\\Trash)"))]

    def selected(self, client, line, exists):
        got = client.ok(line)
        for wanted in (rb"^\* %d EXISTS$" % exists, rb"^\* FLAGS \(", rb"\[PERMANENTFLAGS \([^)]*\\\*\)\]",
                       rb"\[UIDVALIDITY \d+\]", rb"\[UIDNEXT \d+\]"):
            self.assertEqual(len(got.lines(wanted)), 1, f"{line}: {wanted!r} in {got.untagged!r}")
        self.assertIn("[READ-WRITE]", got.text)
        return got


class Thunderbird(Program):
    def test_its_day(self):
        client = self.connect("imap")
        self.assertIn(b"STARTTLS", client.greeting)
        client.ok("CAPABILITY")
        self.says(client, "STARTTLS")
        client.wrap(self.server.trust())
        known = self.says(client, "CAPABILITY", re.compile(rb"\* CAPABILITY .*\bAUTH=PLAIN\b.*")).untagged[0]
        self.assertIn(b"SASL-IR", known.split())
        self.says(client, "AUTHENTICATE PLAIN " + b64(f"\0{self.server.user}\0{self.server.password}"))
        known = client.ok("CAPABILITY").untagged[0]
        for word in (b"IDLE", b"UIDPLUS", b"MOVE", b"CONDSTORE", b"ENABLE", b"LIST-EXTENDED", b"SPECIAL-USE",
                     b"NAMESPACE", b"ID", b"LITERAL+"):
            self.assertIn(word, known.split())
        self.says(client, 'ID ("name" "Thunderbird" "version" "128.5.0")', re.compile(rb'\* ID \("name" "Postern".*\)'))
        self.says(client, "NAMESPACE", b'* NAMESPACE (("" "/")) NIL NIL')
        self.says(client, 'LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE)', *self.mailbox_lines(subscribed=True))
        self.says(client, 'LSUB "" "*"', *[re.compile(rb'\* LSUB \([^)]*\) "/" "?' + name + b'"?') for name in
                                            (b"INBOX", b"Archive", b"Drafts", b"Junk", b"Sent", b"Trash")])
        self.selected(client, 'SELECT "INBOX" (CONDSTORE)', 3)
        self.says(client, "UID FETCH 1:* (FLAGS)",
                  *[self.fetched(n, rb"UID %d" % n, rb"FLAGS \(\)", rb"MODSEQ \(\d+\)") for n in (1, 2, 3)])
        got = client.ok(f"UID FETCH 1:3 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS ({HEADERS})])")
        self.assertEqual(len(got.untagged), 3)
        for n, line in enumerate(got.untagged, 1):
            self.assertTrue(line.startswith(b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS ()" % (n, n, self.sizes[n - 1])), line)
            self.assertIn(b"Subject: message %d\r\n" % n, line)
            self.assertNotIn(b"Received:", line)
        got = client.ok("UID FETCH 2 (UID RFC822.SIZE BODY.PEEK[])")
        self.assertTrue(got.untagged[0].endswith(self.octets[1] + b")"))
        self.says(client, "UID STORE 2 +FLAGS (\\Seen)",
                  self.fetched(2, rb"UID 2", rb"FLAGS \(\\Seen\)", rb"MODSEQ \(\d+\)"))
        self.says(client, "UID STORE 2 +FLAGS ($label1 NonJunk)",
                  re.compile(rb"\* FLAGS \(.*\$label1 NonJunk.*\)"), re.compile(rb"\* OK \[PERMANENTFLAGS .*"),
                  self.fetched(2, rb"UID 2", rb"FLAGS \(\\Seen \$label1 NonJunk\)", rb"MODSEQ \(\d+\)"))
        # It idles; DONE and the next commands come in one piece.
        client.send("t1 IDLE\r\n")
        self.assertTrue(client.read_response().startswith(b"+"))
        deliver(self.server, message("while idle"), "user@localhost")
        self.assertEqual(client.read_response(), b"* 4 EXISTS")
        client.send("DONE\r\nt2 NOOP\r\nt3 UID FETCH 4:* (FLAGS)\r\n")
        self.assertEqual(client.until("t1").status, "OK")
        self.assertEqual(client.until("t2").untagged, [])
        self.assertRegex(client.until("t3").untagged[0], rb"^\* 4 FETCH \(UID 4 FLAGS \(\) MODSEQ \(\d+\)\)$")
        # Its copy of what it sent, and a message thrown away.
        self.says(client, 'APPEND "Sent" (\\Seen) ', part=message("sent"), text=r"^\[APPENDUID \d+ 1\]")
        self.says(client, 'UID MOVE 3 "Trash"', re.compile(rb"\* OK \[COPYUID \d+ 3 1\].*"), b"* 3 EXPUNGE")
        self.says(client, 'STATUS "Trash" (UIDNEXT MESSAGES UNSEEN RECENT)',
                  re.compile(rb'\* STATUS "?Trash"? \(UIDNEXT 2 MESSAGES 1 UNSEEN 1 RECENT \d\)'))
        self.says(client, 'STATUS "INBOX" (UIDNEXT MESSAGES UNSEEN)',  # the selected one
                  b"* STATUS INBOX (UIDNEXT 5 MESSAGES 3 UNSEEN 2)")
        self.says(client, 'CREATE "Projects/2026"')
        self.says(client, 'SUBSCRIBE "Projects/2026"')
        self.says(client, 'RENAME "Projects/2026" "Projects/2027"')
        self.says(client, 'UID COPY 1:2 "Projects/2027"', text=r"^\[COPYUID \d+ 1:2 1:2\]")
        self.says(client, "UID STORE 1:2 +FLAGS.SILENT (\\Deleted)",
                  *[self.fetched(n, b"UID %d" % n, rb"MODSEQ \(\d+\)") for n in (1, 2)])
        self.says(client, "EXPUNGE", b"* 2 EXPUNGE", b"* 1 EXPUNGE")
        self.says(client, "CLOSE")
        self.says(client, "LOGOUT", re.compile(rb"\* BYE .*"))


class AppleMail(Program):
    def test_its_day(self):
        client = self.connect()
        client.ok("CAPABILITY")
        self.says(client, 'ID ("name" "Mac OS X Mail" "version" "16.0" "os" "Mac OS X" "os-version" "14.5" "vendor" "Apple Inc.")',
                  re.compile(rb"\* ID \(.*\)"))
        client.send("a0 AUTHENTICATE PLAIN\r\n")
        self.assertTrue(client.read_response().startswith(b"+ "))
        client.send(b64(f"\0{self.server.user}\0{self.server.password}") + "\r\n")
        self.assertEqual(client.until("a0").status, "OK")
        client.ok("CAPABILITY")
        self.says(client, "NAMESPACE", b'* NAMESPACE (("" "/")) NIL NIL')
        self.says(client, 'LIST "" "*"', *self.mailbox_lines())
        self.says(client, 'LIST "" ""', re.compile(rb'\* LIST \(\\Noselect\) "/" ""'))
        self.selected(client, "SELECT INBOX", 3)
        self.says(client, "FETCH 1:* (FLAGS UID)",
                  *[self.fetched(n, rb"FLAGS \(\)", b"UID %d" % n) for n in (1, 2, 3)])
        got = client.ok("FETCH 1:3 (INTERNALDATE UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (date subject from to cc "
                        "message-id in-reply-to references content-type x-priority x-uniform-type-identifier "
                        "x-universally-unique-identifier list-id list-unsubscribe bimi-indicator)])")
        for n, line in enumerate(got.untagged, 1):
            self.assertTrue(line.startswith(b"* %d FETCH (INTERNALDATE %s UID %d RFC822.SIZE %d FLAGS ()" %
                                            (n, self.dates[n - 1], n, self.sizes[n - 1])), line)
            self.assertIn(b"Subject: message %d\r\n" % n, line)
        self.says(client, "UID FETCH 1 BODYSTRUCTURE",
                  re.compile(rb'(?i)\* 1 FETCH \(UID 1 BODYSTRUCTURE \("text" "plain" .*\)\)'))
        # A body in pieces, the last one beyond its end.
        whole, at = b"", 0
        while True:
            line = client.ok(f"UID FETCH 1 (BODY.PEEK[]<{at}.200> UID)").untagged[0]
            found = re.match(rb"\* 1 FETCH \(BODY\[\]<%d> (?:\{(\d+)\}\r\n(.*)|\"\") UID 1\)$" % at, line, re.S)
            self.assertTrue(found, line)
            piece = found.group(2) or b""
            self.assertEqual(len(piece), int(found.group(1) or 0))
            whole += piece
            at += len(piece)
            if len(piece) < 200:
                break
        self.assertEqual(len(whole), self.sizes[0])
        self.assertTrue(whole.endswith(self.octets[0]))
        self.says(client, "UID FETCH 1 BODY.PEEK[1.MIME]", re.compile(rb"\* 1 FETCH \(UID 1 BODY\[1\.MIME\] .*\)", re.S))
        self.says(client, "UID FETCH 1 BODY.PEEK[1]",
                  self.fetched(1, b"UID 1", rb"BODY\[1\] " + self.literal(b"text of message 1\r\n")))
        self.says(client, "UID STORE 1 +FLAGS.SILENT (\\Seen)")
        # It makes what it needs, by the name it knows.
        self.says(client, 'CREATE "Sent Messages"')
        self.says(client, 'CREATE "Deleted Messages"')
        self.says(client, 'APPEND "Sent Messages" (\\Seen $NotJunk) "21-Nov-2026 10:00:00 +0100" ', part=message("sent"),
                  text=r"^\[APPENDUID \d+ 1\]")
        self.says(client, 'UID COPY 3 "Deleted Messages"', text=r"^\[COPYUID \d+ 3 1\]")
        self.says(client, "UID STORE 3 +FLAGS.SILENT (\\Deleted)")
        self.says(client, "UID EXPUNGE 3", b"* 3 EXPUNGE")
        self.says(client, 'STATUS "Sent Messages" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)',
                  re.compile(rb'\* STATUS "Sent Messages" \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 0\)'))
        self.says(client, "CHECK")
        client.send("i IDLE\r\n")
        self.assertTrue(client.read_response().startswith(b"+"))
        with imap(self.server) as phone:  # the same person's telephone
            phone.ok("SELECT INBOX")
            phone.ok("UID STORE 2 +FLAGS (\\Flagged)")
            self.assertEqual(client.read_response(), b"* 2 FETCH (FLAGS (\\Flagged))")
            phone.ok("UID MOVE 2 Archive")
            self.assertEqual(client.read_response(), b"* 2 EXPUNGE")
        client.send("DONE\r\n")
        self.assertEqual(client.until("i").status, "OK")
        self.says(client, "CLOSE")
        self.says(client, "LOGOUT", re.compile(rb"\* BYE .*"))


class Outlook(Program):
    def test_its_day(self):
        client = self.connect()
        known = client.ok("CAPABILITY").untagged[0]
        self.assertNotIn(b"XLIST", known)
        client.send("o AUTHENTICATE LOGIN " + b64(self.server.user) + "\r\n")
        self.assertTrue(client.read_response().startswith(b"+ "))
        client.send(b64(self.server.password) + "\r\n")
        self.assertEqual(client.until("o").status, "OK")
        self.says(client, 'ID ("name" "Microsoft Outlook" "version" "16.0")', re.compile(rb"\* ID .*"))
        self.says(client, 'LIST "" ""', re.compile(rb'\* LIST \(\\Noselect\) "/" ""'))
        self.says(client, 'XLIST "" "*"', status="BAD")
        self.says(client, 'LIST "" "*"', *self.mailbox_lines())
        self.says(client, 'LSUB "" "*"', *[re.compile(rb'\* LSUB \([^)]*\) "/" "?' + name + b'"?') for name in
                                            (b"INBOX", b"Archive", b"Drafts", b"Junk", b"Sent", b"Trash")])
        self.selected(client, 'SELECT "INBOX"', 3)
        self.says(client, "UID SEARCH 1:* NOT DELETED", re.compile(rb"\* SEARCH 1 2 3"))
        self.says(client, "UID FETCH 1:3 (UID FLAGS RFC822.SIZE INTERNALDATE)",
                  *[b"* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE %s)" %
                    (n, n, self.sizes[n - 1], self.dates[n - 1]) for n in (1, 2, 3)])
        got = client.ok("UID FETCH 3 (BODY.PEEK[] UID)")
        self.assertTrue(got.untagged[0].endswith(self.octets[2] + b" UID 3)"), got.untagged)
        self.says(client, "UID STORE 3 +FLAGS (\\Seen)", b"* 3 FETCH (UID 3 FLAGS (\\Seen))")
        self.says(client, 'APPEND "Sent" (\\Seen) "21-Nov-2026 09:15:00 +0000" ', part=message("sent"),
                  text=r"^\[APPENDUID \d+ 1\]")
        self.says(client, 'UID COPY 2 "Trash"', text=r"^\[COPYUID \d+ 2 1\]")
        self.says(client, "UID STORE 2 +FLAGS.SILENT (\\Deleted \\Seen)")
        self.says(client, "EXPUNGE", b"* 2 EXPUNGE")
        self.says(client, 'STATUS "Sent" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)',
                  re.compile(rb'\* STATUS "?Sent"? \(MESSAGES 1 UNSEEN 0 UIDNEXT 2 UIDVALIDITY \d+\)'))
        self.says(client, "NOOP")
        self.says(client, 'SELECT "No such folder"', re.compile(rb"\* OK \[CLOSED\] .*"), status="NO", text=r"^\[NONEXISTENT\]")
        self.says(client, "UID FETCH 1:* FLAGS", status="BAD")  # nothing is selected after a SELECT that failed
        self.selected(client, 'SELECT "INBOX"', 2)
        client.send("i IDLE\r\n")
        self.assertTrue(client.read_response().startswith(b"+"))
        deliver(self.server, message("news"), "user@localhost")
        self.assertEqual(client.read_response(), b"* 3 EXISTS")
        client.send("DONE\r\n")
        self.assertEqual(client.until("i").status, "OK")
        self.says(client, "LOGOUT", re.compile(rb"\* BYE .*"))
