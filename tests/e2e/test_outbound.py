"""What leaves: the queue, a remote that is up, down, rude, or Postfix."""
# time-limit: 240
import email
import os
import re
import time
import unittest

from lib import peers, postern
from lib.clients import Smtp, deliver, imaplib_client, message, submission


def sends_to(port):
    return {"delivery": ["only_loopback = true"], "delivery.routes": [f'"outside.test" = "127.0.0.1:{port}"']}


class Outbound(postern.Case):
    def remote(self, **options):
        remote = peers.Remote(**options)
        self.addCleanup(remote.stop)
        return remote

    def sending(self, remote):
        """A server whose mail for outside.test goes to `remote`."""
        return self.configured(sections=sends_to(remote.port))

    def submit(self, server, subject, *recipients, **options):
        with submission(server) as client:
            client.sendmail(server.user, list(recipients) or ["far@outside.test"],
                            message(subject, sender=server.user, to="far@outside.test", **options))

    def queued(self, server, count, what="queue"):
        return postern.wait_for(lambda: (found := server.json("queue", "list")) is not None and len(found) == count
                                and (found or [True]), what=f"{what}: {count} messages")

    def tried(self, server, attempts=1):
        return postern.wait_for(lambda: [one for one in server.json("queue", "list") if one["attempts"] >= attempts],
                                what=f"{attempts} attempts")

    def inbox(self, server, count):
        """The messages there once there are so many."""
        client = imaplib_client(server)
        self.addCleanup(client.logout)
        postern.wait_for(lambda: client.select("INBOX")[1] == [b"%d" % count], what=f"{count} messages in INBOX")
        return [client.fetch(str(i + 1), "(BODY.PEEK[])")[1][0][1] for i in range(count)]


class Delivery(Outbound):
    def test_to_smtp_sink(self):
        sink = peers.Sink()
        self.addCleanup(sink.stop)
        server = self.sending(sink.start())
        self.submit(server, "into the sink", "one@outside.test", "two@outside.test")
        got = postern.wait_for(sink.messages, what="the sink's message")[0]
        self.assertIn(b"Subject: into the sink", got)
        self.queued(server, 0)
        stories = server.json("trace", "one@outside.test")
        self.assertEqual(len(stories), 1)
        kinds = [event["kind"] for event in stories[0]["events"]]
        for kind in ("received", "attempt", "sent"):
            self.assertIn(kind, kinds)

    def test_the_message_is_what_was_submitted(self):
        remote = self.remote().start()
        server = self.sending(remote)
        self.submit(server, "unchanged", body=".\r\n..dots\r\nend\r\n")
        got = postern.wait_for(lambda: remote.messages)[0]
        self.assertEqual((got.sender, got.recipients), (server.user, ["far@outside.test"]))
        self.assertTrue(got.data.endswith(b"\r\n\r\n.\r\n..dots\r\nend\r\n"))
        self.assertTrue(got.data.startswith(b"Received: "))
        self.assertNotIn(b"Return-Path", got.data)
        self.assertNotRegex(got.data.split(b"From:")[0], rb"127\.0\.0\.1|client")

    def test_aliases_forward(self):
        remote = self.remote().start()
        server = self.sending(remote)
        server.command("alias", "add", "team@example.test", server.user, "far@outside.test")
        deliver(server, message("for the team"), "team@example.test", sender="s@elsewhere.test")
        got = postern.wait_for(lambda: remote.messages)[0]
        self.assertEqual((got.sender, got.recipients), ("s@elsewhere.test", ["far@outside.test"]))
        self.inbox(server, 1)

    def test_two_hundred(self):
        remote = self.remote().start()
        server = self.sending(remote)
        with submission(server) as client:
            for i in range(200):
                client.sendmail(server.user, ["far@outside.test"], message(f"number {i}", sender=server.user))
        postern.wait_for(lambda: len(remote.messages) >= 200, limit=60, what="all are there")
        subjects = [re.search(rb"Subject: (.*)\r", got.data).group(1) for got in remote.messages]
        self.assertEqual(sorted(subjects), sorted(b"number %d" % i for i in range(200)), "each once")
        self.queued(server, 0)
        self.assertLess(remote.connections, 150, "connections are used again")


