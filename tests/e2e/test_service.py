"""The process: signals, privileges, sockets from systemd, metrics."""
import http.client
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import struct
import tempfile
import time
import unittest

from lib import postern
from lib.clients import Imap, Smtp, Wire, deliver, imap, imaplib_client, message, serial_of, submission


class Signals(postern.Case):
    def test_sigterm_says_goodbye(self):
        server = self.local()
        idle, waiting = imap(server), Imap(server.address("imaps"), tls=server.trust())
        idle.ok("SELECT INBOX")
        idle.send("i IDLE\r\n")
        idle.read_response()
        plain, secure = Smtp(server.address("smtp")), Smtp(server.address("submissions"), tls=server.trust())
        in_data = Smtp(server.address("smtp"))
        in_data.envelope("s@outside.test", "user@localhost")
        in_data.expect("DATA", 354)
        in_data.send("From: s@outside.test\r\n\r\nhalf a mess")
        deliver(server, message("before the end"), "user@localhost")
        while b"EXISTS" not in idle.read_response():
            pass
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for client in (idle, waiting):
            self.assertIn(b"* BYE", client.read_to_end())
        for client in (plain, secure):
            self.assertRegex(client.read_to_end(), rb"^421 ")
        in_data.read_to_end()
        self.assertEqual(server.process.wait(20), 0)
        self.assertLess(time.monotonic() - began, 15)
        server.start()
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(20), 0)

    def test_sighup_reloads_certificates(self):
        server = self.configured()
        first = serial_of(server)
        old = imap(server)
        with Smtp(server.address("smtp")) as client:
            client.starttls(server.trust())
        postern.make_certificate(server.certificates, names=("localhost", server.hostname), serial=4711)
        self.assertEqual(serial_of(server), first, "not before the signal")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: serial_of(server) == 4711, what="the new certificate")
        self.assertEqual(serial_of(server, "submissions"), 4711)
        old.ok("NOOP")  # sessions keep what they began with
        (server.certificates / "cert.pem").write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: "reload refused" in server.log(), what="a refusal in the log")
        self.assertEqual(serial_of(server), 4711)

    def test_sighup_reloads_settings(self):
        server = self.configured(sections={"limits": ["max_message = 300000"]})
        server.sections["limits"] = ["max_message = 400000"]
        server.write_config()
        with Smtp(server.address("smtp")) as old:
            server.process.send_signal(signal.SIGHUP)
            postern.wait_for(lambda: "SIZE 400000" in Smtp(server.address("smtp")).features, what="the new limit")
            self.assertIn("SIZE 300000", old.expect("EHLO again.test", 250))

    def test_no_moment_for_the_default_disposition(self):
        server = postern.ConfiguredServer("moments").populate()
        self.addCleanup(self.conclude, server)
        began = time.monotonic()
        server.start()
        whole = time.monotonic() - began
        server.stop()
        for step in range(10):  # from the first to the last moment of a start, and a little longer
            server.start(wait=False)
            postern.wait_for(lambda: holds_sigterm(server.process.pid), every=0.001, what="held signals")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(whole * step / 8)
            server.process.send_signal(signal.SIGHUP)
            server.process.send_signal(signal.SIGTERM)
            while server.running():
                server.process.send_signal(signal.SIGHUP)
                time.sleep(0.001)
            self.assertEqual(server.process.returncode, 0, f"step {step}")
        self.assertNotIn("refused", server.log())

    def test_a_second_sigterm_hurries(self):
        """One who takes no answers is waited for, for five seconds; unless there is a hurry."""
        server = self.local()
        deliver(server, message("large", "x" * 70 + "\r\n") + (b"y" * 70 + b"\r\n") * 200_000, "user@localhost")
        deaf = imap(server)
        deaf.ok("SELECT INBOX")
        deaf.send("f FETCH 1 (BODY[] BODY[] BODY[])\r\n")
        deaf.read_octets(1000)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        postern.wait_for(lambda: 'msg="shutting down"' in server.log(), what="the first")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)
        self.assertLess(time.monotonic() - began, 4)
        self.assertIn("in a hurry", server.log())

    def test_a_reload_says_what_waits(self):
        server = self.configured(sections={"limits": ["max_message = 300000"]})
        server.sections["limits"] = ["max_message = 400000", "connections_per_ip = 7"]
        server.sections["log"] = ['level = "debug"']
        server.write_config()
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: "some changes wait for a restart" in server.log(), what="what waits")
        self.assertIn("keys=limits.connections_per_ip", server.log())
        server.config.write_text(server.config.read_text() + "\nnonsense = 1\n")
        lines = server.config.read_text().count("\n")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: f"{server.config}:{lines}: unknown key" in server.log(), what="file and line")
        with Smtp(server.address("smtp")) as client:
            self.assertIn("SIZE 400000", client.features)
        server.write_config()

    def test_nobody_out_there_answers(self):
        """A connect and a look-up that would take their time-outs end with the server; their mail stays."""
        deaf = socket.socket()
        self.addCleanup(deaf.close)
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        filling = [socket.socket() for _ in range(4)]
        for one in filling:
            self.addCleanup(one.close)
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(dns.close)
        dns.bind(("127.0.0.1", 0))
        dns.settimeout(30)
        server = self.configured(sections={
            "delivery": ["allow_private_destinations = true"],
            "delivery.routes": [f'"deaf.test" = "127.0.0.1:{deaf.getsockname()[1]}"'],
            "dns": [f'forwarders = ["127.0.0.1@{dns.getsockname()[1]}"]', "root_trust_anchor = false"]})
        for domain in ("deaf.test", "nowhere.example"):
            with submission(server) as client:
                client.sendmail(server.user, [f"them@{domain}"], message("to nobody", sender=server.user))
        self.assertIn(b"nowhere", dns.recv(4096))
        port = f"{deaf.getsockname()[1]:04X}"
        # beside ours that fill the queue, one that waits for its SYN to be answered (state 02)
        waiting = re.compile(rf":[0-9A-F]+ 0100007F:{port} 02 ")
        inode_lines = lambda: [line for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()
                               if waiting.search(line) and inode(line) in sockets_of(server.process.pid)]
        postern.wait_for(inode_lines, what="a connect under way")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(25), 0)
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(len(server.json("queue", "list")), 2)

    def test_many_starts(self):
        server = self.local()
        for i in range(5):
            deliver(server, message(f"start {i}"), "user@localhost")
            self.assertEqual(server.stop(), 0)
            server.start()
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"5"])
        client.logout()


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.M))


