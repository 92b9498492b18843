"""The program under test: servers of it, its commands, and test cases that end with `store verify`.

A server's ports lie among the 200 that run.py gives each test file. `LocalServer` (`postern localserve`) puts its five
at the usual numbers plus an offset; those beyond the 200 fall where no other file's servers listen, as long as a file
uses few slots (see SLOTS). `ConfiguredServer` (`postern serve`) takes free ports one by one.
"""
import atexit
import contextlib
import itertools
import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ["POSTERN_PROGRAM"]
SCRATCH = pathlib.Path(os.environ["POSTERN_SCRATCH"])
PORT_BASE = int(os.environ["POSTERN_PORT_BASE"])

SLOTS = 6  # 465, 587 and 993 land 65, 187 and 193 behind another file's base: 193 + 6 < 200
OWN_PORTS = itertools.count(PORT_BASE + 30)  # clear of the local servers' 25, 65 and 143
LOG_LINES = 80
START_LIMIT, STOP_LIMIT, COMMAND_LIMIT = 30, 30, 60


def sanitized():
    """Whether the program carries a sanitizer: slower and larger, so limits of memory say nothing."""
    with open(PROGRAM, "rb") as program:
        return b"__asan_init" in (content := program.read()) or b"__tsan_init" in content


def free_port():
    for port in OWN_PORTS:
        if port % 200 in range(60, 75) or port % 200 in range(140, 150):
            continue
        if port >= PORT_BASE + 180:
            break
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("this file's ports are used up")


def wait_for(condition, limit=20, what="the condition", every=0.05):
    """Until `condition` gives something true; that is returned. Fails when `limit` seconds are over."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(every)


def run(*arguments, limit=COMMAND_LIMIT, check=False, **options):
    """Another program to its end; text in, text out."""
    done = subprocess.run([str(word) for word in arguments], capture_output=True, text=True, errors="replace",
                          timeout=limit, **({} if "input" in options else {"stdin": subprocess.DEVNULL}), **options)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, arguments))}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def postern(*arguments, check=False, **options):
    return run(PROGRAM, *arguments, check=check, **options)


def make_certificate(directory, names=("localhost",), ips=("127.0.0.1", "::1"), serial=1):
    """A CA of its own and a certificate signed by it: (ca, chain, key) as paths."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    chain, key, request = directory / "cert.pem", directory / "cert.key", directory / "request.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    if not ca.exists():
        run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", 30, "-subj", "/CN=test CA",
            check=True)
    run("openssl", "req", *curve, "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}", check=True)
    alternatives = ",".join([f"DNS:{name}" for name in names] + [f"IP:{ip}" for ip in ips])
    extensions = directory / "extensions.cnf"
    extensions.write_text(f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth\n")
    run("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-set_serial", serial, "-days", 30,
        "-extfile", extensions, "-out", chain, check=True)
    return ca, chain, key


def make_dkim_key(folder, name):
    """An RSA key for this run: the file, and the record to publish."""
    path = folder / f"{name}.pem"
    run("openssl", "genrsa", "-traditional", "-out", path, 2048, check=True)
    lines = run("openssl", "rsa", "-in", path, "-pubout", check=True).stdout.splitlines()
    return path, "v=DKIM1; k=rsa; p=" + "".join(line for line in lines if not line.startswith("-"))


def trusting(ca):
    return ssl.create_default_context(cafile=str(ca))


def own_folder():
    """One that is ours from the root folder on, as the supervisor wants it, wherever the tree lies."""
    folder = tempfile.mkdtemp(prefix="postern-e2e-tls-")
    atexit.register(shutil.rmtree, folder, True)
    return pathlib.Path(folder)


class Server:
    """One server process on one directory; may be started again after it ended."""

    def __init__(self, name, ip="127.0.0.1"):
        self.name, self.ip = name, ip
        self.directory = SCRATCH / name
        self.log_file = SCRATCH / f"{name}.log"
        self.process = None
        self.ports = {}
        self.password = ""

    # Overridden.
    def arguments(self):
        raise NotImplementedError

    def where(self):
        """The options by which commands find this server's store."""
        raise NotImplementedError

    def trust(self):
        raise NotImplementedError

    def address(self, service):
        return self.ip, self.ports[service]

    def start(self, environment=None, wait=True, limit=START_LIMIT, memory=None, **options):
        if memory:
            options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        began = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, *map(str, self.arguments())], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=dict(os.environ, **(environment or {})),
                                            **options)
        if wait:
            self.wait_ready(began, limit)
        return self

    def wait_ready(self, began, limit=START_LIMIT):
        deadline = time.monotonic() + limit
        while not re.search(r'^ready$|\bmsg="?ready"?(\s|$)', self.log()[began:], re.M):
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {limit} s\n{self.tail()}")
            time.sleep(0.02)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, limit=STOP_LIMIT):
        """SIGTERM; the exit status."""
        if not self.running():
            return self.process.returncode if self.process else 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name}: still there {limit} s after SIGTERM\n{self.tail()}") from None

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()

    def finish(self):
        """How every test ends: an orderly stop and a sound store."""
        try:
            status = self.stop()
            if status != 0:
                raise AssertionError(f"{self.name}: ended with status {status}")
            self.verify()
        except AssertionError:
            print(self.tail())
            raise

    def verify(self):
        done = postern("store", "verify", *self.where(), "--json")
        if done.returncode != 0:
            raise AssertionError(f"{self.name}: store verify: {done.stdout[:4000]}{done.stderr[:4000]}")
        report = json.loads(done.stdout)
        if report["clean"] is not True:
            raise AssertionError(f"{self.name}: store verify: {report['findings'][:20]}")
        return report["counts"]

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def tail(self, lines=LOG_LINES):
        text = self.log().splitlines()
        return f"---- log of {self.name}, last {min(lines, len(text))} of {len(text)} lines\n" + \
            "\n".join(line[:500] for line in text[-lines:]) + "\n----"

    def command(self, *words, check=True, **options):
        return postern(*words, *self.where(), check=check, **options)

    def json(self, *words):
        return json.loads(self.command(*words, "--json").stdout)

    def add_account(self, address, quota=None):
        password = secrets.token_urlsafe(12)
        self.command("account", "add", address, "--password-file", "-", *(("--quota", quota) if quota else ()),
                     input=password + "\n")
        return password

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1))


