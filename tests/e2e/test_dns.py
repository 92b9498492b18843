"""The resolver against name servers that are dead, slow, lying and looping, by `postern dns lookup`."""
import json
import subprocess
import time

from lib import dns, postern


class Dns(postern.Case):
    def setUp(self):
        self.port = postern.free_port()
        self.config = postern.own_folder() / "postern.toml"
        self.config.write_text(
            'hostname = "mail.test"\n'
            f'[storage]\ndirectory = "{self.config.parent}/store"\n'
            f'[dns]\nroot_trust_anchor = false\nstubs = ["test 127.0.0.1@{self.port}"]\n')

    def serve(self, zone=None, **tricks):
        server = dns.Server(self.port, zone, {name.replace("_", ".") + ".test": trick for name, trick in tricks.items()})
        self.addCleanup(server.stop)
        return server

    def look_up(self, name, kind="A", *options):
        done = subprocess.run([postern.PROGRAM, "dns", "lookup", name, kind, "--config", self.config, "--json", *options],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_answers_with_their_status(self):
        self.serve({"a.test": [("A", "192.0.2.1"), ("MX", "10 mx.test"), ("TXT", "x" * 600)],
                    "nick.test": [("CNAME", "a.test")]})
        self.assertEqual(self.look_up("a.test", "mx")["records"], ["10 mx.test."])
        self.assertEqual(self.look_up("a.test", "txt")["records"], ['"' + "x" * 600 + '"'])
        alias = self.look_up("nick.test")
        self.assertEqual((alias["records"], alias["canonical"], alias["status"]), (["192.0.2.1"], "a.test", "insecure"))
        self.assertEqual(self.look_up("b.test")["outcome"], "nxdomain")
        self.assertEqual(self.look_up("a.test", "tlsa")["outcome"], "no_data")
        words = subprocess.run([postern.PROGRAM, "dns", "lookup", "a.test", "--config", self.config],
                               capture_output=True, text=True, timeout=60).stdout
        self.assertIn("a.test A: found, insecure", words)

    def test_what_is_truncated_is_asked_over_tcp(self):
        answer = [dns.record("big.test", "TXT", "y" * 3000)]
        server = self.serve(big=lambda q: q.reply(answer) if q.over_tcp else q.reply(truncated=True))
        self.assertEqual(len(self.look_up("big.test", "txt")["records"][0]), 3002)
        self.assertIn(("big.test", dns.TYPES["TXT"], True), server.questions)

    def test_loops_end(self):
        self.serve({"one.test": [("CNAME", "two.test")], "two.test": [("CNAME", "one.test")]},
                   down=lambda q: q.reply(authority=[dns.record("down.test", "NS", "ns.down.test")]))
        for name in ("one.test", "x.down.test", "down.test"):
            began = time.monotonic()
            self.assertEqual(self.look_up(name)["outcome"], "servfail", name)
            self.assertLess(time.monotonic() - began, 20)

    def test_who_is_slow_is_heard(self):
        """A server that takes seconds, longer than the first try waits, and one that is slow over TCP alone."""
        def after(seconds, make):
            def reply(question):
                time.sleep(seconds)  # what the server is, not a wait for something to happen
                return make(question)
            return reply
        address = lambda q: q.reply([dns.record(q.name, "A", "192.0.2.7")])
        big = [dns.record("dripping.test", "TXT", "y" * 3000)]
        self.serve(slow=after(3, address),
                   dripping=lambda q: after(2, lambda q: q.reply(big))(q) if q.over_tcp else q.reply(truncated=True))
        began = time.monotonic()
        self.assertEqual(self.look_up("slow.test")["records"], ["192.0.2.7"])
        self.assertEqual(len(self.look_up("dripping.test", "txt")["records"][0]), 3002)
        self.assertLess(time.monotonic() - began, 30)

    def test_lies_are_not_believed(self):
        """Answers to another question, with another id, about a name of somebody else, and noise, before the true one."""
        true = lambda q: q.reply([dns.record(q.name, "A", "192.0.2.7")])
        lie = dns.record("lied.test", "A", "203.0.113.66")
        other = dns.name_wire("victim.test") + b"\0\1\0\1"
        server = self.serve(
            {"victim.test": [("A", "192.0.2.8")]},
            lied=lambda q: [q.reply([lie], ident=q.id ^ 1), q.reply([lie], section=other), b"\0\1\2", b"", true(q)],
            poison=lambda q: q.reply([dns.record("poison.test", "A", "192.0.2.9")],
                                     authority=[dns.record("example.org", "NS", "ns.poison.test"),
                                                dns.record("victim.test", "A", "203.0.113.66")]))
        answer = self.look_up("lied.test")
        self.assertNotIn("203.0.113.66", answer["records"])
        self.assertEqual(self.look_up("poison.test")["records"], ["192.0.2.9"])
        self.assertEqual(self.look_up("victim.test")["records"], ["192.0.2.8"])
        self.assertTrue(server.questions)

    def test_who_fails_or_says_nothing_is_waited_for_a_while(self):
        self.serve(dead=lambda q: None, fails=lambda q: q.reply(rcode=2), refuses=lambda q: q.reply(rcode=5))
        for name, outcomes in (("fails.test", ("servfail",)), ("refuses.test", ("servfail",)),
                               ("dead.test", ("timeout", "servfail"))):
            began = time.monotonic()
            answer = self.look_up(name)
            self.assertIn(answer["outcome"], outcomes, answer)
            self.assertNotEqual(answer["why"], "")
            self.assertLess(time.monotonic() - began, 25)

    def test_no_more_of_a_name_is_told_than_must_be(self):
        server = self.serve({"a.b.c.test": [("A", "192.0.2.1")]})
        self.assertEqual(self.look_up("a.b.c.test")["records"], ["192.0.2.1"])
        self.assertIn("c.test", [name for name, _, _ in server.questions], "RFC 9156")
