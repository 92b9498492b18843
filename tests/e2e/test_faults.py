"""A disk that fails or is full: clear temporary refusals, reading goes on, recovery by itself, and nothing that was
shown is lost. POSTERN_TEST_FAULTS=track puts a layer under the store that fails while DIR/faults says so."""
# time-limit: 240
import secrets
import smtplib
import threading
import time

from lib import postern
from lib.clients import Smtp, deliver, imap, message, submission

RECOVERY = 20  # seconds; the store tries every five


class Watcher(threading.Thread):
    """An IMAP reader that notes everything it is shown."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.shown, self.reads, self.ended = server, {}, 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            try:
                with imap(self.server) as client:
                    client.ok("SELECT INBOX")
                    while not self.ended.is_set():
                        client.ok("NOOP")
                        got = client.ok("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                        for found in got.lines(rb"UID (\d+).*Subject: (\S+)"):
                            self.shown[int(found.group(1))] = found.group(2)
                        self.reads += 1
                        time.sleep(0.02)
            except Exception:
                time.sleep(0.1)  # goodbye when the store is reopened: comes again

    def finish(self):
        self.ended.set()
        self.join(30)


def stored(server):
    with imap(server) as client:
        client.ok("SELECT INBOX")
        got = client.ok("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return {int(found.group(1)): found.group(2) for found in got.lines(rb"UID (\d+).*Subject: (\S+)")}


class Faults(postern.Case):
    def try_deliver(self, server, tag):
        """The code of the last reply."""
        with Smtp(server.address("smtp")) as client:
            for line in ("MAIL FROM:<s@outside.test>", "RCPT TO:<user@localhost>"):
                code, text = client.command(line)
                if code != 250:
                    return code, text
            return client.data(message(tag))

    def fail_and_recover(self, *faults):
        name = "-".join(faults).replace(" ", "-") or "none"
        server = self.local(name, environment={"POSTERN_TEST_FAULTS": "track"})
        tags = iter(f"{name}-{i}-{secrets.token_hex(4)}" for i in range(100_000))
        taken, refused = [], []
        watcher = Watcher(server)

        def attempt():
            tag = next(tags)
            code, text = self.try_deliver(server, tag)
            (taken if code == 250 else refused).append(tag)
            if code != 250:
                self.assertEqual(code // 100, 4, text)
                self.assertRegex(text, r"^4\.3\.[0-9] ")
            return code

        for _ in range(10):
            self.assertEqual(attempt(), 250)
        watcher.start()
        postern.wait_for(lambda: len(watcher.shown) == 10, what="the watcher sees them")
        control = server.directory / "faults"
        control.write_text("".join(f"{fault}\n" for fault in faults))
        codes = [attempt() for _ in range(5)]
        self.assertEqual([code // 100 for code in codes], [4] * 5, "nothing is promised")
        with imap(server) as client:
            client.ok("SELECT INBOX")
            answer = client.command("APPEND INBOX ", message(next(tags)))
            self.assertEqual(answer.status, "NO", answer)
            self.assertIn("UNAVAILABLE", answer.text)
        with imap(server) as client:
            client.ok("EXAMINE INBOX")
            self.assertEqual(len(client.ok("FETCH 1:10 BODY.PEEK[]").untagged), 10)
        reads = watcher.reads
        postern.wait_for(lambda: watcher.reads > reads + 3, what="reading goes on")
        with self.assertRaises(smtplib.SMTPException):
            with submission(server) as client:
                client.sendmail(server.user, ["user@localhost"], message(next(tags), sender=server.user))
        self.assertTrue(server.running())
        control.unlink()
        postern.wait_for(lambda: attempt() == 250, limit=RECOVERY, every=0.5, what="recovery by itself")
        for _ in range(10):
            self.assertEqual(attempt(), 250)
        self.assertEqual(server.json("store", "stats")["health"], "good")
        postern.wait_for(lambda: set(tag.encode() for tag in taken) <= set(watcher.shown.values()), what="all is shown")
        watcher.finish()
        # What was shown or acknowledged is there after the worst of ends too.
        server.kill()
        server.start(environment={"POSTERN_TEST_FAULTS": "track"})
        found = stored(server)
        for uid, tag in watcher.shown.items():
            self.assertEqual(found.get(uid), tag, "shown and then lost")
        values = list(found.values())
        for tag in taken:
            self.assertEqual(values.count(tag.encode()), 1, tag)
        for tag in refused:
            self.assertLessEqual(values.count(tag.encode()), 1, tag)

    def test_no_space_on_write(self):
        self.fail_and_recover("write enospc")

    def test_error_on_write(self):
        self.fail_and_recover("write eio")

    def test_error_on_sync(self):
        self.fail_and_recover("sync eio")

    def test_error_on_both(self):
        self.fail_and_recover("write eio", "sync eio")

    def test_no_space_on_sync(self):
        self.fail_and_recover("sync enospc")

    def test_starting_on_a_failing_disk_fails(self):
        server = self.local("startfail", environment={"POSTERN_TEST_FAULTS": "track"})
        deliver(server, message("before"), "user@localhost")
        server.stop()
        (server.directory / "faults").write_text("write eio\nsync eio\n")
        server.start(wait=False, environment={"POSTERN_TEST_FAULTS": "track"})
        try:
            status = server.process.wait(15)
            self.assertEqual(status, 1, server.tail())
        except Exception:
            # Serving what it has, read-only, is as good.
            with Smtp(server.address("smtp")) as client:
                client.expect("MAIL FROM:<s@outside.test>", 250)
                self.assertEqual(client.command("RCPT TO:<user@localhost>")[0] // 100, 4)
            server.kill()
        (server.directory / "faults").unlink()
        server.start()
        self.assertEqual(len(stored(server)), 1)

    def test_below_the_reserve(self):
        server = self.configured()
        deliver(server, message("while there was room"), server.user)
        server.stop()
        server.sections["storage"] = [f"reserve = {1 << 60}"]
        server.write_config()
        server.start()
        with Smtp(server.address("smtp")) as client:
            code, text = client.command("MAIL FROM:<s@outside.test>")
            if code == 250:
                code, text = client.command(f"RCPT TO:<{server.user}>")
            if code == 250:
                code, text = client.data(message("no room"))
            self.assertEqual((code, text[:5]), (452, "4.3.1"))
        with imap(server) as client:
            client.ok("SELECT INBOX")
            self.assertEqual(client.command("APPEND INBOX ", message("no room")).status, "NO")
            client.ok("FETCH 1 BODY[]")
            client.ok("STORE 1 +FLAGS (\\Deleted)")  # what makes room goes on
            client.ok("EXPUNGE")
        server.stop()
        server.sections.pop("storage")
        server.write_config()
        server.start()
        deliver(server, message("room again"), server.user)

    def test_append_beyond_the_quota(self):
        server = self.local()
        password = server.add_account("small@localhost", quota="100K")
        with imap(server, "small@localhost", password) as client:
            text = ("x" * 78 + "\r\n") * 1000
            client.ok("APPEND INBOX ", message("fits", text))
            answer = client.command("APPEND INBOX ", message("does not", text))
            self.assertEqual(answer.status, "NO", answer)
            self.assertIn("OVERQUOTA", answer.text)
            client.ok("SELECT INBOX")
            client.ok("FETCH 1 BODY[]")
            client.ok("STORE 1 +FLAGS (\\Deleted)")
            client.ok("EXPUNGE")
            client.ok("APPEND INBOX ", message("fits now", text))
