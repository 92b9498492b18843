"""Other mail servers: a small scripted one, Postfix's smtp-sink, a whole private Postfix, and OpenDKIM beside it."""
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading

from lib import postern


class Received:
    def __init__(self, sender, recipients, data, tls):
        self.sender, self.recipients, self.data, self.tls = sender, recipients, data, tls


class Remote:
    """An SMTP server that keeps what it gets. `answer(verb, argument)` may give another reply ("550 5.1.1 no"); it is
    asked for "CONNECT", each command, and "." at the end of the data. `tls`: a context to offer STARTTLS with;
    `break_tls`: offers STARTTLS and answers the handshake with garbage."""

    def __init__(self, answer=None, tls=None, break_tls=False, port=None):
        self.answer, self.tls, self.break_tls = answer or (lambda verb, argument: None), tls, break_tls
        self.port = port or postern.free_port()
        self.messages, self.connections, self.broken_handshakes = [], 0, 0
        self.lock = threading.Lock()
        self.server = None

    def start(self):
        remote = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 60

            def handle(self):
                try:
                    remote.converse(self)
                except (OSError, ValueError):
                    pass  # the peer went: no business of the test's

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 128

        self.server = Listener(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def converse(self, handler):
        with self.lock:
            self.connections += 1
        secure, sender, recipients = False, None, []

        def say(text):
            handler.wfile.write(text.encode() + b"\r\n")
            handler.wfile.flush()

        say(self.answer("CONNECT", "") or "220 remote.test ESMTP")
        while line := handler.rfile.readline(65536):
            verb, _, argument = line.decode(errors="replace").strip().partition(" ")
            verb = verb.upper()
            other = self.answer(verb, argument)
            if other:
                say(other)
            elif verb == "EHLO":
                offer = (self.tls or self.break_tls) and not secure
                say("250-remote.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n" + ("250-STARTTLS\r\n" if offer else "") +
                    "250 ENHANCEDSTATUSCODES")
            elif verb == "STARTTLS":
                say("220 go ahead")
                if self.break_tls:
                    with self.lock:
                        self.broken_handshakes += 1
                    handler.connection.recv(64)
                    handler.connection.sendall(b"this is no handshake\r\n" * 10)
                    return
                handler.connection = self.tls.wrap_socket(handler.connection, server_side=True)
                handler.rfile, handler.wfile = handler.connection.makefile("rb"), handler.connection.makefile("wb")
                secure = True
            elif verb == "MAIL":
                sender, recipients = re.search(r"<(.*?)>", argument).group(1), []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                recipients.append(re.search(r"<(.*?)>", argument).group(1))
                say("250 2.1.5 ok")
            elif verb == "DATA":
                if not recipients:
                    say("554 5.5.1 nobody")
                    continue
                say("354 go on")
                data = self.read_data(handler.rfile)
                other = self.answer(".", data)
                if not other:
                    with self.lock:
                        self.messages.append(Received(sender, recipients, data, secure))
                say(other or "250 2.0.0 taken")
                recipients = []
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    @staticmethod
    def read_data(stream):
        lines = []
        while (line := stream.readline()) != b".\r\n":
            if not line:
                raise ValueError("cut short")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def server_tls(directory, name="remote.test"):
    _, chain, key = postern.make_certificate(directory, names=(name,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def listens(port, ip="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((ip, port)) == 0


class Sink:
    """Postfix's smtp-sink; counts what it takes by the files it writes."""

    def __init__(self, name="sink"):
        self.port = postern.free_port()
        # Where an unprivileged smtp-sink may write.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"postern-{name}-"))
        self.process = None

    def start(self):
        words = ["smtp-sink", "-c", "-d", f"{self.directory}/%M."]
        if os.geteuid() == 0:
            os.chown(self.directory, pwd.getpwnam("nobody").pw_uid, -1)
            words += ["-u", "nobody"]
        self.log = open(postern.SCRATCH / "smtp-sink.log", "ab")
        self.process = subprocess.Popen([*words, f"127.0.0.1:{self.port}", "100"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        postern.wait_for(lambda: listens(self.port), what="smtp-sink listens")
        return self

    def messages(self):
        return [path.read_bytes() for path in self.directory.iterdir()]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


# Debian's master.cf without what only a real host needs; nothing in a chroot.
MASTER = """postlog unix-dgram n - n - 1 postlogd; cleanup unix n - n - 0 cleanup; qmgr unix n - n 300 1 qmgr;
tlsmgr unix - - n 1000? 1 tlsmgr; rewrite unix - - n - - trivial-rewrite; bounce unix - - n - 0 bounce;
defer unix - - n - 0 bounce; trace unix - - n - 0 bounce; verify unix - - n - 1 verify;
flush unix n - n 1000? 0 flush; proxymap unix - - n - - proxymap; smtp unix - - n - - smtp;
relay unix - - n - - smtp; error unix - - n - - error; retry unix - - n - - error; discard unix - - n - - discard;
anvil unix - - n - 1 anvil; scache unix - - n - 1 scache"""


class Postfix:
    """A private instance: takes mail for `domain` into Maildirs, sends everything else to `relay`. `more`: what else
    main.cf says. Needs root."""

    def __init__(self, domain, relay, tls_directory, more=None):
        self.domain, self.relay = domain, relay
        self.port = postern.free_port()
        # Its processes run as user postfix: the way to its files must be open to it.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="postern-postfix-"))
        self.root.chmod(0o755)
        _, chain, key = postern.make_certificate(tls_directory, names=(f"mx.{domain}",))
        self.configuration, self.mail = self.root / "etc", self.root / "mail"
        for directory in (self.configuration, self.root / "spool", self.root / "data", self.mail):
            directory.mkdir()
        owner = pwd.getpwnam("postfix")
        for directory in (self.root / "data", self.mail):
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        self.pid_file = self.root / "spool/pid/master.pid"
        settings = {
            "compatibility_level": "3.6", "queue_directory": self.root / "spool", "data_directory": self.root / "data",
            "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin",
            "shlib_directory": "/usr/lib/postfix", "mail_owner": "postfix", "setgid_group": "postdrop",
            "maillog_file": self.root / "log", "maillog_file_prefixes": self.root,
            "myhostname": f"mx.{domain}", "mydestination": "", "alias_maps": "", "alias_database": "",
            "local_recipient_maps": "", "mynetworks": "127.0.0.0/8", "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "virtual_mailbox_domains": domain, "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": f"inline:{{ {{ pat@{domain} = pat/ }} }}", "virtual_minimum_uid": 1,
            "virtual_uid_maps": f"static:{owner.pw_uid}", "virtual_gid_maps": f"static:{owner.pw_gid}",
            "relayhost": f"[127.0.0.1]:{relay}", "smtp_tls_security_level": "may", "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": chain, "smtpd_tls_key_file": key, "smtp_tls_loglevel": 1, "smtpd_tls_loglevel": 1,
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
            "smtp_host_lookup": "native", "disable_dns_lookups": "yes", "biff": "no", **(more or {})}
        (self.configuration / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        rows = [f"127.0.0.1:{self.port} inet n - n - - smtpd", "virtual unix - n n - - virtual"]
        rows += [row.strip() for row in MASTER.split(";")]
        (self.configuration / "master.cf").write_text("\n".join(rows) + "\n")

    def start(self):
        postern.run("postfix", "-c", self.configuration, "start", check=True)
        postern.wait_for(lambda: listens(self.port), what=f"Postfix listens\n{self.log()}")
        return self

    def log(self):
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def mailbox(self, user):
        return [path.read_bytes() for path in (self.mail / user / "new").glob("*")]

    def stop(self):
        postern.run("postfix", "-c", self.configuration, "stop")
        if self.pid_file.exists():
            pid = self.pid_file.read_text().strip()
            if pid and pathlib.Path(f"/proc/{pid}").exists():
                os.kill(int(pid), signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)


class OpenDkim:
    """A milter for a Postfix: a signer or a verifier."""

    def __init__(self, name, settings):
        self.name, self.settings = name, settings
        self.port = postern.free_port()
        self.folder = postern.own_folder()
        self.process = None

    @classmethod
    def signer(cls, name, domains, selector, key):
        """Signs all mail from the loopback net whose From is in `domains`."""
        return cls(name, {"Mode": "s", "Domain": ",".join(domains), "Selector": selector, "KeyFile": key,
                          "InternalHosts": "127.0.0.0/8", "Canonicalization": "relaxed/simple"})

    @classmethod
    def verifier(cls, name, resolver):
        """Says what it finds in Authentication-Results of `name`. `resolver`: a configuration of libunbound."""
        return cls(name, {"Mode": "v", "AuthservID": name, "AlwaysAddARHeader": "yes", "On-DNSError": "accept",
                          "InternalHosts": "192.0.2.1", "ResolverConfiguration": resolver})

    def start(self):
        # It takes offence at a key below /tmp, whoever may read that.
        settings = {"Socket": f"inet:{self.port}@127.0.0.1", "Background": "no", "RequireSafeKeys": "no",
                    **self.settings}
        configuration = self.folder / "opendkim.conf"
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        log_file = self.folder / "log"
        with log_file.open("ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", configuration],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        postern.wait_for(lambda: listens(self.port) or self.process.poll() is not None, what="OpenDKIM listens")
        if self.process.poll() is not None:
            raise AssertionError(f"OpenDKIM ended\n{log_file.read_text()}")
        return self

    def asked(self):
        """What main.cf says so that this is asked about each message."""
        return {"smtpd_milters": f"inet:127.0.0.1:{self.port}", "milter_default_action": "tempfail"}

    def stop(self):
        if self.process:
            # It keeps nothing, and looks for a SIGTERM every five seconds only.
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
