"""The two-minute tour, by the programs that people use: localserve with swaks, curl, mbsync, neomutt, Python."""
import email
import imaplib
import os
import re
import secrets
import shutil
import smtplib
import socket
import stat
import subprocess
import unittest

from lib import postern
from lib.clients import Smtp, deliver, imap, imaplib_client, message, submission


def swaks(server, *words):
    environment = dict(os.environ, SSL_CERT_FILE=str(server.directory / "local-ca.pem"))
    return postern.run("swaks", "--server", server.ip, "--ehlo", "client.test", *words, env=environment)


class FirstStart(postern.Case):
    def test_credentials_are_made_once(self):
        server = self.local("first")
        path = server.directory / "credentials.txt"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        text = path.read_text()
        self.assertRegex(text, r"\Auser user@localhost\npassword \S{12,}\n\Z")
        self.assertIn(server.password, server.log(), "the password is shown")
        first = server.password
        deliver(server, message("kept over a restart"), "user@localhost")
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.password, first)
        self.assertEqual(path.read_text(), text)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()

    def test_a_lost_password_is_replaced(self):
        server = self.local("lost")
        first = server.password
        deliver(server, message("kept"), "user@localhost")
        server.stop()
        (server.directory / "credentials.txt").unlink()
        server.start()
        self.assertNotEqual(server.password, first)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        with self.assertRaises(imaplib.IMAP4.error):
            imaplib_client(server, "user@localhost", first)

    def test_no_two_installations_share_a_password_or_a_key(self):
        one, two = self.local("one", slot=0), self.local("two", slot=1)
        self.assertNotEqual(one.password, two.password)
        for name in ("local-ca.pem", "local-cert.pem", "local-cert.key"):
            self.assertNotEqual((one.directory / name).read_bytes(), (two.directory / name).read_bytes())
        self.assertEqual(stat.S_IMODE((one.directory / "local-cert.key").stat().st_mode), 0o600)

    def test_a_directory_is_served_once(self):
        server = self.local("shared")
        other = postern.LocalServer("shared", slot=1)
        other.log_file = postern.SCRATCH / "second.log"
        other.start(wait=False)
        self.assertEqual(other.process.wait(20), 1)
        self.assertIn(str(server.directory), other.log())

    def test_ipv6(self):
        server = self.local("six", ip="::1")
        deliver(server, message("over IPv6"), "user@localhost")
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        self.assertIn(b"IPv6:::1", client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (RECEIVED)])")[1][0][1])
        client.logout()
        with submission(server) as sender:
            sender.sendmail(server.user, ["other@localhost"], message("sent over IPv6", sender=server.user))


