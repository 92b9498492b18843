"""A loopback internet: NSD with signed, unsigned and broken zones, and what Postern makes of them."""
import json

from lib import nsd, postern

ZONES = {"signed.test": nsd.SIGNED, "plain.test": nsd.PLAIN, "changed.test": nsd.SIGNED, "expired.test": nsd.EXPIRED}
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
        cls.config.write_text("\n".join(['hostname = "mail.test"', "[storage]", f'directory = "{folder}/store"', "[dns]",
                                         *cls.names.configuration()]) + "\n")

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
        for record in ("MX", "SPF", "DKIM"):
            self.assertEqual(found[record][0], "wrong", found[record])
            self.assertRegex(found[record][1], "DNSSEC says forged: .*signature expired")
        self.assertEqual(found["DMARC"][0], "unknown", found["DMARC"])

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
