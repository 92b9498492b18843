"""Mail from other servers judged by SPF, DKIM and DMARC: signed by other programs, spoofed, by way of lists."""
import json
import smtplib
import subprocess

from lib import dns, postern
from lib.clients import deliver, imaplib_client, message

PERL_SIGNER = """
use Mail::DKIM::Signer;
my $signer = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256', Method => 'relaxed', Domain => $ARGV[1],
    Selector => $ARGV[2], KeyFile => $ARGV[0]);
binmode STDIN; binmode STDOUT;
local $/; my $mail = <STDIN>;
$signer->PRINT($mail); $signer->CLOSE;
my $field = $signer->signature->as_string; $field =~ s/\\r?\\n/\\r\\n/g;
print $field, "\\r\\n", $mail;
"""


def sign_with_dkimpy(path, mail, domain, selector):
    script = ("import dkim,sys; m=sys.stdin.buffer.read(); sys.stdout.buffer.write(dkim.sign(m, sys.argv[3].encode(), "
              "sys.argv[2].encode(), open(sys.argv[1],'rb').read(), canonicalize=(b'relaxed',b'simple')) + m)")
    return subprocess.run(["/usr/bin/python3", "-c", script, path, domain, selector], input=mail, check=True,
                          capture_output=True).stdout


def sign_with_perl(path, mail, domain, selector):
    return subprocess.run(["/usr/bin/perl", "-e", PERL_SIGNER, path, domain, selector], input=mail, check=True,
                          capture_output=True).stdout