class Programs(postern.SharedCase):
    def inbox(self):
        client = imaplib_client(self.server)
        client.select("INBOX")
        self.addCleanup(client.logout)
        return client

    def find(self, client, subject):
        client.noop()
        found = client.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
        self.assertEqual(len(found), 1, f"{subject}: {found}")
        return client.fetch(found[0], "(BODY.PEEK[])")[1][0][1]

    @postern.need("swaks")
    def test_swaks_delivers(self):
        done = swaks(self.server, "--port", self.server.ports["smtp"], "--from", "a@outside.test", "--to",
                     "Anyone.At.All@localhost", "--header", "Subject: swaks in clear")
        self.assertEqual(done.returncode, 0, done.stdout)
        done = swaks(self.server, "--port", self.server.ports["smtp"], "--tls", "--from", "a@outside.test", "--to",
                     "user@localhost", "--header", "Subject: swaks with STARTTLS")
        self.assertEqual(done.returncode, 0, done.stdout)
        client = self.inbox()
        clear, secure = self.find(client, "swaks in clear"), self.find(client, "swaks with STARTTLS")
        self.assertTrue(clear.startswith(b"Return-Path: <a@outside.test>\r\n"), clear)
        self.assertIn(b"\r\nDelivered-To: ", clear)
        self.assertRegex(clear, rb"with ESMTP\s")
        self.assertRegex(secure, rb"with ESMTPS\s")

    @postern.need("swaks")
    def test_swaks_submits(self):
        for port, words in (("submission", ("--tls",)), ("submissions", ("--tls-on-connect",))):
            for mechanism in ("PLAIN", "LOGIN"):
                with self.subTest(port=port, mechanism=mechanism):
                    subject = f"swaks {port} {mechanism}"
                    done = swaks(self.server, "--port", self.server.ports[port], *words, "--auth", mechanism,
                                 "--auth-user", self.server.user, "--auth-password", self.server.password, "--from",
                                 self.server.user, "--to", "friend@localhost", "--header", f"Subject: {subject}",
                                 "--header", f"From: {self.server.user}")
                    self.assertEqual(done.returncode, 0, done.stdout)
                    self.assertIn(b"Received: ", self.find(self.inbox(), subject))

    @postern.need("swaks")
    def test_swaks_with_a_wrong_password(self):
        done = swaks(self.server, "--port", self.server.ports["submissions"], "--tls-on-connect", "--auth", "PLAIN",
                     "--auth-user", self.server.user, "--auth-password", "wrong" + self.server.password, "--from",
                     self.server.user, "--to", "friend@localhost", "--timeout", "40")
        self.assertEqual(done.returncode, 28, done.stdout)  # swaks: "error due to authentication"
        self.assertIn("535 5.7.8", done.stdout)

    def test_smtplib_and_imaplib(self):
        subject, body = "round trip " + secrets.token_hex(4), "".join(f"line {i} é\r\n" for i in range(500))
        sent = message(subject, body, sender="Somebody <s@outside.test>",
                       extra="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n")
        with smtplib.SMTP("localhost", self.server.ports["smtp"], timeout=30) as client:
            client.starttls(context=self.server.trust())
            self.assertEqual(client.sendmail("s@outside.test", ["one@localhost", "two@localhost"], sent), {})
        got = self.find(self.inbox(), subject)
        self.assertTrue(got.endswith(sent), "the message is as it was sent")
        client = imaplib.IMAP4("localhost", self.server.ports["imap"], timeout=30)
        with self.assertRaisesRegex(imaplib.IMAP4.error, "(?i)privacy|cannot|not|tls"):
            client.login(self.server.user, self.server.password)
        client.starttls(self.server.trust())
        client.login(self.server.user, self.server.password)
        client.select("INBOX", readonly=True)
        self.assertEqual(self.find(client, subject), got)
        client.logout()

    def test_no_authentication_in_clear(self):
        for port in ("smtp", "submission"):
            with Smtp(self.server.address(port)) as client:
                self.assertNotIn("AUTH", client.features)
                self.assertNotEqual(client.command("AUTH PLAIN AGEAYg==")[0] // 100, 2)
                self.assertNotEqual(client.command("AUTH PLAIN AGEAYg==")[0], 334)

    def curl(self, *words, **options):
        return postern.run("curl", "-sS", "--max-time", "30", "--cacert", self.server.directory / "local-ca.pem", "--user",
                           f"{self.server.user}:{self.server.password}", *words, **options)

    def test_curl(self):
        subject = "curl " + secrets.token_hex(4)
        sent = message(subject, sender=self.server.user, to="friend@localhost")
        path = postern.SCRATCH / "curl.eml"
        path.write_bytes(sent)
        done = self.curl(f"smtps://localhost:{self.server.ports['submissions']}", "--mail-from", self.server.user,
                         "--mail-rcpt", "friend@localhost", "--upload-file", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        base = f"imaps://localhost:{self.server.ports['imaps']}"
        found = self.curl(f"{base}/INBOX?SUBJECT%20%22{subject.replace(' ', '%20')}%22")
        uid = re.search(r"SEARCH (\d+)", found.stdout)
        self.assertTrue(uid, found.stdout + found.stderr)
        got = subprocess.run(["curl", "-sS", "--cacert", str(self.server.directory / "local-ca.pem"), "--user",
                              f"{self.server.user}:{self.server.password}", f"{base}/INBOX;MAILINDEX={uid.group(1)}"],
                             capture_output=True, timeout=30).stdout
        self.assertIn(f"Subject: {subject}".encode(), got)
        self.assertIn("Sent", self.curl(base + "/").stdout)
        done = self.curl("--ssl-reqd", f"imap://localhost:{self.server.ports['imap']}/", "--request", "STATUS INBOX (MESSAGES)")
        self.assertIn("MESSAGES", done.stdout, done.stderr)
        done = self.curl("--upload-file", path, base + "/Drafts")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("MESSAGES 1", self.curl(base, "--request", "STATUS Drafts (MESSAGES)").stdout)


class Synchronising(postern.SharedCase):
    @postern.need("mbsync")
    def test_mbsync(self):
        server, home = self.server, postern.SCRATCH / "mbsync"
        home.mkdir()
        subjects = [f"mbsync {i}" for i in range(20)]
        for subject in subjects:
            deliver(server, message(subject), "user@localhost")
        (home / "rc").write_text(
            f"IMAPAccount a\nHost localhost\nPort {server.ports['imaps']}\nUser {server.user}\n"
            f"PassCmd \"sed -n 's/^password //p' {server.directory}/credentials.txt\"\nSSLType IMAPS\n"
            f"CertificateFile {server.directory}/local-ca.pem\n\nIMAPStore far\nAccount a\n\nMaildirStore near\n"
            f"Path {home}/mail/\nInbox {home}/mail/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\n"
            f"Patterns *\nCreate Both\nExpunge Both\nSync All\nSyncState *\n")
        (home / "mail").mkdir()

        def sync():
            done = postern.run("mbsync", "-c", home / "rc", "-V", "-a", env=dict(os.environ, HOME=str(home)))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

        sync()
        inbox = home / "mail" / "INBOX"
        files = [path for folder in ("new", "cur") for path in (inbox / folder).iterdir()]
        self.assertEqual(sorted(email.message_from_bytes(path.read_bytes())["Subject"] for path in files),
                         sorted(subjects))
        for name in ("Archive", "Drafts", "Junk", "Sent", "Trash"):
            self.assertTrue((home / "mail" / name).is_dir(), name)
        by_subject = {email.message_from_bytes(path.read_bytes())["Subject"]: path for path in files}
        seen = by_subject["mbsync 3"]  # read and answered here ...
        seen.rename(inbox / "cur" / (seen.name.split(":")[0] + ":2,RS"))
        gone = by_subject["mbsync 7"]  # ... deleted ...
        gone.rename(inbox / "cur" / (gone.name.split(":")[0] + ":2,ST"))
        draft = home / "mail" / "Drafts" / "cur" / f"1.{os.getpid()}.here:2,DS"  # ... and written.
        draft.write_bytes(message("written offline").replace(b"\r\n", b"\n"))
        sync()
        client = imap(server)
        client.ok("SELECT INBOX")
        flags = client.ok('SEARCH ANSWERED SEEN SUBJECT "mbsync 3"').lines(rb"SEARCH[^\r]* \d+|ESEARCH.* ALL \d+")
        self.assertEqual(len(flags), 1)
        self.assertEqual(len(client.ok("FETCH 1:* UID").untagged), 19, "mbsync 7 is expunged")
        self.assertTrue(client.ok("STATUS Drafts (MESSAGES)").lines(rb"MESSAGES 1\b"))
        client.ok("STORE 1 +FLAGS (\\Flagged)")
        client.close()
        sync()
        self.assertEqual(len([p for p in (inbox / "cur").iterdir() if "F" in p.name.rpartition(",")[2]]), 1)

    @postern.need("neomutt")
    @unittest.skipUnless(shutil.which("script"), "script(1) is missing")
    def test_neomutt(self):
        server, home = self.server, postern.SCRATCH / "mutt"
        home.mkdir()
        deliver(server, message("for neomutt"), "user@localhost")
        # Debian's neomutt picks SCRAM-SHA-256-PLUS where it is offered, without channel bindings, and gives up.
        (home / "rc").write_text(
            f"set smtp_authenticators=plain imap_authenticators=plain\n"
            f"set ssl_starttls=yes ssl_force_tls=yes certificate_file={server.directory}/local-ca.pem\n"
            f"set ssl_ca_certificates_file={server.directory}/local-ca.pem\n"
            f"set imap_user={server.user} imap_pass={server.password} smtp_pass={server.password}\n"
            f"set folder=imaps://localhost:{server.ports['imaps']}/ spoolfile=+INBOX record=+Sent postponed=+Drafts\n"
            f"set smtp_url=smtps://user%40localhost@localhost:{server.ports['submissions']}/\n"
            f"set from={server.user} realname=Tester use_envelope_from=yes quit=yes delete=yes\n"
            f"set wait_key=no confirmappend=no mail_check=0 imap_check_subscribed=no copy=yes\n")
        environment = dict(os.environ, HOME=str(home), TERM="xterm", LANG="C.UTF-8")
        done = postern.run("neomutt", "-n", "-F", home / "rc", "-s", "sent by neomutt", "friend@localhost",
                           input="A line.\n", env=environment, cwd=home)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        client = imaplib_client(server)
        client.select("INBOX")
        self.assertEqual(len(client.search(None, "SUBJECT", '"sent by neomutt"')[1][0].split()), 1)
        # Reads it, flags it, saves it to a file and leaves.
        saved = home / "saved"
        keys = f"<limit>~s 'for neomutt'<enter><display-message><exit><flag-message><copy-message>{saved}<enter><quit>"
        (home / "reading").write_text(f"source {home}/rc\nset confirmcreate=no\npush \"{keys}\"\n")
        done = postern.run("script", "-qec", f"neomutt -n -F {home}/reading", "/dev/null",
                           env=dict(environment, COLUMNS="100", LINES="30"), limit=40, cwd=home)
        self.assertTrue(saved.exists(), done.stdout[-2000:])
        client.select("INBOX")
        self.assertEqual(len(client.search(None, "SEEN", "FLAGGED", "SUBJECT", '"for neomutt"')[1][0].split()), 1)
        client.logout()


class Commands(postern.SharedCase):
    def test_trace_by_id_and_by_address(self):
        text = deliver(self.server, message("to be traced"), "traced@localhost", sender="t@outside.test")
        name = re.search(r"[0-9a-f]{16}", text).group(0)
        shown = self.server.command("trace", name).stdout
        self.assertIn("received", shown)
        self.assertIn("delivered", shown)
        self.assertIn("mailbox=INBOX", shown)
        for address in ("t@outside.test", "traced@localhost"):
            stories = self.server.json("trace", address)
            self.assertIn(name, [story["id"] for story in stories], address)
        self.assertEqual({event["kind"] for event in self.server.json("trace", name)[0]["events"]},
                         {"received", "delivered"})
        client = imap(self.server)
        client.ok("SELECT INBOX")
        received = client.ok("FETCH * BODY.PEEK[HEADER.FIELDS (RECEIVED)]").lines(name.encode())
        self.assertEqual(len(received), 1, "the Received field leads to the trace")
        client.close()
        nothing = self.server.command("trace", "0123456789abcdef", check=False)
        self.assertEqual((nothing.returncode, nothing.stdout), (1, ""))

    def test_the_queue_is_empty(self):
        self.assertEqual(self.server.json("queue", "list"), [])
        self.assertEqual(self.server.command("queue", "show", "0123456789abcdef", check=False).returncode, 1)

    def test_administration_beside_the_server(self):
        password = self.server.add_account("bob@localhost")
        deliver(self.server, message("for Bob"), "bob@localhost")
        client = imaplib_client(self.server, "bob@localhost", password)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        self.server.command("alias", "add", "both@localhost", "bob@localhost", "user@localhost")
        deliver(self.server, message("for both"), "both@localhost")
        accounts = {one["address"]: one for one in self.server.json("account", "list")}
        self.assertGreater(accounts["bob@localhost"]["used"], 0)
        self.assertEqual(self.server.json("alias", "list")[0]["members"], ["bob@localhost", "user@localhost"])
        new = secrets.token_urlsafe(12)
        self.server.command("account", "set-password", "bob@localhost", "--password-file", "-", input=new + "\n")
        with self.assertRaises(imaplib.IMAP4.error):
            imaplib_client(self.server, "bob@localhost", password)
        imaplib_client(self.server, "bob@localhost", new).logout()
        self.server.command("alias", "remove", "both@localhost")
        self.server.command("account", "remove", "bob@localhost", "--yes")
        self.assertEqual([one["address"] for one in self.server.json("account", "list")], ["user@localhost"])
        with self.assertRaises(imaplib.IMAP4.error):
            imaplib_client(self.server, "bob@localhost", new)

    def test_stats_and_version(self):
        self.assertEqual(self.server.json("store", "stats")["health"], "good")
        self.assertRegex(postern.postern("version").stdout, r"^postern \d+\.\d+\.\d+\n$")
        self.assertIn("version", postern.postern("version", "--json").stdout)

    def test_the_control_socket_is_the_owners(self):
        mode = (self.server.directory / "control.sock").stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode) & 0o077, 0)