class Queue(Outbound):
    def test_waits_while_the_remote_is_down(self):
        remote = self.remote()
        server = self.sending(remote)
        self.submit(server, "patience")
        waiting = self.tried(server)[0]
        self.assertEqual(waiting["recipients"][0]["state"], "waiting")
        shown = server.command("queue", "show", waiting["id"]).stdout
        self.assertIn("far@outside.test", shown)
        server.command("queue", "hold", waiting["id"], "--why", "for the test")
        self.assertIn("for the test", server.command("queue", "show", waiting["id"]).stdout)
        remote.start()
        self.assertTrue(server.json("queue", "list")[0]["held"])
        self.assertEqual(remote.messages, [])
        server.command("queue", "release", waiting["id"])
        server.command("queue", "retry", "--all")
        postern.wait_for(lambda: remote.messages, what="delivery after release")
        self.queued(server, 0)
        kinds = [event["kind"] for event in server.json("trace", waiting["trace"])[0]["events"]]
        for kind in ("deferred", "held", "released", "sent"):
            self.assertIn(kind, kinds)

    def test_held_mail_is_not_retried(self):
        remote = self.remote()
        server = self.sending(remote)
        self.submit(server, "held")
        one = self.tried(server)[0]
        server.command("queue", "hold", "--domain", "outside.test")
        remote.start()
        server.command("queue", "retry", "--all", check=False)
        time.sleep(1)  # for what must not happen
        self.assertEqual(remote.messages, [])
        server.command("queue", "drop", one["id"], "--why", "not wanted")
        self.queued(server, 0)
        self.assertIn("dropped", [event["kind"] for event in server.json("trace", one["trace"])[0]["events"]])
        self.assertEqual(server.command("queue", "drop", one["id"], check=False).returncode, 1)
        self.assertEqual(imaplib_client(server).select("INBOX")[1], [b"0"], "nobody is told")

    def test_survives_a_restart(self):
        remote = self.remote()
        server = self.sending(remote)
        for i in range(5):
            self.submit(server, f"kept {i}")
        self.tried(server)
        server.stop()
        self.assertEqual(len(server.json("queue", "list")), 5, "on the stopped store too")
        dropped = server.json("queue", "list")[0]
        server.command("queue", "drop", dropped["id"])
        server.kill()
        server.start()
        remote.start()
        server.command("queue", "retry", "--all")
        postern.wait_for(lambda: len(remote.messages) == 4, what="delivery after the restart")
        self.queued(server, 0)

    def test_temporary_refusals_wait(self):
        remote = self.remote(answer=lambda verb, _: "451 4.7.1 greylisted, come back" if verb == "RCPT" else None).start()
        server = self.sending(remote)
        self.submit(server, "grey")
        waiting = self.tried(server)[0]
        self.assertIn("greylisted", server.command("queue", "show", waiting["id"]).stdout)
        remote.answer = lambda verb, _: None
        server.command("queue", "retry", waiting["id"])
        postern.wait_for(lambda: remote.messages, what="delivery at last")

    def test_refused_for_good(self):
        remote = self.remote(answer=lambda verb, argument: "550 5.1.1 no such person"
                             if verb == "RCPT" and "gone@" in argument else None).start()
        server = self.sending(remote)
        self.submit(server, "half of it", "gone@outside.test", "there@outside.test")
        report = email.message_from_bytes(self.inbox(server, 1)[0])
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        status = report.get_payload()[1].as_string()
        self.assertRegex(status, r"Final-Recipient: rfc822; ?gone@outside\.test")
        self.assertRegex(status, r"Action: failed")
        self.assertRegex(status, r"Status: 5\.1\.1")
        self.assertIn("no such person", status)
        self.assertNotIn("there@", status)
        self.assertIn("half of it", report.get_payload()[2].as_string())
        postern.wait_for(lambda: remote.messages)
        self.assertEqual(remote.messages[0].recipients, ["there@outside.test"])
        self.queued(server, 0)

    def test_refused_after_the_data(self):
        remote = self.remote(answer=lambda verb, _: "554 5.7.1 not this" if verb == "." else None).start()
        server = self.sending(remote)
        self.submit(server, "unwanted")
        self.assertIn(b"not this", self.inbox(server, 1)[0])
        self.queued(server, 0)

    def test_reports_are_never_reported(self):
        remote = self.remote(answer=lambda verb, _: "550 5.1.1 no" if verb == "RCPT" else None).start()
        server = self.sending(remote)
        server.command("alias", "add", "list@example.test", "gone@outside.test")
        deliver(server, message("a report"), "list@example.test", sender="")
        postern.wait_for(lambda: any(one["held"] for one in server.json("queue", "list")) or remote.connections
                         and not server.json("queue", "list"), what="held for postmaster")
        self.assertEqual(remote.messages, [])
        self.assertEqual(imaplib_client(server).select("INBOX")[1], [b"0"])

    def test_no_way_to_the_outside(self):
        server = self.configured(sections={"delivery": ["only_loopback = true"]})
        with submission(server) as client:
            client.sendmail(server.user, ["x@[198.51.100.7]"], message("nowhere", sender=server.user))
        self.assertIn(b"198.51.100.7", self.inbox(server, 1)[0], "fails at once, and says so")