class Authentication(postern.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = postern.own_folder()
        cls.key, cls.record = postern.make_dkim_key(cls.folder, "s1")

    def setUp(self):
        port = postern.free_port()
        self.zone = {
            "sender.test": [("TXT", "v=spf1 ip4:127.0.0.1 -all"), ("MX", "10 mx.sender.test")],
            "mx.sender.test": [("A", "127.0.0.1")],
            "s1._domainkey.sender.test": [("TXT", self.record)],
            "_dmarc.sender.test": [("TXT", "v=DMARC1; p=reject")],
            # Its mail comes from elsewhere.
            "bank.test": [("TXT", "v=spf1 ip4:192.0.2.1 -all"), ("MX", "10 mx.bank.test")],
            "s1._domainkey.bank.test": [("TXT", self.record)],
            "_dmarc.bank.test": [("TXT", "v=DMARC1; p=reject")],
            "list.test": [("TXT", "v=spf1 +all"), ("MX", "10 mx.list.test")]}
        name_server = dns.Server(port, self.zone)
        self.addCleanup(name_server.stop)
        self.server = self.configured(
            # All the rest of the world does not exist, and is not asked.
            sections={"dns": ["root_trust_anchor = false", f'stubs = ["test 127.0.0.1@{port}"]',
                              f'forwarders = ["127.0.0.1@{port}"]'],
                      "authentication": ["verify = true"]})

    def newest(self, folder="INBOX"):
        with imaplib_client(self.server) as client:
            client.select(folder)
            _, found = client.search(None, "ALL")
            _, data = client.fetch(found[0].split()[-1], "(BODY.PEEK[])")
            return data[0][1].decode()

    def refused(self, mail, sender):
        with smtplib.SMTP(self.server.ip, self.server.ports["smtp"], timeout=60) as client:
            with self.assertRaises(smtplib.SMTPDataError) as caught:
                client.sendmail(sender, [self.server.user], mail)
        return caught.exception.smtp_code, caught.exception.smtp_error.decode()

    def test_mail_signed_by_other_programs_passes(self):
        for number, sign in enumerate((sign_with_dkimpy, sign_with_perl)):
            with self.subTest(sign.__name__):
                mail = message(f"signed {number}", sender="ann@sender.test", body="Good day,  \r\n\r\nAnn\r\n\r\n")
                deliver(self.server, sign(self.key, mail, "sender.test", "s1"), self.server.user,
                        sender="ann@sender.test")
                got = self.newest()
                self.assertIn(f"signed {number}", got)
                results = got[got.index("Authentication-Results: mx.example.test;"):].split("Received-SPF")[0]
                for word in ("dmarc=pass", "spf=pass", "dkim=pass", "header.d=sender.test", "header.s=s1"):
                    self.assertIn(word, results)

    def test_a_changed_message_fails_its_signature_and_passes_by_spf(self):
        mail = sign_with_dkimpy(self.key, message("changed", sender="ann@sender.test"), "sender.test", "s1")
        deliver(self.server, mail + b"more\r\n", self.server.user, sender="ann@sender.test")
        got = self.newest()
        self.assertIn("dkim=fail", got)
        self.assertIn("dmarc=pass", got)

    def test_a_spoof_is_refused_and_the_trace_says_why(self):
        code, text = self.refused(message("spoof", sender="boss@bank.test"), "boss@bank.test")
        self.assertEqual(code, 550)
        self.assertIn("5.7.26", text)
        self.assertIn("bank.test", text)
        traced = self.server.command("trace", self.server.user).stdout
        self.assertIn("dmarc=fail bank.test", traced)
        self.assertIn("spf=fail bank.test", traced)

    def test_a_list_that_changes_mail_brings_it_to_junk(self):
        mail = sign_with_dkimpy(self.key, message("by a list", sender="boss@bank.test"), "bank.test", "s1")
        deliver(self.server, b"List-Id: <talk.list.test>\r\n" + mail + b"-- \r\nthe list\r\n", self.server.user,
                sender="bounces@list.test")
        got = self.newest("Junk")
        self.assertIn("by a list", got)
        self.assertIn("Postern-Reason: junk;", got)
        self.assertIn("dmarc=fail", got)

    def test_a_forwarded_message_passes_by_its_signature(self):
        mail = sign_with_dkimpy(self.key, message("forwarded", sender="boss@bank.test"), "bank.test", "s1")
        deliver(self.server, mail, self.server.user, sender="fwd@list.test")
        self.assertIn("dmarc=pass", self.newest())

    def test_forged_verdicts_are_not_shown(self):
        forged = "Authentication-Results: mx.example.test; dmarc=pass header.from=bank.test\r\n"
        deliver(self.server, message("forged", sender="x@list.test", extra=forged), self.server.user,
                sender="x@list.test")
        got = self.newest()
        self.assertIn("forged", got)
        self.assertNotIn("header.from=bank.test", got)
        self.assertIn("header.from=list.test", got)

    def test_dns_that_fails_is_waited_for(self):
        self.zone["_dmarc.bank.test"] = [("CNAME", "_dmarc.bank.test")]
        code, text = self.refused(message("later", sender="boss@bank.test"), "boss@bank.test")
        self.assertEqual(code, 451)
        self.assertIn("4.7", text)

    def test_the_command_says_the_same_of_a_file(self):
        mail = self.folder / "mail.eml"
        mail.write_bytes(sign_with_dkimpy(self.key, message("file", sender="ann@sender.test"), "sender.test", "s1"))
        zone = self.folder / "zone.json"
        zone.write_text(json.dumps({name: [list(record) for record in records] for name, records in self.zone.items()}))
        done = subprocess.run([postern.PROGRAM, "check", "message", mail, "--ip", "127.0.0.1", "--helo", "mx.sender.test",
                               "--mailfrom", "ann@sender.test", "--dns", zone, "--json"], capture_output=True, text=True)
        found = json.loads(done.stdout)
        self.assertEqual(found["spf"]["result"], "pass")
        self.assertEqual([(one["result"], one["domain"], one["selector"]) for one in found["dkim"]],
                         [("pass", "sender.test", "s1")])
        self.assertEqual((found["dmarc"]["result"], found["dmarc"]["policy"], found["dmarc"]["domain"]),
                         ("pass", "reject", "sender.test"))
        self.assertEqual(found["arc"]["result"], "none")

    def test_each_account_has_its_say(self):
        self.server.command("account", "dmarc", self.server.user, "strict")
        bob = "bob@example.test"
        password = self.server.add_account(bob)
        self.server.command("account", "dmarc", bob, "accept")
        spoof = message("from the bank", sender="boss@bank.test")
        self.refused(spoof, "boss@bank.test")
        deliver(self.server, spoof, self.server.user, bob, sender="boss@bank.test")
        with imaplib_client(self.server) as client:
            self.assertEqual(client.select("INBOX")[1], [b"0"])
        self.assertIn("Postern-Reason: reject; ", self.newest("Rejects"))
        with imaplib_client(self.server, bob, password) as client:
            self.assertEqual(client.select("INBOX")[1], [b"1"])
            self.assertIn(b"the recipient accepts such mail", client.fetch("1", "(BODY.PEEK[])")[1][0][1])
        self.assertTrue(self.server.verify())

    def test_named_forwarders_are_not_held_to_dmarc(self):
        self.server.command("account", "dmarc", self.server.user, "--exception", "127.0.0.0/8")
        deliver(self.server, message("by way of a friend", sender="boss@bank.test"), self.server.user,
                sender="boss@bank.test")
        self.assertIn("known forwarder 127.0.0.0/8", self.newest())
