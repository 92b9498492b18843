"""Removals of accounts that are cut short."""
# time-limit: 240
import re
import signal
import subprocess
import time
import urllib.request

from lib import postern
from lib.clients import imap, message


def fill(server, user, password, count, at_once=1000):
    """Gives an account so many messages."""
    with imap(server, user, password) as client:
        for _ in range(count // at_once):
            words = b"".join(b" {%d+}\r\n%s" % (len(one), one) for one in
                             (message(f"message {i}") for i in range(at_once)))
            client.send(b"x APPEND INBOX" + words + b"\r\n")
            assert client.until("x").status == "OK"


def commits(server):
    with urllib.request.urlopen(f"http://{server.ip}:{server.ports['metrics']}/metrics", timeout=10) as page:
        return float(re.search(r"^postern_store_appends (\S+)$", page.read().decode(), re.M).group(1))


def addresses(server):
    return [account["address"] for account in server.json("account", "list")]


class Removal(postern.Case):
    def test_a_removal_that_is_cut_short_is_finished(self):
        """SIGTERM in the midst of erasing a large account: the server ends in time, and the next one goes on."""
        server = self.configured()
        met = False
        for attempt in range(6):
            victim = f"large{attempt}@{server.domain}"
            fill(server, victim, server.add_account(victim), 6000)
            before = commits(server)
            removing = subprocess.Popen([postern.PROGRAM, "account", "remove", victim, "--yes", *server.where()],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # the mark, the end of its use, and some of its messages
            postern.wait_for(lambda: commits(server) >= before + 3 or removing.poll() is not None, every=0.001,
                             what="a removal under way")
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(20), 0)
            self.assertLess(time.monotonic() - began, 6)
            removing.wait(20)
            met = victim in addresses(server) and 0 < server.verify()["messages"]
            server.start()
            postern.wait_for(lambda: victim not in addresses(server), what="the rest of the removal")
            self.assertEqual(addresses(server), [server.user])
            if met:
                break
        self.assertTrue(met, "no stop met a removal under way")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.verify()["messages"], 0)