class Tls(Outbound):
    def test_starttls_where_it_is_offered(self):
        remote = self.remote(tls=peers.server_tls(postern.SCRATCH / "remote.tls")).start()
        server = self.sending(remote)
        self.submit(server, "secret")
        got = postern.wait_for(lambda: remote.messages)[0]
        self.assertTrue(got.tls)
        postern.wait_for(lambda: re.search(r"tls=\S*TLS\S*1\.[23]", server.command("trace", "far@outside.test").stdout),
                         what="TLS in the trace")

    def test_a_failed_handshake_is_retried_in_clear(self):
        remote = self.remote(break_tls=True).start()
        server = self.sending(remote)
        self.submit(server, "after all")
        got = postern.wait_for(lambda: remote.messages, what="delivery in clear")[0]
        self.assertFalse(got.tls)
        self.assertEqual(remote.broken_handshakes, 1)
        self.assertEqual(remote.connections, 2, "on a new connection")
        postern.wait_for(lambda: "clear" in server.command("trace", "far@outside.test").stdout, what="a trace of it")


@postern.need("smtp-source")
class Load(postern.Case):
    def test_five_hundred_by_smtp_source(self):
        server = self.local()
        done = postern.run("smtp-source", "-s", "20", "-m", "500", "-l", "4096", "-f", "load@outside.test", "-t",
                           "user@localhost", f"inet:127.0.0.1:{server.ports['smtp']}", limit=90)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"500"])
        identifiers = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
        self.assertEqual(len({one[1] for one in identifiers if isinstance(one, tuple)}), 500)
        client.logout()


@postern.need("postfix")
@unittest.skipUnless(os.geteuid() == 0, "Postfix needs root")
class WithPostfix(Outbound):
    def test_both_directions(self):
        inbound = postern.free_port()
        far = peers.Postfix("outside.test", inbound, postern.SCRATCH / "postfix.tls")
        self.addCleanup(far.stop)
        server = postern.ConfiguredServer("beside-postfix", sections=sends_to(far.port))
        server.ports["smtp"] = inbound
        server.write_config()
        server.populate()
        self.addCleanup(self.conclude, server)
        server.start()
        far.start()
        for i in range(10):
            self.submit(server, f"to Postfix {i}", "pat@outside.test")
        postern.wait_for(lambda: len(far.mailbox("pat")) == 10, what="Postfix has it all")
        self.assertIn(b"with ESMTPS", far.mailbox("pat")[0])
        # And back, with an unknown recipient, whom Postfix reports to its user.
        with Smtp(("127.0.0.1", far.port)) as client:
            for i in range(10):
                client.envelope("pat@outside.test", server.user)
                code, text = client.data(message(f"from Postfix {i}", sender="pat@outside.test", to=server.user))
                self.assertEqual(code, 250, text)
            client.envelope("pat@outside.test", "nobody@example.test")
            client.data(message("to nobody", sender="pat@outside.test"))
        got = self.inbox(server, 10)
        self.assertIn(b"with ESMTPS", got[0])
        postern.wait_for(lambda: any(b"5.1.1" in one for one in far.mailbox("pat")), what="Postfix's report")
        # A recipient that Postfix refuses is reported to ours.
        self.submit(server, "to nobody there", "nobody@outside.test")
        self.assertIn(b"5.1.1", self.inbox(server, 11)[-1])
        self.queued(server, 0)
