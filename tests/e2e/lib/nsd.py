"""A loopback internet's DNS: NSD, and zones signed by ldns with keys made for the run."""
import re
import shutil
import signal
import subprocess

from lib import postern
from lib.peers import listens

ROOT, TOP = ".", "test"
SIGNED, EXPIRED, PLAIN = "signed", "signed, long ago", "unsigned"
APEX = "{zone} 0 IN SOA ns.test. hostmaster.test. {serial} 3600 900 86400 0\n{zone} 0 IN NS ns.test.\n"


def text_of(kind, value):
    """A record's data as a zone file has it; a text may be of any length."""
    if kind != "TXT":
        return value
    pieces = [value[i:i + 255] for i in range(0, len(value), 255)] or [""]
    return " ".join('"' + re.sub(r'(["\\])', r"\\\1", piece) + '"' for piece in pieces)


class Nsd:
    """`zones`: {a name right below `test`: SIGNED, EXPIRED or PLAIN}. Above them lie an unsigned root, so that all the
    rest of the world does not exist, and `test`, signed, whose key is the trust anchor; it vouches for the signed zones
    and for there being no key of the others. Nothing may be remembered (TTL 0): what is `set` holds at once."""

    def __init__(self, zones):
        self.zones = {ROOT: PLAIN, TOP: SIGNED, **zones}
        self.port = postern.free_port()
        self.folder = postern.own_folder()
        self.records = {}  # (zone, name, type): data as in a zone file
        self.forged = {}
        self.serials = dict.fromkeys(self.zones, 0)
        self.keys = {zone: self.make_key(zone) for zone, how in self.zones.items() if how != PLAIN}
        self.process = None
        self.set("ns.test", "A", "127.0.0.1")
        self.records[ROOT, TOP, "NS"] = ["ns.test."]
        self.records[ROOT, "ns.test", "A"] = ["127.0.0.1"]
        for zone in zones:
            self.records[TOP, zone, "NS"] = ["ns.test."]
            if zone in self.keys:
                self.set(zone, "DS", self.key_file(zone, "ds").split("\tDS\t")[1].strip())

    def make_key(self, zone):
        return self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone).strip()

    def run(self, *words):
        return postern.run(*words, check=True, cwd=self.folder).stdout

    def key_file(self, zone, kind):
        return (self.folder / f"{self.keys[zone]}.{kind}").read_text()

    def zone_of(self, name, kind):
        name = name.partition(".")[2] if kind == "DS" else name  # the parent's to say
        return max((zone for zone in self.zones if zone == ROOT or f".{name}".endswith(f".{zone}")), key=len)

    def set(self, name, kind, *values):
        """These are the records of that name and type from now on, signed if their zone is; none: they are gone."""
        zone = self.zone_of(name, kind)
        self.records[zone, name, kind] = [text_of(kind, value) for value in values]
        self.publish(zone)

    def forge(self, name, kind, *values):
        """What is served under that name and type, under the signatures of what was `set`."""
        zone = self.zone_of(name, kind)
        self.forged[zone, name, kind] = [text_of(kind, value) for value in values]
        self.publish(zone)

    def publish(self, *zones):
        """Only when it runs; returns when it serves what is new."""
        if not self.process:
            return
        for zone in zones:
            self.write(zone)
        self.process.send_signal(signal.SIGHUP)
        self.wait_served(*zones)

    def write(self, zone):
        self.serials[zone] += 1
        path = self.folder / f"{zone}.zone"
        path.write_text(APEX.format(zone=absolute(zone), serial=self.serials[zone]) + lines_of(self.records, zone))
        if zone not in self.keys:
            return
        period = ("-i", "20200101", "-e", "20200201") if self.zones[zone] == EXPIRED else ()
        self.run("ldns-signzone", *period, "-f", "signed", path.name, self.keys[zone])
        forged = {(absolute(name), kind) for origin, name, kind in self.forged if origin == zone}
        signed = [line for line in (self.folder / "signed").read_text().splitlines(keepends=True)
                  if (line.split("\t")[0], line.split("\t")[3]) not in forged]
        path.write_text("".join(signed) + lines_of(self.forged, zone))

    def start(self):
        for zone in self.zones:
            self.write(zone)
        files = "".join(f'zone:\n name: "{zone}"\n zonefile: "{zone}.zone"\n' for zone in self.zones)
        (self.folder / "nsd.conf").write_text(
            f'server:\n ip-address: 127.0.0.1@{self.port}\n username: ""\n zonesdir: "{self.folder}"\n database: ""\n'
            f' server-count: 1\n pidfile: "{self.folder}/nsd.pid"\n xfrdfile: "{self.folder}/xfrd.state"\n'
            f' zonelistfile: "{self.folder}/zone.list"\n cookie-secret-file: ""\n'
            f"remote-control:\n control-enable: no\n{files}")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", self.folder / "nsd.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        postern.wait_for(lambda: listens(self.port), what=f"NSD listens\n{self.log()}")
        self.wait_served(*self.zones)
        return self

    def wait_served(self, *zones):
        for zone in zones:
            postern.wait_for(lambda: self.served(zone) == self.serials[zone], what=f"{zone} is served\n{self.log()}")

    def served(self, zone):
        """The serial number of what is served, if any."""
        said = postern.run("drill", "-Q", "-p", self.port, "@127.0.0.1", absolute(zone), "SOA").stdout.split()
        return int(said[2]) if len(said) == 7 else None

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def anchor(self):
        return " ".join(self.key_file(TOP, "key").partition(";")[0].split())

    def configuration(self):
        """Postern's [dns]: all questions go here, and trust begins with the key of `test`."""
        stubs = ", ".join(f'"{zone} 127.0.0.1@{self.port}"' for zone in self.zones if zone != ROOT)
        return ["root_trust_anchor = false", f"trust_anchors = ['{self.anchor()}']", f"stubs = [{stubs}]",
                f'forwarders = ["127.0.0.1@{self.port}"]']

    def unbound_file(self):
        """The same for programs that use libunbound."""
        path = self.folder / "unbound.conf"
        stubs = "".join(f'stub-zone:\n name: "{zone}"\n stub-addr: 127.0.0.1@{self.port}\n' for zone in self.zones)
        path.write_text(f'server:\n do-not-query-localhost: no\n local-zone: "test." nodefault\n'
                        f' trust-anchor: "{self.anchor()}"\n{stubs}')
        return path

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def absolute(name):
    return ROOT if name == ROOT else f"{name}."


def lines_of(records, zone):
    return "".join(f"{absolute(name)} 0 IN {kind} {value}\n" for (origin, name, kind), values in records.items()
                   if origin == zone for value in values)
