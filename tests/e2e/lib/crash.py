"""Load from 20 connections, and a ledger of what was promised and shown, held against the store after each crash.

Each attempt carries a tag of its own as its subject. The promises: what was acknowledged is there exactly once; what
was not, at most once; what was ever shown stays; flags acknowledged are set; a UID means one message for ever; UIDNEXT
and HIGHESTMODSEQ only grow; what was expunged stays gone; what was submitted reached the remote or is in the queue.
"""
import collections
import itertools
import random
import re
import threading
import time

from lib import clients

MAILBOXES = ("INBOX", "Moved")
KEYWORDS = [f"k{i}" for i in range(8)]
FRESH_START_AT = 4000  # messages; then what was checked is expunged, which is a promise too


class Lost(AssertionError):
    """An acknowledged transaction is not there."""


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.pending, self.acknowledged, self.shown, self.gone = {}, {}, {}, set()
        self.submitted = {}  # tag: trace id
        self.flags = collections.defaultdict(set)
        self.uids = {}  # (account, mailbox, uid): tag
        self.validity, self.next_uid, self.modseq = {}, collections.Counter(), collections.Counter()
        self.refusals = collections.Counter()

    def begin(self, kind, account=None):
        with self.lock:
            tag = f"{kind}-{next(self.numbers)}-{random.getrandbits(40):x}"
            self.pending[tag] = account
            return tag

    def ack(self, tag):
        with self.lock:
            self.acknowledged[tag] = self.pending.pop(tag)

    def refuse(self, tag, text):
        with self.lock:
            self.refusals[text[:60]] += 1

    def see(self, account, mailbox, uid, tag):
        """That message was shown under that UID."""
        with self.lock:
            before = self.uids.setdefault((account, mailbox, uid), tag)
            self.shown.setdefault(tag, account)
            self.next_uid[account, mailbox] = max(self.next_uid[account, mailbox], uid + 1)
        if before != tag:
            raise AssertionError(f"{account} {mailbox}: uid {uid} was {before} and is {tag}")

    def see_modseq(self, account, mailbox, response):
        values = [int(found.group(1)) for found in response.lines(rb"MODSEQ \(?(\d+)")]
        values += [int(value) for value in re.findall(r"MODSEQ (\d+)", response.text)]
        with self.lock:
            self.modseq[account, mailbox] = max([self.modseq[account, mailbox], *values])


