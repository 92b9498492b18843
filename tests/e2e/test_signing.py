"""What Postern signs, verified by OpenDKIM and dkimpy: keys in DNS, rotation, what is re-encoded, what is passed on."""
import json
import os
import pathlib
import re
import subprocess
import unittest

from lib import nsd, peers, postern
from lib.clients import deliver, imaplib_client, message, submission

VERIFY = """
import json, sys, dkim
records = json.load(open(sys.argv[1]))
def look_up(name, timeout=5):
    return records.get(name.decode().rstrip("."), "").encode()
mail = sys.stdin.buffer.read()
parser = dkim.DKIM(mail)
count = sum(1 for field in parser.headers if field[0].lower() == b"dkim-signature")
print(json.dumps({"dkim": [dkim.DKIM(mail).verify(i, dnsfunc=look_up) for i in range(count)],
                  "arc": dkim.ARC(mail).verify(dnsfunc=look_up)[0].decode()}))
"""


def verify(mail, keys):
    """What dkimpy says of each signature and of the chain; `keys`: as `postern dkim list --json` has them."""
    path = postern.own_folder() / "dns.json"
    path.write_text(json.dumps({key["name"]: key["txt"] for key in keys}))
    done = subprocess.run(["/usr/bin/python3", "-c", VERIFY, path], input=mail,
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


@postern.need("nsd")
class Signing(postern.Case):
    def setUp(self):
        self.remote = peers.Remote().start()
        self.addCleanup(self.remote.stop)
        self.names = nsd.Nsd({"ours.test": nsd.SIGNED})
        self.addCleanup(self.names.stop)
        self.names.start()
        self.server = self.configured(
            hostname="mx.ours.test", domain="ours.test",
            sections={"dns": self.names.configuration(), "authentication": ["verify = true"],
                      "delivery": ["allow_private_destinations = true", 'tls = "none"',
                                   f'route = "127.0.0.1:{self.remote.port}"']})

    def keys(self, state=None):
        return [key for key in self.server.json("dkim", "list", "ours.test") if state in (None, key["state"])]

    def publish(self):
        for key in self.keys():
            self.names.set(key["name"], "TXT", key["txt"])

    def submit(self, mail):
        before = len(self.remote.messages)
        with submission(self.server) as client:
            client.sendmail(self.server.user, ["pat@elsewhere.test"], mail)
        postern.wait_for(lambda: len(self.remote.messages) > before, what="the mail arrives")
        return self.remote.messages[-1].data

    def activate(self):
        self.publish()
        return self.server.command("dkim", "activate", "ours.test").stdout

    def test_keys_sign_once_dns_shows_them(self):
        self.assertEqual(sorted((key["kind"], key["state"], key["seen_since"]) for key in self.keys()),
                         [("ed25519", "pending", ""), ("rsa", "pending", "")])
        self.assertNotIn(b"DKIM-Signature", self.submit(message("early", sender=self.server.user)))
        refused = self.server.command("dkim", "activate", "ours.test", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("DNS does not show", refused.stderr)
        self.assertIn("from now on", self.activate())
        mail = self.submit(message("signed", sender=self.server.user))
        self.assertEqual(verify(mail, self.keys())["dkim"], [True, True])
        self.assertEqual(verify(mail.replace(b"Subject: signed", b"Subject: changed"), self.keys())["dkim"],
                         [False, False])
        traced = self.server.command("trace", self.server.user).stdout
        self.assertRegex(traced, r"signed=?\s*ours\.test \d{8}e \d{8}r")

    def test_what_is_printed_can_be_put_into_a_zone(self):
        printed = self.server.command("dkim", "list", "ours.test").stdout
        for key in self.keys():
            line = next(line for line in printed.splitlines() if line.startswith(key["name"] + ". IN TXT ("))
            self.assertEqual("".join(re.findall(r'"([^"]*)"', line)), key["txt"])

    def test_successors_take_over_and_keys_outlive_a_restart(self):
        self.activate()
        first = {key["selector"] for key in self.keys("active")}
        self.server.command("dkim", "rotate", "ours.test")
        self.assertEqual(len(self.keys("pending")), 2)
        again = self.server.command("dkim", "rotate", "ours.test", check=False)
        self.assertIn("wait already", again.stderr)
        self.activate()
        self.assertEqual({key["selector"] for key in self.keys("retired")}, first)
        self.server.stop()
        self.server.start()
        mail = self.submit(message("after", sender=self.server.user))
        self.assertEqual(verify(mail, self.keys())["dkim"], [True, True])
        for selector in first:
            self.assertNotIn(f"s={selector};".encode(), mail)

    def test_without_its_secret_the_server_says_so_and_does_not_start(self):
        self.activate()
        self.server.stop()
        secret = pathlib.Path(self.server.directory) / "secret.key"
        self.assertEqual(secret.stat().st_mode & 0o777, 0o600)
        kept = secret.read_text()
        for path in pathlib.Path(self.server.directory, "db").iterdir():
            self.assertNotIn(kept.strip().encode(), path.read_bytes())
        secret.unlink()
        self.server.start(wait=False)
        self.assertNotEqual(self.server.process.wait(timeout=30), 0)
        self.assertIn("secret.key is missing: the store holds signing keys under", self.server.log())
        secret.write_text("00" * 32)
        secret.chmod(0o600)
        self.server.start(wait=False)
        self.assertNotEqual(self.server.process.wait(timeout=30), 0)
        self.assertIn("this is not the secret under which", self.server.log())
        self.assertIn("lost: stored under another secret", self.server.command("dkim", "list").stdout)
        self.assertEqual(self.server.command("account", "list").returncode, 0)
        secret.write_text(kept)
        self.server.start()

    def test_what_is_changed_on_its_way_out_is_signed_anew(self):
        self.activate()
        body = "Gr\u00fc\u00dfe.\r\n" + "x" * 1200 + "\r\n"
        mail = message("long", body=body, sender=self.server.user,
                       extra="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n")
        sent = self.submit(mail)
        self.assertLessEqual(max(map(len, sent.split(b"\r\n"))), 998)
        self.assertEqual(verify(sent, self.keys())["dkim"], [True, True])

    def test_notices_are_signed(self):
        self.activate()
        self.remote.answer = lambda verb, rest: "550 5.1.1 no" if verb == "RCPT" and "<nobody@" in rest else None
        with submission(self.server) as client:
            client.sendmail(self.server.user, ["nobody@elsewhere.test"], message("lost", sender=self.server.user))
        def bounce():
            with imaplib_client(self.server) as client:
                client.select("INBOX")
                found = client.search(None, "FROM", "postmaster")[1][0].split()
                return found and client.fetch(found[-1], "(BODY.PEEK[])")[1][0][1]
        self.assertEqual(verify(postern.wait_for(bounce, what="the bounce comes"), self.keys())["dkim"], [True, True])

    def test_what_an_alias_passes_on_is_sealed(self):
        # It judges its own seal: it must not remember, not even for a second, that there was no key.
        self.server.stop()
        self.publish()
        self.server.start()
        self.activate()
        self.server.command("alias", "add", "team@ours.test", "pat@elsewhere.test")
        deliver(self.server, message("passed on", sender="ann@nowhere.test", to="team@ours.test"),
                "team@ours.test", sender="ann@nowhere.test")
        postern.wait_for(lambda: self.remote.messages, what="the mail arrives")
        mail = self.remote.messages[-1].data
        self.assertEqual(verify(mail, self.keys())["arc"], "pass")
        self.assertIn(b"ARC-Authentication-Results: i=1; mx.ours.test;", mail)
        # A second one that is passed on again continues the chain.
        deliver(self.server, mail, "team@ours.test", sender="ann@nowhere.test")
        postern.wait_for(lambda: len(self.remote.messages) > 1, what="the mail arrives")
        again = self.remote.messages[-1].data
        self.assertIn(b"i=2;", again)
        self.assertEqual(verify(again, self.keys())["arc"], "pass")


@postern.need("nsd")
@postern.need("postfix")
@postern.need("opendkim")
@unittest.skipUnless(os.geteuid() == 0, "Postfix needs root")
class ToOpenDkim(postern.Case):
    def test_the_reference_verifies_what_we_sign(self):
        names = nsd.Nsd({"ours.test": nsd.SIGNED})
        self.addCleanup(names.stop)
        names.start()
        verifier = peers.OpenDkim.verifier("mx.outside.test", names.unbound_file()).start()
        self.addCleanup(verifier.stop)
        postfix = peers.Postfix("outside.test", postern.free_port(), postern.SCRATCH / "outside.tls", verifier.asked())
        self.addCleanup(postfix.stop)
        postfix.start()
        server = self.configured(
            hostname="mx.ours.test", domain="ours.test",
            sections={"dns": names.configuration(),
                      "delivery": ["allow_private_destinations = true", f'route = "127.0.0.1:{postfix.port}"']})
        for key in server.json("dkim", "list"):
            names.set(key["name"], "TXT", key["txt"])
        server.command("dkim", "activate", "ours.test")
        with submission(server) as client:
            client.sendmail(server.user, ["pat@outside.test"], message("hello", sender=server.user))
        mail = postern.wait_for(lambda: postfix.mailbox("pat"), limit=30, what="Postfix delivers")[0].decode()
        found = re.sub(r"\s+", " ", mail)
        self.assertRegex(found, r"dkim=pass header.d=ours.test header.i=@ours.test header.a=ed25519-sha256")
        self.assertRegex(found, r"dkim=pass \(2048-bit key; secure\) header.d=ours.test .*header.a=rsa-sha256")
