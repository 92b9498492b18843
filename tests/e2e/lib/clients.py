"""Small clients that say exactly what they are told, well-formed or not."""
import base64
import hashlib
import hmac
import imaplib
import re
import secrets
import smtplib
import socket
import time

TIMEOUT = 30


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def message(subject, body="Hello.\r\n", sender="someone@outside.test", to="user@localhost", extra=""):
    return (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {time.strftime('%a, %d %b %Y %T +0000', time.gmtime())}\r\n"
            f"Message-ID: <{secrets.token_hex(8)}@client.test>\r\n{extra}\r\n{body}").encode()


class Wire:
    """A socket with lines."""

    def __init__(self, address, tls=None, timeout=TIMEOUT, name="localhost"):
        self.sock = socket.create_connection(address, timeout)
        self.name, self.pending = name, b""
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname=name)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.pending += data

    def read_line(self):
        while b"\n" not in self.pending:
            self.more()
        line, _, self.pending = self.pending.partition(b"\n")
        return line + b"\n"

    def read_octets(self, count):
        while len(self.pending) < count:
            self.more()
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def read_to_end(self):
        """What the server says until it closes; a reset is an end too."""
        try:
            while True:
                self.more()
        except (EOFError, ConnectionError):
            data, self.pending = self.pending, b""
            return data

    def wrap(self, tls):
        assert not self.pending, f"said before the handshake: {self.pending!r}"
        self.sock = tls.wrap_socket(self.sock, server_hostname=self.name)


class Smtp(Wire):
    def __init__(self, address, hello="client.test", **options):
        super().__init__(address, **options)
        self.greeting = self.reply()
        if hello and self.greeting[0] == 220:
            self.features = self.command(f"EHLO {hello}")[1]

    def reply(self):
        """(code, text of all lines)"""
        texts = []
        while True:
            line = self.read_line()
            assert line.endswith(b"\r\n") and re.match(rb"\d{3}[ -]", line), f"not a reply: {line!r}"
            texts.append(line[4:-2].decode(errors="replace"))
            if line[3:4] == b" ":
                return int(line[:3]), "\n".join(texts)

    def command(self, line):
        self.send(line + "\r\n" if isinstance(line, str) else line + b"\r\n")
        return self.reply()

    def expect(self, line, code):
        got = self.command(line)
        assert got[0] == code, f"{line!r}: expected {code}, got {got}"
        return got[1]

    def starttls(self, tls, hello="client.test"):
        self.expect("STARTTLS", 220)
        self.wrap(tls)
        self.features = self.expect(f"EHLO {hello}", 250)

    def login(self, user, password):
        return self.expect("AUTH PLAIN " + b64(f"\0{user}\0{password}"), 235)

    def envelope(self, sender, *recipients):
        self.expect(f"MAIL FROM:<{sender}>", 250)
        for recipient in recipients:
            self.expect(f"RCPT TO:<{recipient}>", 250)

    def data(self, octets):
        """DATA with dots stuffed; the reply at the end."""
        self.expect("DATA", 354)
        stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", octets)
        self.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()


class ImapError(Exception):
    pass


class Response:
    def __init__(self, status, text, untagged):
        self.status, self.text, self.untagged = status, text, untagged

    def lines(self, pattern):
        """The matches in untagged responses (bytes)."""
        return [found for line in self.untagged if (found := re.search(pattern, line, re.S | re.I))]

    def __repr__(self):
        return f"{self.status} {self.text} {self.untagged!r}"


class Imap(Wire):
    """Tags, literals, untagged data; nothing else."""

    def __init__(self, address, **options):
        super().__init__(address, **options)
        self.greeting = self.read_response()
        self.tags = 0

    def read_response(self):
        """One response line with its literals in place."""
        line = self.read_line()
        while found := re.search(rb"\{(\d+)\}\r\n$", line):
            line += self.read_octets(int(found.group(1)))
            line += self.read_line()
        return line[:-2]

    def until(self, tag):
        untagged = []
        while True:
            line = self.read_response()
            if line.startswith(tag.encode() + b" "):
                status, _, text = line[len(tag) + 1:].partition(b" ")
                return Response(status.decode(), text.decode(errors="replace"), untagged)
            untagged.append(line)

    def tag(self):
        self.tags += 1
        return f"a{self.tags}"

    def command(self, *parts):
        """Parts are text; a part of bytes is sent as a literal, waiting for the continuation."""
        tag = self.tag()
        self.send(tag + " ")
        for part in parts:
            if isinstance(part, bytes):
                self.send(f"{{{len(part)}}}\r\n")
                line = self.read_response()
                if not line.startswith(b"+"):
                    assert line.startswith(tag.encode()), f"no continuation: {line!r}"
                    status, _, text = line[len(tag) + 1:].partition(b" ")
                    return Response(status.decode(), text.decode(errors="replace"), [])
            self.send(part)
        self.send("\r\n")
        return self.until(tag)

    def ok(self, *parts):
        got = self.command(*parts)
        if got.status != "OK":
            raise ImapError(f"{parts!r}: {got!r}")
        return got

    def login(self, user, password):
        return self.ok(f'LOGIN "{user}" "{password}"')


def imap(server, user=None, password=None):
    """A raw IMAP connection that is logged in."""
    client = Imap(server.address("imaps"), tls=server.trust())
    client.login(user or server.user, password or server.password)
    return client


def imaplib_client(server, user=None, password=None):
    client = imaplib.IMAP4_SSL(server.ip, server.ports["imaps"], ssl_context=server.trust(), timeout=TIMEOUT)
    client.login(user or server.user, password or server.password)
    return client


def submission(server, user=None, password=None):
    client = smtplib.SMTP_SSL(server.ip, server.ports["submissions"], timeout=TIMEOUT, context=server.trust())
    client.login(user or server.user, password or server.password)
    return client


def deliver(server, data, *recipients, sender="someone@outside.test"):
    """Over port 25; the reply's text (with the message's id)."""
    with Smtp(server.address("smtp")) as client:
        client.envelope(sender, *recipients)
        code, text = client.data(data)
        assert code == 250, f"{code} {text}"
        return text


def serial_of(server, port="imaps"):
    """The serial number of the certificate that is shown."""
    with socket.create_connection(server.address(port), 10) as raw:
        with server.trust().wrap_socket(raw, server_hostname="localhost") as secure:
            return int(secure.getpeercert()["serialNumber"], 16)


class Scram:
    """RFC 5802 and 7677, client's side."""

    def __init__(self, user, password, binding=None):
        self.user, self.password = user.replace("=", "=3D").replace(",", "=2C"), password
        self.nonce = secrets.token_urlsafe(18)
        self.header = "n,," if binding is None else "p=tls-exporter,,"
        self.binding = binding or b""

    def first(self):
        self.bare = f"n={self.user},r={self.nonce}"
        return self.header + self.bare

    def final(self, server_first):
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        assert parts["r"].startswith(self.nonce) and len(parts["r"]) > len(self.nonce), server_first
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without = f"c={b64(self.header.encode() + self.binding)},r={parts['r']}"
        signed = f"{self.bare},{server_first},{without}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.expected = b64(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256"))
        return f"{without},p={b64(proof)}"

    def check(self, server_final):
        assert server_final == f"v={self.expected}", server_final