class LocalServer(Server):
    """`postern localserve`: user@localhost and whatever else is said at localhost."""

    user = "user@localhost"

    def __init__(self, name="local", slot=0, ip="127.0.0.1"):
        super().__init__(name, ip)
        if slot >= SLOTS:
            raise AssertionError(f"slots are 0 to {SLOTS - 1}")
        self.offset = PORT_BASE + slot
        self.ports = {"smtp": self.offset + 25, "submissions": self.offset + 465, "submission": self.offset + 587,
                      "imap": self.offset + 143, "imaps": self.offset + 993}

    def arguments(self):
        words = ["localserve", "--dir", self.directory, "--port-offset", self.offset]
        return words + ([] if self.ip == "127.0.0.1" else ["--ip", self.ip])

    def where(self):
        return "--dir", str(self.directory)

    def trust(self):
        return trusting(self.directory / "local-ca.pem")

    def wait_ready(self, began, limit=START_LIMIT):
        super().wait_ready(began, limit)
        lines = dict(line.split(" ", 1) for line in (self.directory / "credentials.txt").read_text().splitlines())
        self.user, self.password = lines["user"], lines["password"]


class ConfiguredServer(Server):
    """`postern serve` with a domain and an account."""

    def __init__(self, name="server", ip="127.0.0.1", hostname="mx.example.test", domain="example.test", extra="",
                 user=None, sections=None):
        super().__init__(name, ip)
        self.hostname, self.domain = hostname, domain
        self.ports = {kind: free_port() for kind in ("smtp", "submission", "submissions", "imap", "imaps", "metrics")}
        self.config = SCRATCH / f"{name}.toml"
        self.certificates = (own_folder() if user else SCRATCH) / f"{name}.tls"
        make_certificate(self.certificates, names=("localhost", hostname))
        self.sections, self.extra, self.system_user = sections or {}, extra, user
        self.user = f"ann@{domain}"
        self.write_config()

    def write_config(self):
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        lines = [f'hostname = "{self.hostname}"']
        if self.system_user:
            lines.append(f'user = "{self.system_user}"')
        sections = {"storage": [f'directory = "{self.directory}"'],
                    "listeners": [f'{kind} = ["{host}:{port}"]' for kind, port in self.ports.items()],
                    "tls": [f'certificate = "{self.certificates}/cert.pem"', f'key = "{self.certificates}/cert.key"'],
                    "smtp": ["check_sender_domain = false"], "authentication": ["verify = false"]}
        for section, more in self.sections.items():
            if section == "authentication":
                sections[section] = []
            sections.setdefault(section, []).extend(more)
        for section, keys in sections.items():
            lines += [f"[{section}]", *keys]
        self.config.write_text("\n".join(lines) + "\n" + self.extra)

    def arguments(self):
        return ["serve", "--config", self.config]

    def where(self):
        return "--config", str(self.config)

    def trust(self):
        return trusting(self.certificates / "ca.pem")

    def populate(self):
        """The domain and its first account."""
        self.command("domain", "add", self.domain)
        self.password = self.add_account(self.user)
        return self


class Case(unittest.TestCase):
    """A test with servers of its own."""

    def local(self, name=None, slot=0, ip="127.0.0.1", **options):
        server = LocalServer(name or self.id().rpartition(".")[2], slot, ip)
        self.addCleanup(self.conclude, server)
        return server.start(**options)

    def configured(self, name=None, **options):
        """With its domain and account, made before the first start."""
        server = ConfiguredServer(name or self.id().rpartition(".")[2], **options)
        server.populate()
        self.addCleanup(self.conclude, server)
        return server.start()

    def conclude(self, server):
        if not self._outcome.success:
            print(server.tail())
        server.finish()


class SharedCase(unittest.TestCase):
    """Tests that share one server, made by `make_server`."""

    @classmethod
    def make_server(cls):
        return LocalServer(cls.__name__).start()

    @classmethod
    def setUpClass(cls):
        cls.server = cls.make_server()
        cls.addClassCleanup(cls.server.finish)

    def tearDown(self):
        if not self._outcome.success:
            print(self.server.tail())
            sys.stdout.flush()
        self.assertTrue(self.server.running(), "the server died")


def need(program):
    """For @unittest.skipUnless-like use where a program may be missing outside CI; in CI its absence is a failure."""
    if shutil.which(program) or os.environ.get("CI"):
        return lambda test: test
    return unittest.skip(f"{program} is not installed")