class StoppedServer(postern.Case):
    def test_administration_of_a_stopped_server(self):
        server = self.local("stopped")
        deliver(server, message("before"), "user@localhost")
        server.stop()
        password = server.add_account("late@localhost", quota="1M")
        self.assertEqual(len(server.json("account", "list")), 2)
        self.assertEqual(server.json("queue", "list"), [])
        self.assertEqual(len(server.json("trace", "user@localhost")), 1)
        server.verify()
        server.start()
        imaplib_client(server, "late@localhost", password).logout()


class Mistakes(unittest.TestCase):
    """One clear line, and the right exit status."""

    def fails(self, status, *words, **options):
        done = postern.postern(*words, **options)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        self.assertTrue(done.stderr.strip(), f"{words}: nothing was said")
        return done.stderr

    def config(self, text):
        path = postern.SCRATCH / f"{self.id().rpartition('.')[2]}.toml"
        path.write_text(text)
        return path

    def test_wrong_usage_is_2(self):
        for words in ((), ("nonsense",), ("serve", "--nonsense"), ("localserve",), ("queue",), ("account", "add", "a@b", "c"),
                      ("store", "verify", "--frobnicate"), ("trace",), ("queue", "drop", "--dir", "/nonexistent"),
                      ("localserve", "--dir", "x", "--port-offset", "many")):
            with self.subTest(words=words):
                self.fails(2, *words, cwd=postern.SCRATCH)

    def test_help(self):
        for words in ((), ("serve",), ("localserve",), ("domain", "add"), ("domain", "list"), ("domain", "remove"),
                      ("account", "add"), ("account", "list"), ("account", "set-password"), ("account", "remove"),
                      ("account", "quota"), ("alias", "add"), ("alias", "list"), ("alias", "remove"), ("queue", "list"),
                      ("queue", "show"), ("queue", "hold"), ("queue", "release"), ("queue", "retry"), ("queue", "drop"),
                      ("store", "verify"), ("store", "stats"), ("trace",), ("version",), ("config", "check")):
            with self.subTest(words=words):
                done = postern.postern(*words, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("Usage", done.stdout)

    def test_a_busy_port(self):
        server = postern.LocalServer("busy", slot=2)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", server.ports["imaps"]))
            taken.listen()
            said = self.fails(1, *server.arguments())
        self.assertIn(str(server.ports["imaps"]), said)
        self.assertIn("imaps", said)
        self.assertLessEqual(len([line for line in said.splitlines() if "cannot listen" in line]), 1)

    def test_configuration_mistakes_name_file_and_line(self):
        path = self.config('hostname = "mx.example.test"\n[storage]\ndirectory = "d"\n\n[listeners]\n'
                           'smtpp = ["127.0.0.1:1"]\n\n[limits]\nmax_message = "much"\n')
        for words in (("config", "check", path), ("serve", "--config", path)):
            said = self.fails(1, *words)
            self.assertIn(f"{path}:6: unknown key listeners.smtpp", said)
            self.assertIn("smtp", said.split("smtpp", 1)[1], "a suggestion")
            self.assertIn(f"{path}:9: ", said)
            self.assertIn("limits.max_message", said)

    def test_syntax_errors_name_the_line(self):
        path = self.config('hostname = "mx.example.test"\n[storage\n')
        self.assertRegex(self.fails(1, "config", "check", path), re.escape(str(path)) + ":2: ")

    def test_missing_files(self):
        self.assertIn("/nonexistent/postern.toml", self.fails(1, "serve", "--config", "/nonexistent/postern.toml"))
        path = self.config(f'hostname = "mx.example.test"\n[storage]\ndirectory = "{postern.SCRATCH}/none"\n[listeners]\n'
                           f'imaps = ["127.0.0.1:{postern.free_port()}"]\n[tls]\ncertificate = "/nonexistent/cert.pem"\n'
                           f'key = "/nonexistent/key.pem"\n')
        for words in (("serve", "--config", path), ("config", "check", path)):
            self.assertIn(f"{path}:7: tls.certificate: /nonexistent/cert.pem: No such file", self.fails(1, *words))

    def test_a_busy_port_is_named_with_its_line(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            path = self.config(f'hostname = "mx.example.test"\n[storage]\ndirectory = "{postern.SCRATCH}/none"\n'
                               f'[listeners]\nsmtp = ["127.0.0.1:{port}"]\n')
            self.assertRegex(self.fails(1, "serve", "--config", path),
                             re.escape(f"{path}:5: cannot listen on 127.0.0.1:{port} for smtp: another program"))

    def test_the_default_file_is_understood(self):
        done = postern.postern("config", "default")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hostname", done.stdout)
        self.assertIn("max_message", postern.postern("config", "reference").stdout)

    def test_no_store(self):
        self.assertIn("nowhere", self.fails(1, "store", "verify", "--dir", postern.SCRATCH / "nowhere"))
        self.assertFalse((postern.SCRATCH / "nowhere").exists())

    def test_passwords_are_no_arguments(self):
        self.fails(2, "account", "add", "a@localhost", "--password", "x", "--dir", postern.SCRATCH)
