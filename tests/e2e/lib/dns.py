"""A DNS server of the tests' own, on loopback, over UDP and TCP: answers what it is told to, rightly or wrongly."""
import socket
import socketserver
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def name_wire(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    return ".".join(labels).lower(), at + 1


def rdata(kind, value):
    if kind in ("NS", "CNAME", "PTR"):
        return name_wire(value)
    if kind == "MX":
        preference, host = value.split()
        return struct.pack("!H", int(preference)) + name_wire(host)
    if kind == "TXT":
        octets = value.encode("latin-1")
        pieces = [octets[i:i + 255] for i in range(0, len(octets), 255)] or [b""]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    if kind == "SOA":
        return name_wire("ns.test") + name_wire("hostmaster.test") + struct.pack("!5I", 1, 3600, 900, 86400, 60)
    return socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)


def record(owner, kind, value, ttl=60):
    data = rdata(kind, value)
    return name_wire(owner) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(data)) + data


class Question:
    def __init__(self, packet, over_tcp):
        self.packet = packet
        self.id = struct.unpack("!H", packet[:2])[0]
        # As it was sent: the letters' case is part of what a resolver checks.
        self.name, end = read_name(packet, 12)
        self.type = struct.unpack("!H", packet[end:end + 2])[0]
        self.section = packet[12:end + 4]
        self.over_tcp = over_tcp

    def reply(self, answers=(), rcode=0, authority=(), truncated=False, ident=None, section=None):
        flags = 0x8400 | rcode | (0x0200 if truncated else 0)
        head = struct.pack("!6H", self.id if ident is None else ident, flags, 1, len(answers), len(authority), 0)
        return head + (self.section if section is None else section) + b"".join(answers) + b"".join(authority)


class Server:
    """`zone`: {name: [(type, value)]}. `tricks`: {name: function of a Question giving the reply, several, or none}."""

    def __init__(self, port, zone=None, tricks=None, origin="test"):
        self.zone, self.tricks, self.origin = zone or {}, tricks or {}, origin
        self.questions = []
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                for reply in outer.replies(Question(self.request[0], False)):
                    self.request[1].sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                head = self.rfile.read(2)
                if len(head) == 2:
                    packet = self.rfile.read(struct.unpack("!H", head)[0])
                    for reply in outer.replies(Question(packet, True)):
                        self.wfile.write(struct.pack("!H", len(reply)) + reply)

        class TcpServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True

        self.servers = [socketserver.ThreadingUDPServer(("127.0.0.1", port), Udp),
                        TcpServer(("127.0.0.1", port), Tcp)]
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def replies(self, question):
        self.questions.append((question.name, question.type, question.over_tcp))
        trick = self.tricks.get(question.name)
        if trick:
            made = trick(question)
            return made if isinstance(made, list) else [made] if made else []
        if question.name == self.origin and question.type == TYPES["SOA"]:
            return [question.reply([record(self.origin, "SOA", "")])]
        if question.name == self.origin and question.type == TYPES["NS"]:
            return [question.reply([record(self.origin, "NS", "ns." + self.origin)])]
        records = self.zone.get(question.name)
        below = any(name.endswith("." + question.name) for name in list(self.zone) + list(self.tricks))
        if records is None and not below and question.name != self.origin:
            return [question.reply(rcode=3, authority=[record(self.origin, "SOA", "")])]
        found = [record(question.name, kind, value) for kind, value in records or []
                 if TYPES[kind] == question.type or kind == "CNAME"]
        return [question.reply(found, authority=[] if found else [record(self.origin, "SOA", "")])]
