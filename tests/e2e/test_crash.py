"""kill -9 and power cuts under load: nothing acknowledged is lost, nothing is there twice (see lib/crash.py).

CI does 10 of each; POSTERN_CRASHES=100 POSTERN_TIME_LIMIT=3000 tests/e2e/run.py ... test_crash does a hundred of each.
POSTERN_CRASH_SEED repeats the moments of an earlier run as far as threads allow.
"""
# time-limit: 400
import os
import random
import re
import secrets
import time

from lib import crash, dns, peers, postern

ROUNDS = int(os.environ.get("POSTERN_CRASHES", "10"))
SEED = int(os.environ.get("POSTERN_CRASH_SEED", "0")) or secrets.randbits(32)
TRACK, NO_SYNC = {"POSTERN_TEST_FAULTS": "track"}, {"POSTERN_TEST_FAULTS": "no_sync"}


class Remote(peers.Remote):
    """Knows the tags that arrived, and how often."""

    def tags(self):
        with self.lock:
            for got in self.messages:
                tag = re.search(rb"Subject: (\S+)", got.data).group(1).decode()
                self.counts[tag] = self.counts.get(tag, 0) + 1
            self.messages.clear()
            return set(self.counts)

    counts: dict


class Crashes(postern.Case):
    def setUp(self):
        random.seed(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds")
        self.remote = Remote().start()
        self.remote.counts = {}
        self.addCleanup(self.remote.stop)
        self.ledger = crash.Ledger()

    def make(self, name, environment):
        """One that judges what comes in, signs what goes out and counts both for reports."""
        port = postern.free_port()
        name_server = dns.Server(port, {
            "outside.test": [("TXT", "v=spf1 ip4:127.0.0.1 -all"), ("MX", "10 mx.outside.test")],
            "mx.outside.test": [("A", "127.0.0.1")],
            "_dmarc.outside.test": [("TXT", "v=DMARC1; p=none; rua=mailto:reports@outside.test")],
            "_smtp._tls.outside.test": [("TXT", "v=TLSRPTv1; rua=mailto:reports@outside.test")]})
        self.addCleanup(name_server.stop)
        server = postern.ConfiguredServer(name, sections={
            "dns": ["root_trust_anchor = false", f'stubs = ["test 127.0.0.1@{port}"]',
                    f'forwarders = ["127.0.0.1@{port}"]'],
            "authentication": ["verify = true"],
            "delivery": ["only_loopback = true", "retry_minutes = [1]"],
            "delivery.routes": [f'"outside.test" = "127.0.0.1:{self.remote.port}"']})
        self.addCleanup(self.conclude, server)
        # From the first octet on under the layer that notes what was synced, where there is to be one.
        server.start(environment=environment)
        server.command("domain", "add", server.domain)
        name_server.zone |= {key["name"]: [("TXT", key["txt"])] for key in server.json("dkim", "list", server.domain)}
        server.command("dkim", "activate", server.domain)
        self.accounts = {f"a{i}@{server.domain}": server.add_account(f"a{i}@{server.domain}") for i in range(4)}
        for account, password in self.accounts.items():
            with crash.clients.imap(server, account, password) as client:
                client.ok("CREATE Moved")
        return server

    def crash_once(self, server, environment, after_kill=lambda: None):
        """Load, kill, perhaps more harm; the store must be sound before anything repairs it."""
        load = crash.Load(server, self.accounts, self.ledger).start()
        time.sleep(random.uniform(0.1, 1.5))
        server.kill()
        load.finish()
        after_kill()
        server.verify()
        if random.random() < 0.2:  # and while it is coming up again
            server.start(environment=environment, wait=False)
            time.sleep(random.uniform(0, 0.4))
            server.kill()
            after_kill()
        server.start(environment=environment)

    def rounds(self, server, environment, after_kill=lambda: None):
        began = time.monotonic()
        for number in range(ROUNDS):
            self.crash_once(server, environment, after_kill)
            places = crash.check(server, self.ledger, self.accounts, self.remote)
            if len(places) > crash.FRESH_START_AT:
                crash.expunge_everything(server, self.ledger, self.accounts, places)
        server.command("queue", "retry", "--all", check=False)
        postern.wait_for(lambda: not server.json("queue", "list"), limit=60, every=0.5, what="the queue is empty")
        crash.check(server, self.ledger, self.accounts, self.remote)
        ledger = self.ledger
        print(f"{ROUNDS} crashes in {time.monotonic() - began:.0f} s: {len(ledger.acknowledged) + len(ledger.gone)} "
              f"acknowledged, {len(ledger.submitted)} submitted ({sum(self.remote.counts.values())} arrivals), "
              f"{sum(map(len, ledger.flags.values()))} flags, {len(ledger.pending)} without an answer, "
              f"refused: {dict(ledger.refusals)}")
        self.assertGreater(len(ledger.acknowledged) + len(ledger.gone), 20 * ROUNDS, "there was a load")
        self.assertGreater(len(ledger.submitted), ROUNDS, "there was a load of submissions")

    def test_kills(self):
        server = self.make("killed", {})
        self.rounds(server, {})

    def cut(self, server):
        words = [] if random.random() < 0.5 else ["--torn", random.getrandbits(31)]
        postern.postern("store", "power-cut", "--dir", server.directory, *words, check=True)

    def test_power_cuts(self):
        server = self.make("cut", TRACK)
        self.rounds(server, TRACK, lambda: self.cut(server))

    def test_the_test_notices_a_store_that_does_not_sync(self):
        """The negative control: mail that is acknowledged without a sync is lost, and that is seen."""
        server = self.make("careless", TRACK)
        server.stop()
        server.start(environment=NO_SYNC)
        load = crash.Load(server, self.accounts, self.ledger).start()
        postern.wait_for(lambda: len(self.ledger.acknowledged) > 50, what="some mail")
        server.kill()
        load.finish()
        postern.postern("store", "power-cut", "--dir", server.directory, check=True)
        server.start(environment=TRACK)
        with self.assertRaisesRegex(crash.Lost, "lost|was"):
            crash.check(server, self.ledger, self.accounts, self.remote)
