"""MTA-STS as `postern check domain` sees it: a policy over HTTPS on loopback, in every state that one is found in."""
import json
import time

from lib import dns, https, postern

PATH = "/.well-known/mta-sts.txt"
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: mx.good.test\r\nmx: *.backup.test\r\nmax_age: {age}\r\n"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
NAMES = ("good.test", "bare.test")


def policy(mode="enforce", age=1209600):
    return POLICY.format(mode=mode, age=age).encode()


class MtaSts(postern.Case):
    def setUp(self):
        self.folder = postern.own_folder()
        self.dns_port, self.https_port = postern.free_port(), postern.free_port()
        zone = {f"mta-sts.{name}": [("A", "127.0.0.1")] for name in NAMES}
        zone |= {"good.test": [("MX", "10 mx.good.test"), ("MX", "20 a.backup.test")],
                 "_mta-sts.good.test": [("TXT", "v=STSv1; id=20260101")]}
        self.dns = dns.Server(self.dns_port, zone)
        self.addCleanup(self.dns.stop)
        self.config = self.folder / "postern.toml"
        self.ca, self.chain, self.key = postern.make_certificate(
            self.folder / "tls", names=[f"mta-sts.{name}" for name in NAMES])
        self.configure()

    def configure(self, *delivery):
        lines = delivery or ("allow_private_destinations = true", f'trust_files = ["{self.ca}"]')
        self.config.write_text(
            'hostname = "mail.test"\n'
            f'[storage]\ndirectory = "{self.folder}/store"\n'
            f'[dns]\nroot_trust_anchor = false\nstubs = ["test 127.0.0.1@{self.dns_port}"]\n'
            f"[delivery]\nhttps_port = {self.https_port}\n" + "\n".join(lines) + "\n")

    def serve(self, page, chain=None, key=None):
        server = https.Server(self.https_port, chain or self.chain, key or self.key, {PATH: page})
        self.addCleanup(server.stop)
        return server

    def check(self, *options, domain="good.test"):
        done = postern.postern("check", "domain", domain, "--config", self.config, "--json", *options, check=True)
        line, = (line for line in json.loads(done.stdout)["records"] if line["record"] == "MTA-STS")
        return line

    def expect(self, verdict, words, *options, **more):
        line = self.check(*options, **more)
        self.assertEqual(line["verdict"], verdict, line)
        self.assertIn(words, line["text"])
        self.assertEqual(bool(line["fix"]), verdict != "good", line)
        return line

    def test_a_policy_is_fetched_and_judged(self):
        server = self.serve((200, TEXT, policy()))
        self.expect("good", "id 20260101, mode enforce")
        (method, path, headers, body), = server.requests
        self.assertEqual((method, path, body), ("GET", PATH, b""))
        self.assertEqual((headers["Host"], headers["Connection"]), ("mta-sts.good.test", "close"))
        server.pages[PATH] = (200, TEXT, policy("testing"))
        self.expect("weak", "mode testing")
        server.pages[PATH] = (200, TEXT, policy("none"))
        self.expect("weak", "mode none")
        server.pages[PATH] = (200, TEXT, policy(age=3600))
        self.expect("weak", "max_age 3600")
        server.pages[PATH] = (200, {"Content-Type": "text/html"}, policy())
        self.expect("weak", "text/plain")
        server.pages[PATH] = (200, TEXT, b"mode: enforce\n")
        self.expect("wrong", "no version")
        server.pages[PATH] = (404, TEXT, policy())
        self.expect("wrong", "status 404")

    def test_a_policy_that_passes_over_a_host_is_wrong(self):
        self.serve((200, TEXT, policy().replace(b"*.backup", b"backup")))
        self.expect("wrong", "does not name a.backup.test")

    def test_a_policy_without_a_record_is_told(self):
        self.expect("missing", "nothing at _mta-sts.bare.test", domain="bare.test")
        self.serve((200, TEXT, policy()))
        self.expect("wrong", "a policy, but no record", domain="bare.test")

    def test_a_certificate_must_be_valid_for_the_host(self):
        stranger = postern.make_certificate(self.folder / "stranger", names=("mta-sts.good.test",))
        server = self.serve((200, TEXT, policy()), *stranger[1:])
        line = self.expect("wrong", "certificate verify failed")
        self.assertIn("a certificate of that name", line["fix"])
        server.stop()
        other = postern.make_certificate(self.folder / "tls2", names=("mta-sts.bad.test",))
        server = self.serve((200, TEXT, policy()), *other[1:])
        self.configure("allow_private_destinations = true", f'trust_files = ["{other[0]}"]')
        self.expect("wrong", "certificate verify failed")
        self.assertEqual(server.requests, [])

    def test_redirects_are_not_followed(self):
        server = self.serve((302, {"Location": f"https://mta-sts.good.test:{self.https_port}/other"}, b""))
        server.pages["/other"] = (200, TEXT, policy())
        self.expect("wrong", "redirected (302)")
        self.assertEqual(len(server.requests), 1)

    def test_who_drips_is_not_waited_for(self):
        def drip(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.end_headers()
            while not server.over.wait(0.5):
                handler.wfile.write(b"x")

        server = self.serve(drip)
        began = time.monotonic()
        self.expect("wrong", "no answer in time")
        self.assertLess(time.monotonic() - began, 40)

    def test_too_much_is_not_read(self):
        server = self.serve((200, TEXT, policy() + b"x: " + b"y" * 70_000))
        self.expect("wrong", "too large")

        def chunks(handler):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while not server.over.is_set():
                handler.wfile.write(b"400\r\n" + b"y" * 1024 + b"\r\n")

        server.pages[PATH] = chunks
        self.expect("wrong", "too large")

    def test_bodies_in_chunks_are_read(self):
        def chunks(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for at in range(0, len(policy()), 10):
                piece = policy()[at:at + 10]
                handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")

        self.serve(chunks)
        self.expect("good", "mode enforce")

    def test_nobody_leads_us_into_our_own_network(self):
        server = self.serve((200, TEXT, policy()))
        self.configure(f'trust_files = ["{self.ca}"]')
        self.expect("wrong", "127.0.0.1, where we must not go")
        self.assertEqual(server.requests, [])

    def test_nobody_there_is_told(self):
        self.expect("wrong", "Connection refused")

    def test_a_file_may_stand_in(self):
        file = self.folder / "policy.txt"
        file.write_bytes(policy("testing"))
        self.expect("weak", "mode testing", "--policy", file)
        names = self.folder / "dns.json"
        names.write_text(json.dumps({"_mta-sts.good.test": [["TXT", "v=STSv1; id=1"]],
                                     "good.test": [["A", "192.0.2.1"]]}))
        self.expect("unknown", "not fetched", "--dns", names)
        # Without MX the domain itself takes the mail.
        self.expect("wrong", "does not name good.test", "--dns", names, "--policy", file)

    def test_records_forge_no_lines(self):
        names = self.folder / "dns.json"
        names.write_text(json.dumps({
            "_mta-sts.good.test": [["TXT", "v=STSv1; id=1; x\nSPF: good: forged"]],
            "_smtp._tls.good.test": [["TXT", "v=TLSRPTv1; rua=x\nSPF: good: forged"]],
            "default._bimi.good.test": [["TXT", "v=BIMI1; l=x\nSPF: good: forged"]]}))
        said = postern.postern("check", "domain", "good.test", "--config", self.config, "--dns", names, check=True).stdout
        self.assertIn("forged", said)
        self.assertEqual([line for line in said.splitlines() if line.startswith("SPF: good")], [])
        file = self.folder / "policy.txt"
        file.write_bytes(b"\x1f\x8b\x08\xff\n")
        names.write_text(json.dumps({"_mta-sts.good.test": [["TXT", "v=STSv1; id=1"]]}))
        self.expect("wrong", "the policy is invalid", "--dns", names, "--policy", file)
