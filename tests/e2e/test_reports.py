"""Two Posterns that tell each other of mail and TLS: counted, sent as mail, read by a parser of another kind, shown."""
import email
import gzip
import json
import smtplib
import xml.etree.ElementTree as xml

from lib import dns, https, postern
from lib.clients import deliver, imaplib_client, message, submission


def attachment(mail, kind):
    """The decoded attachment of that type."""
    parts = [part for part in email.message_from_bytes(mail).walk() if part.get_content_type() == kind]
    assert len(parts) == 1, mail.decode()
    return gzip.decompress(parts[0].get_payload(decode=True))


class Reports(postern.Case):
    def setUp(self):
        port = postern.free_port()
        here = "v=spf1 ip4:127.0.0.1 -all"
        self.zone = {"evil.test": [("TXT", here), ("MX", "10 mx.evil.test")]}
        for domain in ("a.test", "b.test"):
            self.zone |= {
                domain: [("TXT", here), ("MX", f"10 mx.{domain}")],
                f"mx.{domain}": [("A", "127.0.0.1"), ("TXT", here)],
                f"_dmarc.{domain}": [("TXT", f"v=DMARC1; p=reject; rua=mailto:dmarc-reports@{domain}")],
                f"_smtp._tls.{domain}": [("TXT", f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}")]}
        name_server = dns.Server(port, self.zone)
        self.addCleanup(name_server.stop)
        self.a, self.b = (self.server(letter, port) for letter in "ab")
        for one, other in ((self.a, self.b), (self.b, self.a)):
            one.sections["delivery"] += [f"port = {other.ports['smtp']}"]
            one.write_config()
            one.populate()
            for name in ("dmarc-reports", "tls-reports"):
                one.command("alias", "add", f"{name}@{one.domain}", one.user)
            self.zone |= {key["name"]: [("TXT", key["txt"])] for key in one.json("dkim", "list", one.domain)}
            self.addCleanup(self.conclude, one)
            one.start()
            one.command("dkim", "activate", one.domain)

    def server(self, letter, dns_port):
        return postern.ConfiguredServer(
            f"{self.id().rpartition('.')[2]}_{letter}", hostname=f"mx.{letter}.test", domain=f"{letter}.test",
            sections={"dns": ["root_trust_anchor = false", f'stubs = ["test 127.0.0.1@{dns_port}"]',
                              f'forwarders = ["127.0.0.1@{dns_port}"]'],
                      "authentication": ["verify = true"],
                      "delivery": ["allow_private_destinations = true"]})

    def submit(self, subject):
        with submission(self.a) as client:
            client.sendmail(self.a.user, [self.b.user], message(subject, sender=self.a.user, to=self.b.user))
        postern.wait_for(lambda: self.mail_of(self.b, subject), what=f"{subject} at the other server")

    def mail_of(self, server, subject):
        """The newest message whose subject holds these words; None without one."""
        with imaplib_client(server) as client:
            client.select("INBOX")
            _, found = client.search(None, "SUBJECT", f'"{subject}"')
            if not found[0]:
                return None
            return client.fetch(found[0].split()[-1], "(BODY.PEEK[])")[1][0][1]

    def spoof(self):
        with smtplib.SMTP(self.b.ip, self.b.ports["smtp"], timeout=60) as client:
            with self.assertRaises(smtplib.SMTPDataError) as caught:
                client.sendmail("x@evil.test", [self.b.user], message("spoof", sender=self.a.user, to=self.b.user))
        self.assertEqual(caught.exception.smtp_code, 550)

    def test_a_domain_learns_who_sends_in_its_name(self):
        self.spoof()  # first: later its way would be one by which good mail came
        self.submit("one")
        self.submit("two")
        told = self.told_of_dmarc(self.b)
        self.assertEqual([(one["domain"], one["rows"], one["to"]) for one in told],
                         [("a.test", 2, ["dmarc-reports@a.test"])])
        # As mail, by a parser that is not ours.
        mail = postern.wait_for(lambda: self.mail_of(self.a, "Report Domain: a.test"), what="the report")
        report = xml.fromstring(attachment(mail, "application/gzip"))
        space = {"r": report.tag.partition("}")[0].lstrip("{")} if "}" in report.tag else {}
        text = lambda node, path: node.findtext("/".join(f"r:{step}" for step in path.split("/")) if space else path,
                                                namespaces=space)
        rows = report.findall("r:record" if space else "record", space)
        self.assertEqual(text(report, "policy_published/domain"), "a.test")
        self.assertEqual(text(report, "policy_published/p"), "reject")
        seen = sorted((int(text(row, "row/count")), text(row, "row/policy_evaluated/spf"),
                       text(row, "row/policy_evaluated/disposition")) for row in rows)
        self.assertEqual(seen, [(1, "fail", "reject"), (2, "pass", "pass")])
        self.assertEqual({text(row, "row/source_ip") for row in rows}, {"127.0.0.1"})
        # As A understood it.
        shown = self.a.json("report", "dmarc", "--domain", "a.test", "--since", "2d")
        self.assertEqual(shown["count"], 1)
        source, = shown["sources"]
        self.assertEqual((source["ip"], source["messages"], source["spf"], source["rejected"]), ("127.0.0.1", 3, 2, 1))
        self.assertEqual(source["reporters"], ["mx.b.test"])
        self.assertIn("127.0.0.1", self.a.command("report", "dmarc").stdout)
        self.assertIn("report=aggregate for a.test by mx.b.test, 2 rows",
                      self.a.command("trace", "dmarc-reports@a.test").stdout)
        # Nothing is told twice, and nothing about the report.
        self.assertEqual(self.told_of_dmarc(self.b), [])
        self.assertEqual(self.told_of_dmarc(self.a), [])
        self.b.stop()
        self.b.start()
        self.assertEqual(self.told_of_dmarc(self.b), [])

    def told_of_dmarc(self, server):
        return [one for one in server.json("report", "send") if one["topic"] == "dmarc"]

    def test_a_domain_learns_with_whom_tls_works(self):
        self.submit("over TLS")
        told, = self.a.json("report", "send", "--domain", "b.test")
        self.assertEqual((told["topic"], told["to"]), ("tls", ["tls-reports@b.test"]))
        mail = postern.wait_for(lambda: self.mail_of(self.b, "Report Domain: b.test"), what="the report")
        self.assertEqual(email.message_from_bytes(mail)["TLS-Report-Submitter"], "mx.a.test")
        report = json.loads(attachment(mail, "application/tlsrpt+gzip"))
        policy, = report["policies"]
        self.assertEqual(policy["policy"]["policy-type"], "no-policy-found")
        self.assertEqual(policy["summary"], {"total-successful-session-count": 1, "total-failure-session-count": 0})
        # Its signature is what it is believed for (RFC 8460, section 3).
        shown = postern.wait_for(lambda: (found := self.b.json("report", "tls", "--domain", "b.test"))["count"] and found,
                                 what="the report is kept")
        self.assertEqual([(one["reporter"], one["proof"]) for one in shown["reports"]], [("mx.a.test", "dkim")])
        self.assertEqual([(one["domain"], one["successful"], one["failed"]) for one in shown["policies"]],
                         [("b.test", 1, 0)])
        self.assertIn("no-policy-found", self.b.command("report", "tls").stdout)

    def test_tls_reports_are_uploaded_where_that_is_wanted(self):
        port = postern.free_port()
        ca, chain, key = postern.make_certificate(postern.own_folder() / "upload", names=["rua.b.test"])
        receiver = https.Server(port, chain, key, {"/tls": (503, {}, b"later")})
        self.addCleanup(receiver.stop)
        self.zone["rua.b.test"] = [("A", "127.0.0.1")]
        self.zone["_smtp._tls.b.test"] = [("TXT", "v=TLSRPTv1; rua=https://rua.b.test/tls,https://rua.b.test:1/odd,"
                                                  "https://user@rua.b.test/tls,mailto:tls-reports@b.test")]
        self.a.sections["delivery"] += [f'trust_files = ["{ca}"]', f"https_port = {port}"]
        self.a.write_config()
        self.a.stop()
        self.a.start()
        self.submit("over TLS")
        told, = self.a.json("report", "send", "--domain", "b.test")
        self.assertEqual(told["to"], ["https://rua.b.test/tls", "https://rua.b.test:1/odd", "tls-reports@b.test"])
        (method, path, headers, body), = postern.wait_for(lambda: receiver.requests, what="the upload")
        self.assertEqual((method, path, headers["Content-Type"]), ("POST", "/tls", "application/tlsrpt+gzip"))
        report = json.loads(gzip.decompress(body))
        self.assertEqual(report["policies"][0]["summary"]["total-successful-session-count"], 1)
        # What is refused for now is said and tried again; what is of no use is not.
        postern.wait_for(lambda: "status 503" in self.a.log(), what="the refusal")
        refused = [line for line in self.a.log().splitlines() if "report not sent" in line]
        self.assertTrue(any("status 503" in line and "again=true" in line for line in refused), refused)
        postern.wait_for(lambda: "usual port" in self.a.log(), what="the other refusal")
        self.assertIn("again=false", next(line for line in self.a.log().splitlines() if "usual port" in line))

    def test_strangers_are_not_believed(self):
        forged = ("Content-Type: application/gzip; name=\"x.test!b.test!1!2.xml.gz\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n")
        deliver(self.b, message("Report Domain: b.test", sender="x@nobody.test", body="AAAA\r\n", extra=forged),
                "dmarc-reports@b.test", sender="x@nobody.test")
        self.assertEqual(self.b.json("report", "dmarc")["count"], 0)
        self.assertIn("report=ignored: not authenticated", self.b.command("trace", "dmarc-reports@b.test").stdout)
