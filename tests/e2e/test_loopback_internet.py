"""A loopback internet: NSD with signed, unsigned and broken zones; a Postfix whose mail OpenDKIM signs, and another
that forwards it; and what Postern makes of them."""
import email
import json
import os
import re
import unittest

from lib import nsd, peers, postern
from lib.clients import Smtp, imaplib_client, message

ZONES = {"signed.test": nsd.SIGNED, "plain.test": nsd.PLAIN, "changed.test": nsd.SIGNED, "expired.test": nsd.EXPIRED,
         "shop.test": nsd.PLAIN}
SPF = "v=spf1 ip4:127.0.0.1 -all"


def publish(names, zone, key):
    """What a domain that sends from 127.0.0.1 says of its mail."""
    names.set(zone, "MX", f"10 mx.{zone}.")
    names.set(f"mx.{zone}", "A", "127.0.0.1")
    names.set(zone, "TXT", SPF)
    names.set(f"s1._domainkey.{zone}", "TXT", key)
    names.set(f"_dmarc.{zone}", "TXT", f"v=DMARC1; p=reject; rua=mailto:dmarc@{zone}")


@postern.need("nsd")
@postern.need("ldns-signzone")
class Names(postern.Case):
    """By the commands that ask DNS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = postern.own_folder()
        _, key = postern.make_dkim_key(folder, "s1")
        cls.names = nsd.Nsd(ZONES)
        cls.addClassCleanup(cls.names.stop)
        for zone in ZONES:
            publish(cls.names, zone, key)
        cls.names.forge("changed.test", "TXT", "v=spf1 +all")
        cls.names.start()
        cls.config = folder / "postern.toml"
        cls.config.write_text("\n".join(['hostname = "mail.test"', "[storage]", f'directory = "{folder}/store"',
                                         "[dns]", *cls.names.configuration()]) + "\n")

    def ask(self, *words):
        done = postern.postern(*words, "--config", self.config, "--json", check=True)
        return json.loads(done.stdout)

    def look_up(self, name, kind):
        return self.ask("dns", "lookup", name, kind)

    def check(self, zone):
        """{record: (verdict, text)}"""
        return {line["record"]: (line["verdict"], line["text"])
                for line in self.ask("check", "domain", zone, "--selector", "s1")["records"]}

    def test_what_is_signed_is_secure(self):
        got = self.look_up("signed.test", "TXT")
        self.assertEqual((got["outcome"], got["status"], got["records"]), ("found", "secure", [f'"{SPF}"']))
        for name, kind, outcome in (("nobody.signed.test", "A", "nxdomain"), ("mx.signed.test", "MX", "no_data")):
            got = self.look_up(name, kind)
            self.assertEqual((got["outcome"], got["status"]), (outcome, "secure"), name)
        found = self.check("signed.test")
        for record in ("MX", "SPF", "DKIM", "DMARC"):
            self.assertEqual(found[record][0], "good", found[record])
        for record in ("MX", "DKIM"):
            self.assertIn("proven by DNSSEC", found[record][1])

    def test_what_is_not_signed_is_insecure_and_as_good(self):
        got = self.look_up("plain.test", "TXT")
        self.assertEqual((got["outcome"], got["status"], got["records"]), ("found", "insecure", [f'"{SPF}"']))
        found = self.check("plain.test")
        for record in ("MX", "SPF", "DKIM", "DMARC"):
            self.assertEqual(found[record][0], "good", found[record])
            self.assertNotIn("DNSSEC", found[record][1])

    def test_a_record_changed_after_signing_is_bogus_and_says_why(self):
        got = self.look_up("changed.test", "TXT")
        self.assertEqual((got["outcome"], got["status"], got["records"]), ("servfail", "bogus", []))
        self.assertRegex(got["why"], r"changed\.test\. TXT.*signature verification failed")
        found = self.check("changed.test")
        self.assertEqual(found["SPF"][0], "wrong")
        self.assertRegex(found["SPF"][1], r"DNSSEC says forged: .*signature verification failed")
        self.assertEqual((found["MX"][0], found["DKIM"][0], found["DMARC"][0]), ("good", "good", "good"))

    def test_a_zone_whose_signatures_expired_is_bogus_and_says_why(self):
        for name, kind in (("expired.test", "TXT"), ("mx.expired.test", "A"), ("nobody.expired.test", "A")):
            got = self.look_up(name, kind)
            self.assertEqual((got["outcome"], got["status"], got["records"]), ("servfail", "bogus", []), name)
            self.assertRegex(got["why"], "signature expired.* expired.test")
        found = self.check("expired.test")
        for record in ("MX", "SPF", "DKIM", "DMARC"):
            self.assertEqual(found[record][0], "wrong", found[record])
            self.assertRegex(found[record][1], "DNSSEC says forged: .*signature expired")

    def test_a_zone_that_its_parent_vouches_for_with_another_key_is_bogus(self):
        before = self.names.records["test", "signed.test", "DS"]
        self.names.set("signed.test", "DS", *self.names.records["test", "changed.test", "DS"])
        self.addCleanup(self.names.set, "signed.test", "DS", *before)
        self.assertEqual(self.look_up("signed.test", "TXT")["status"], "bogus")

    def test_what_is_changed_while_it_runs_is_signed_anew(self):
        self.assertEqual(self.look_up("new.signed.test", "A")["outcome"], "nxdomain")
        self.names.set("new.signed.test", "A", "192.0.2.1")
        got = self.look_up("new.signed.test", "A")
        self.assertEqual((got["status"], got["records"]), ("secure", ["192.0.2.1"]))


@postern.need("nsd")
@postern.need("postfix")
@postern.need("opendkim")
@unittest.skipUnless(os.geteuid() == 0, "Postfix needs root")
class Mail(postern.SharedCase):
    """`sender` (127.0.0.1) has all its mail signed by OpenDKIM and hands what is for forward.test to `forwarder`
    (127.0.0.2), which passes on pat's mail as it came. The key of changed.test was revoked, and then put there again by
    somebody who cannot sign the zone."""

    @classmethod
    def make_server(cls):
        key, record = postern.make_dkim_key(postern.own_folder(), "s1")
        names = nsd.Nsd(ZONES)
        for zone in ZONES:
            publish(names, zone, record)
        names.set("s1._domainkey.changed.test", "TXT", "v=DKIM1; k=rsa; p=")
        names.forge("s1._domainkey.changed.test", "TXT", record)
        cls.begin(names)
        server = postern.ConfiguredServer("server", sections={"dns": names.configuration(),
                                                              "authentication": ["verify = true"]})
        signer = cls.begin(peers.OpenDkim.signer("signer", ZONES, "s1", key))
        verifier = cls.begin(peers.OpenDkim.verifier("mx.forward.test", names.unbound_file()))
        cls.forwarder = cls.begin(peers.Postfix(
            "forward.test", server.ports["smtp"], postern.SCRATCH / "forwarder.tls", {
                "smtp_bind_address": "127.0.0.2", **verifier.asked(),
                "virtual_alias_maps": f"inline:{{ {{ pat@forward.test = {server.user} }} }}"}))
        cls.sender = cls.begin(peers.Postfix(
            "signed.test", server.ports["smtp"], postern.SCRATCH / "sender.tls", {
                "smtp_bind_address": "127.0.0.1", **signer.asked(),
                "transport_maps": f"inline:{{ {{ forward.test = smtp:[127.0.0.1]:{cls.forwarder.port} }} }}"}))
        return server.populate().start()

    @classmethod
    def begin(cls, peer):
        cls.addClassCleanup(peer.stop)
        return peer.start()

    def send(self, postfix, author, to, mail):
        with Smtp(("127.0.0.1", postfix.port)) as client:
            client.envelope(author, to)
            code, text = client.data(mail)
        self.assertEqual(code, 250, text)
        return self.outcome(postfix, text)

    def outcome(self, postfix, queued):
        """(status, what the next server said), of what Postfix took with the reply `queued`"""
        line = re.compile(rf" {queued.split()[-1]}: to=.* status=(\w+) \((.*)\)$", re.M)
        return postern.wait_for(lambda: line.search(postfix.log()), limit=30, what=f"Postfix tries\n{line}").groups()

    def send_directly(self, author, subject):
        return self.send(self.sender, author, self.server.user, message(subject, sender=author, to=self.server.user))

    def send_by_forwarder(self, author, subject):
        to = "pat@forward.test"
        status, text = self.send(self.sender, author, to, message(subject, sender=author, to=to))
        self.assertEqual(status, "sent", text)
        return self.outcome(self.forwarder, text)

    def fetch(self, subject, folder="INBOX"):
        with imaplib_client(self.server) as client:
            client.select(folder)
            numbers = client.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
            self.assertEqual(len(numbers), 1, subject)
            return client.fetch(numbers[0], "(BODY.PEEK[])")[1][0][1]

    def verdicts(self, subject, host="mx.example.test"):
        """What that host found, as its Authentication-Results say."""
        fields = email.message_from_bytes(self.fetch(subject)).get_all("Authentication-Results")
        found = [text for field in fields if (text := re.sub(r"\s+", " ", field)).startswith(f"{host};")]
        self.assertEqual(len(found), 1, fields)
        return found[0]

    def says(self, verdicts, *words):
        for word in words:
            self.assertIn(word, verdicts)

    def test_mail_of_an_honest_sender_passes(self):
        for zone, key in (("signed.test", "2048 bits, DNSSEC"), ("plain.test", "2048 bits")):
            with self.subTest(zone):
                status, text = self.send_directly(f"ann@{zone}", f"honest, {zone}")
                self.assertEqual(status, "sent", text)
                self.says(self.verdicts(f"honest, {zone}"), f"dmarc=pass (p=reject) header.from={zone};",
                          f"spf=pass ({zone}: ip4:127.0.0.1)", f"dkim=pass ({key})",
                          f"header.d={zone} header.i=@{zone} header.s=s1")

    def test_forwarded_mail_passes_by_its_signature(self):
        for zone, key in (("signed.test", "secure"), ("plain.test", "unprotected")):
            with self.subTest(zone):
                status, text = self.send_by_forwarder(f"ann@{zone}", f"forwarded, {zone}")
                self.assertEqual(status, "sent", text)
                self.says(self.verdicts(f"forwarded, {zone}"),
                          f"dmarc=pass (p=reject) header.from={zone};", f"spf=fail ({zone}: -all)", "dkim=pass")
                # The reference agrees.
                self.says(self.verdicts(f"forwarded, {zone}", "mx.forward.test"),
                          f"dkim=pass (2048-bit key; {key}) header.d={zone}")

    def test_a_signature_whose_key_is_forged_does_not_pass(self):
        status, text = self.send_directly("ann@changed.test", "with a forged key")
        self.assertEqual(status, "sent", text)
        verdicts = self.verdicts("with a forged key")
        self.assertNotIn("dkim=pass", verdicts)
        # Its SPF record is not forged.
        self.says(verdicts, "dkim=temperror", "spf=pass (changed.test: ip4:127.0.0.1)",
                  "dmarc=pass (p=reject) header.from=changed.test;")

    def test_with_a_forged_key_alone_mail_waits(self):
        status, text = self.send_by_forwarder("ann@changed.test", "with nothing but a forged key")
        self.assertEqual(status, "deferred", text)
        self.assertRegex(text, r"said: 451 4\.7\.0 .*changed\.test")

    def test_mail_of_a_zone_that_expired_waits(self):
        status, text = self.send_directly("ann@expired.test", "from a zone that expired")
        self.assertEqual(status, "deferred", text)
        self.assertRegex(text, r"said: 451 4\.7\.0 .*expired\.test")

    def test_a_spoof_is_refused(self):
        for zone in ("signed.test", "plain.test"):
            with self.subTest(zone):
                author = f"boss@{zone}"
                status, text = self.send(self.forwarder, author, self.server.user,
                                         message("spoof", sender=author, to=self.server.user))
                self.assertEqual(status, "bounced", text)
                self.assertRegex(text, rf"said: 550 5\.7\.26 .*{re.escape(zone)}.*SPF fails.*no DKIM signature")
                traced = self.server.command("trace", self.server.user).stdout
                self.says(traced, f"dmarc=fail {zone}", f"spf=fail {zone}")

    def test_what_was_changed_behind_the_signature_is_refused_and_junk_where_good_mail_came_from(self):
        author = "ann@shop.test"
        # Signed on its way into a mailbox of the sender's own.
        self.send(self.sender, author, "pat@signed.test", message("the bill", sender=author, to=self.server.user))
        original = self.sender.mailbox("pat")[0].replace(b"\n", b"\r\n")
        original = original[original.index(b"DKIM-Signature:"):]
        changed = original.replace(b"Subject: the bill", b"Subject: the dearer bill")
        for mail, outcome in ((changed, r"bounced .*said: 550 5\.7\.26"), (original, "sent 250"),
                              (changed, "sent 250")):
            self.assertRegex(" ".join(self.send(self.forwarder, author, self.server.user, mail)), outcome)
        self.says(self.verdicts("the bill"), "dmarc=pass", "dkim=pass")
        self.says(self.fetch("the dearer bill", "Junk").decode(), "Postern-Reason: junk;", "dmarc=fail", "dkim=fail")