class Load:
    """The 20 connections. Errors that a crash explains end a worker; others are kept for the test."""

    def __init__(self, server, accounts, ledger):
        self.server, self.accounts, self.ledger = server, accounts, ledger
        self.ended, self.errors = threading.Event(), []
        names = list(accounts)
        jobs = [(self.smtp, names[i % len(names)]) for i in range(8)] + [(self.submit, names[i % len(names)]) for i in range(4)]
        jobs += [(self.append, name) for name in names[:4]] + [(self.mark, names[0]), (self.mark, names[1])]
        jobs += [(self.move, names[0]), (self.move, names[2])]
        self.threads = [threading.Thread(target=self.guard, args=job, daemon=True) for job in jobs]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def finish(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)
        if self.errors:
            raise self.errors[0]

    def guard(self, job, account):
        while not self.ended.is_set():
            try:
                job(account)
            except (OSError, EOFError, clients.ImapError):
                time.sleep(0.02)  # killed, or refused while it goes down; what matters is in the ledger
            except Exception as error:
                self.errors.append(error)
                return

    def smtp(self, account):
        with clients.Smtp(self.server.address("smtp")) as client:
            for _ in range(20):
                tag = self.ledger.begin("smtp", account)
                client.envelope("s@outside.test", account)
                size = random.choice((1, 1, 1, 50, 3000))
                code, text = client.data(clients.message(tag, ("x" * 70 + "\r\n") * size))
                self.ledger.ack(tag) if code == 250 else self.ledger.refuse(tag, text)
                if self.ended.is_set():
                    return

    def submit(self, account):
        with clients.Smtp(self.server.address("submissions"), tls=self.server.trust()) as client:
            client.login(account, self.accounts[account])
            while not self.ended.is_set():
                tag = self.ledger.begin("sent")
                client.envelope(account, "far@outside.test")
                code, text = client.data(clients.message(tag, sender=account))
                if code == 250:
                    trace = re.search(r"[0-9a-f]{16}", text).group(0)
                    with self.ledger.lock:
                        self.ledger.submitted[tag] = trace
                        del self.ledger.pending[tag]
                else:
                    self.ledger.refuse(tag, text)

    def append(self, account):
        with clients.imap(self.server, account, self.accounts[account]) as client:
            while not self.ended.is_set():
                tag = self.ledger.begin("append", account)
                got = client.command("APPEND INBOX (\\Seen) ", clients.message(tag, "y" * random.choice((10, 9000)) + "\r\n"))
                if got.status != "OK":
                    self.ledger.refuse(tag, got.text)
                    continue
                self.ledger.ack(tag)
                self.ledger.see(account, "INBOX", int(re.search(r"APPENDUID \d+ (\d+)", got.text).group(1)), tag)

    def select(self, client, account, mailbox="INBOX"):
        got = client.ok(f"SELECT {mailbox} (CONDSTORE)")
        self.ledger.see_modseq(account, mailbox, got)
        return int(got.lines(rb"UIDNEXT (\d+)")[0].group(1))

    def recent(self, client, account):
        """Some of the newest messages: {uid: tag}."""
        client.ok("NOOP")
        newest = client.ok("STATUS Moved (UIDNEXT)") and client.ok("UID FETCH *:* (UID)")
        top = max([int(found.group(1)) for found in newest.lines(rb"UID (\d+)")], default=0)
        got = client.ok(f"UID FETCH {max(1, top - 20)}:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        found = {int(one.group(1)): one.group(2).decode() for one in got.lines(rb"UID (\d+).*Subject: (\S+)")}
        for uid, tag in found.items():
            self.ledger.see(account, "INBOX", uid, tag)
        return found

    def mark(self, account):
        with clients.imap(self.server, account, self.accounts[account]) as client:
            self.select(client, account)
            while not self.ended.is_set():
                for uid, tag in random.sample(sorted(found := self.recent(client, account).items()), min(5, len(found))):
                    keyword = random.choice(KEYWORDS)
                    got = client.ok(f"UID STORE {uid} +FLAGS ({keyword})")
                    self.ledger.see_modseq(account, "INBOX", got)
                    if any(re.search(rb"UID %d\b" % uid, line) and keyword.encode() in line for line in got.untagged):
                        with self.ledger.lock:
                            self.ledger.flags[tag].add(keyword)

    def move(self, account):
        with clients.imap(self.server, account, self.accounts[account]) as client:
            self.select(client, account)
            while not self.ended.is_set():
                for uid, tag in random.sample(sorted(found := self.recent(client, account).items()), min(3, len(found))):
                    got = client.ok(f"UID MOVE {uid} Moved")
                    copied = re.search(rb"COPYUID \d+ (\d+) (\d+)", b"\n".join(got.untagged) + got.text.encode())
                    if copied:
                        self.ledger.see(account, "Moved", int(copied.group(2)), tag)


def check_account(server, ledger, account, password):
    """Where each tag is: {tag: [(mailbox, uid, flags)]}. Checks what concerns mailboxes."""
    places = collections.defaultdict(list)
    with clients.imap(server, account, password) as client:
        for mailbox in MAILBOXES:
            got = client.ok(f"SELECT {mailbox} (CONDSTORE)")
            facts = {name: int(got.lines(name.encode() + rb" (\d+)")[0].group(1))
                     for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")}
            where = (account, mailbox)
            if ledger.validity.setdefault(where, facts["UIDVALIDITY"]) != facts["UIDVALIDITY"]:
                raise AssertionError(f"{where}: UIDVALIDITY changed")
            for name, known in (("UIDNEXT", ledger.next_uid), ("HIGHESTMODSEQ", ledger.modseq)):
                if facts[name] < known[where]:
                    raise Lost(f"{where}: {name} was {known[where]} and is {facts[name]}")
                known[where] = facts[name]
            got = client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            for line in got.untagged:
                uid, flags = re.search(rb"UID (\d+)", line), re.search(rb"FLAGS \(([^)]*)\)", line)
                subject = re.search(rb"Subject: (\S+)", line)
                if uid and flags and subject:
                    tag = subject.group(1).decode()
                    places[tag].append((mailbox, int(uid.group(1)), set(flags.group(1).decode().split())))
    for tag, found in places.items():
        for mailbox, uid, _ in found:
            ledger.see(account, mailbox, uid, tag)
    return places


def check(server, ledger, accounts, remote):
    """Everything that must be true after a restart. Raises Lost, or AssertionError for other breaches."""
    # The queue first: what leaves it meanwhile is at the remote when that is looked at.
    queued = {one["trace"] for one in server.json("queue", "list")}
    places = {}
    for account, password in accounts.items():
        for tag, found in check_account(server, ledger, account, password).items():
            if tag in places:
                raise AssertionError(f"{tag} is in two accounts")
            places[tag] = found
    for tag, found in places.items():
        if len(found) > 1:
            raise AssertionError(f"{tag} is there {len(found)} times: {found}")
        if tag in ledger.gone:
            raise AssertionError(f"{tag} was expunged and is back: {found}")
        if tag not in ledger.acknowledged and tag not in ledger.pending:
            raise AssertionError(f"{tag} was never sent")
        if missing := ledger.flags.get(tag, set()) - found[0][2]:
            raise Lost(f"{tag}: flags {missing} were acknowledged")
    for name, promised in (("acknowledged", ledger.acknowledged), ("shown", ledger.shown)):
        lost = [tag for tag in promised if tag not in places and tag not in ledger.gone]
        if lost:
            raise Lost(f"{name} and lost: {len(lost)} of {len(promised)}, such as {lost[:5]}")
    arrived = remote.tags()
    lost = [tag for tag, trace in ledger.submitted.items() if trace not in queued and tag not in arrived]
    if lost:
        raise Lost(f"submitted and lost: {len(lost)} of {len(ledger.submitted)}, such as {lost[:5]}")
    return places


def expunge_everything(server, ledger, accounts, places):
    """What was checked has served; that it stays gone is the next promise."""
    for account, password in accounts.items():
        with clients.imap(server, account, password) as client:
            for mailbox in MAILBOXES:
                ledger.see_modseq(account, mailbox, client.ok(f"SELECT {mailbox} (CONDSTORE)"))
                client.ok("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
                client.ok("EXPUNGE")
    ledger.gone.update(places)
    for known in (ledger.acknowledged, ledger.shown, ledger.flags):
        for tag in places:
            known.pop(tag, None)