def holds_sigterm(pid):
    return int(status_of(pid)["SigBlk"], 16) >> (signal.SIGTERM - 1) & 1


def inode(line):
    return line.split()[9]


def sockets_of(pid):
    found = set()
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(path)))
        except OSError:
            pass
    return found


def child_of(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if len(children) == 1 else 0


class Privileges(postern.Case):
    def test_confined(self):
        server = self.local()
        for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
            status = status_of(f"{server.process.pid}/task/{task.name}")
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], "2", "a filter")
        self.assertRegex(server.log(), r"msg=confined .*no_new_privs=true .*seccomp=true")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_an_unknown_user(self):
        server = postern.ConfiguredServer("nouser", user="no-such-user")
        server.start(wait=False)
        self.assertEqual(server.process.wait(20), 1)
        self.assertIn(f'{server.config}:2: user "no-such-user"', server.log())


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Supervisor(postern.Case):
    def supervised(self, name=None, log=False, **options):
        """A server of user nobody whose certificates, configuration and log only root can reach."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="postern-e2e-"))
        self.addCleanup(shutil.rmtree, root, True)
        root.chmod(0o711)
        server = postern.ConfiguredServer(name or self.id().rpartition(".")[2], user="nobody", **options)
        server.directory = root / "store"
        server.logs = root / "logs"
        server.logs.mkdir(mode=0o700)
        if log:
            server.sections["log"] = [f'file = "{server.logs}/postern.log"']
        server.write_config()
        server.config.chmod(0o600)
        server.certificates.chmod(0o700)
        (server.certificates / "cert.key").chmod(0o600)
        server.populate()
        self.addCleanup(self.conclude, server)
        return server

    def started(self, **options):
        server = self.supervised(**options).start()
        server.child = child_of(server.process.pid)
        self.assertTrue(server.child)
        return server

    def test_root_is_given_up(self):
        server = self.started()
        for task in pathlib.Path(f"/proc/{server.child}/task").iterdir():
            status = status_of(f"{server.child}/task/{task.name}")
            self.assertEqual(set(status["Uid"].split()), {"65534"})
            self.assertEqual(set(status["Gid"].split()), {"65534"})
            self.assertLessEqual(set(status["Groups"].split()), {"65534"})
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
            for capabilities in ("CapPrm", "CapEff", "CapInh"):
                self.assertEqual(int(status[capabilities], 16), 0)
        above = status_of(server.process.pid)
        self.assertEqual((above["NoNewPrivs"], above["Seccomp"], above["Threads"]), ("1", "2", "1"))
        self.assertLessEqual(int(above["CapPrm"], 16), 0b110, "files, and nothing else")
        mappings = pathlib.Path(f"/proc/{server.child}/environ").read_bytes()
        self.assertNotIn(b"NOTIFY_SOCKET", mappings)
        self.assertEqual({path.stat().st_uid for path in server.directory.rglob("*")}, {65534})
        self.assertEqual(server.directory.stat().st_mode & 0o077, 0)
        deliver(server, message("to an unprivileged server"), server.user)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        self.assertEqual(len(server.json("account", "list")), 1, "root may ask the server of another user")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(pathlib.Path(f"/proc/{server.child}").exists())
        server.add_account("later@example.test")  # by root, on the stopped store: still nobody's
        self.assertEqual({path.stat().st_uid for path in server.directory.rglob("*")}, {65534})
        server.start()

    def test_the_server_holds_what_it_needs(self):
        server = self.started(log=False)
        held = [os.readlink(path) for path in pathlib.Path(f"/proc/{server.child}/fd").iterdir()]
        outside = [name for name in held if name.startswith("/") and not name.startswith(str(server.directory))]
        self.assertLessEqual(set(outside), {"/dev/null", str(server.log_file)})
        self.assertFalse([name for name in held if "memfd" in name], "keys are not kept open")

    def test_certificates_only_root_can_read(self):
        server = self.started()
        first = serial_of(server)
        postern.make_certificate(server.certificates, names=("localhost", server.hostname), serial=4711)
        (server.certificates / "cert.key").chmod(0o600)
        self.assertEqual(serial_of(server), first, "not before the signal")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: serial_of(server) == 4711, what="the new certificate")
        good = server.config.read_text()
        server.config.write_text(good + "nonsense = 1\n")
        line = good.count("\n") + 1
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: f"{server.config}:{line}: unknown key" in server.log(), what="file and line")
        server.config.write_text(good)
        (server.certificates / "cert.pem").write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: f"certificate {server.certificates}/cert.pem: no start line" in server.log(),
                         what="the certificate's name")
        (server.certificates / "cert.key").unlink()
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: f"{server.certificates}/cert.key: No such file" in server.log(), what="the key's name")
        self.assertEqual(serial_of(server), 4711)
        postern.make_certificate(server.certificates, names=("localhost", server.hostname), serial=4712)
        for _ in range(20):
            server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: serial_of(server) == 4712, what="the certificate after that")
        self.assertEqual(child_of(server.process.pid), server.child, "the same server all the time")

    def test_the_log_follows_rotation(self):
        server = self.supervised(log=True)
        log, old = server.logs / "postern.log", server.logs / "postern.log.1"
        server.start(wait=False)
        postern.wait_for(lambda: log.exists() and "msg=ready" in log.read_text(), what="ready in the log file")
        log.rename(old)
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: log.exists() and "certificates reloaded" in log.read_text(), what="a new log")
        self.assertNotIn("certificates reloaded", old.read_text())
        log.rename(old)
        server.config.write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: log.exists() and "reload refused" in log.read_text(), what="a new log all the same")
        server.write_config()
        deliver(server, message("logged"), server.user)
        self.assertNotIn("logged in", old.read_text())
        self.assertEqual(server.stop(), 0)
        self.assertIn("msg=stopped", log.read_text())
        self.assertEqual(log.stat().st_uid, 0)

    def test_a_killed_server(self):
        server = self.started()
        deliver(server, message("before"), server.user)
        os.kill(server.child, signal.SIGKILL)
        self.assertNotEqual(server.process.wait(20), 0)
        self.assertRegex(server.log(), r'level=error msg="the server was killed" process=supervisor signal=9')
        server.verify()
        server.start()

    def test_a_killed_supervisor(self):
        server = self.started()
        deliver(server, message("before"), server.user)
        waiting = imap(server)
        server.kill()
        self.assertIn(b"* BYE", waiting.read_to_end())
        postern.wait_for(lambda: not alive(server.child), what="the server's end")
        self.assertIn('msg="the supervisor is gone"', server.log())
        self.assertIn("msg=stopped", server.log())
        self.assertEqual(server.verify()["messages"], 1)
        server.start()

    def test_a_server_that_cannot_start(self):
        server = self.started()
        second = postern.ConfiguredServer("second", user="nobody")
        second.directory = server.directory
        second.write_config()
        second.start(wait=False)
        self.assertEqual(second.process.wait(30), 1)
        self.assertIn('msg="the server ended by itself"', second.log())
        self.assertNotIn("msg=ready", second.log())

    def test_stopping(self):
        server = self.started()
        for stop in (lambda: server.process.send_signal(signal.SIGINT), lambda: os.kill(server.child, signal.SIGTERM),
                     lambda: [os.kill(pid, signal.SIGTERM) for pid in (server.process.pid, server.child)]):
            waiting = imap(server)
            stop()
            self.assertIn(b"* BYE", waiting.read_to_end())
            self.assertEqual(server.process.wait(20), 0)
            self.assertNotIn("hurry", server.log())
            server.start()
            server.child = child_of(server.process.pid)
        slow = Smtp(server.address("smtp"))
        slow.envelope("s@outside.test", server.user)
        slow.expect("DATA", 354)
        for _ in range(2):
            server.process.send_signal(signal.SIGTERM)
            postern.wait_for(lambda: server.log().count('msg="shutting down"') == 4, what="a stop")
        self.assertEqual(server.process.wait(20), 0)

    def test_no_moment_for_the_default_disposition(self):
        server = self.supervised()
        for step in range(8):
            server.start(wait=False)
            postern.wait_for(lambda: holds_sigterm(server.process.pid), every=0.001, what="held signals")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(step / 10)
            server.process.send_signal(signal.SIGTERM)
            while server.running():
                server.process.send_signal(signal.SIGHUP)
                time.sleep(0.001)
            self.assertEqual(server.process.returncode, 0, f"step {step}")
        self.assertNotIn("refused", server.log())

    def test_the_hidden_command_is_nobodys_door(self):
        for third in ("3</dev/null", "3<&-"):
            done = postern.run("/bin/sh", "-c", f'exec {third}; exec "$0" serve-supervised', postern.PROGRAM)
            self.assertEqual(done.returncode, 1)
            self.assertIn("postern serve", done.stderr)


def alive(pid):
    try:
        return status_of(pid)["State"][0] != "Z"
    except OSError:
        return False


class Systemd(postern.Case):
    def activated(self, server):
        """Starts `server` with three of its sockets open already; the socket it is to notify."""
        listening = []
        for kind in ("smtp", "imaps", "submissions"):
            given = socket.socket()
            given.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            given.bind(server.address(kind))
            given.listen(16)  # whoever binds it again gets EADDRINUSE
            listening.append(given)
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        address = "\0postern-e2e-" + secrets.token_hex(8)
        told.bind(address)
        told.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        told.settimeout(30)
        first = 3

        def hand_over():
            copies = [os.dup(given.fileno()) for given in listening]
            high = [os.dup2(copy, 100 + i) for i, copy in enumerate(copies)]
            for i, copy in enumerate(high):
                os.dup2(copy, first + i)

        program, command = postern.PROGRAM, server.arguments()
        server.arguments = lambda: ["-c", 'LISTEN_PID=$$ exec "$0" "$@"', program, *map(str, command)]
        postern.PROGRAM = "/bin/sh"
        try:
            server.start(wait=False, preexec_fn=hand_over, pass_fds=range(first, first + len(listening)),
                         environment={"LISTEN_FDS": str(len(listening)), "NOTIFY_SOCKET": "@" + address[1:]})
        finally:
            postern.PROGRAM = program
        server.wait_ready(0)
        for given in listening:
            given.close()
        return told

    def tell(self, server, told):
        """The next message, which the main process sent."""
        text, ancillary, _, _ = told.recvmsg(4096, 1024)
        sender = [struct.unpack("3i", data)[0] for level, kind, data in ancillary if kind == socket.SCM_CREDENTIALS]
        self.assertEqual(sender, [server.process.pid])
        return text.decode()

    def follow(self, server):
        told = self.activated(server)
        self.assertRegex(self.tell(server, told), r"^READY=1\n")
        deliver(server, message("through a given socket"), server.user)
        client = imaplib_client(server)
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()
        with Smtp(server.address("submission")) as client:  # not given: bound by itself
            self.assertIn("STARTTLS", client.features)
        server.process.send_signal(signal.SIGHUP)
        self.assertRegex(self.tell(server, told), r"^RELOADING=1\nMONOTONIC_USEC=\d+\n")
        self.assertRegex(self.tell(server, told), r"^READY=1\nSTATUS=serving\n")
        good = server.config.read_text()
        server.config.write_text("nonsense\n")
        server.process.send_signal(signal.SIGHUP)
        self.assertRegex(self.tell(server, told), r"^RELOADING=1\n")
        self.assertRegex(self.tell(server, told), r"^READY=1\nSTATUS=reload refused: .*\.toml:1: [^\n]+\n$")
        server.config.write_text(good)
        server.process.send_signal(signal.SIGTERM)
        self.assertRegex(self.tell(server, told), r"^STOPPING=1\n")
        self.assertEqual(server.process.wait(20), 0)

    def test_sockets_are_taken_over_and_all_is_told(self):
        server = postern.ConfiguredServer("activated").populate()
        self.addCleanup(self.conclude, server)
        self.follow(server)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_same_by_a_supervisor(self):
        server = Supervisor.supervised(self, "supervised")
        self.follow(server)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_unit_is_sound(self):
        unit = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "postern.service"
        copy = postern.SCRATCH / "postern.service"
        copy.write_text(unit.read_text().replace("/usr/bin/postern", postern.PROGRAM))
        done = postern.run("systemd-analyze", "verify", "--man=no", copy)
        ours = [line for line in (done.stdout + done.stderr).splitlines() if "postern.service" in line]
        self.assertEqual(ours, [])


class Metrics(postern.Case):
    def get(self, server, path="/metrics", method="GET"):
        connection = http.client.HTTPConnection(*server.address("metrics"), timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read().decode()

    def value(self, server, name):
        found = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", self.get(server)[2], re.M)
        self.assertTrue(found, name)
        return sum(map(float, found))

    def test_metrics(self):
        server = self.configured()
        status, kind, text = self.get(server)
        self.assertEqual(status, 200)
        self.assertTrue(kind.startswith("text/plain"))
        for line in text.splitlines():
            self.assertRegex(line, r'^# (HELP|TYPE) \w+ .+$|^\w+(\{[^}]*\})? [-+0-9.eEInfNa]+$')
        before = self.value(server, "postern_mail_delivered")
        for i in range(3):
            deliver(server, message(f"counted {i}"), server.user)
        self.assertEqual(self.value(server, "postern_mail_delivered"), before + 3)
        self.assertEqual(self.value(server, "postern_store_health"), 0)
        with Wire(server.address("imap")) as client:
            client.read_line()
            self.assertGreaterEqual(self.value(server, "postern_connections"), 1)
        self.assertEqual(self.get(server, "/nonsense")[0], 404)
        self.assertIn(self.get(server, method="POST")[0], (404, 405))
        with Wire(server.address("metrics")) as client:
            client.send(b"\x16\x03\x01garbage\r\n\r\n")
            client.read_to_end()
        with Wire(server.address("metrics")) as client:
            try:
                client.send(b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"y" * 200_000)
            except OSError:
                pass
            client.read_to_end()
        self.assertEqual(self.get(server)[0], 200)
