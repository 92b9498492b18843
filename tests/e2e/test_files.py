"""What the process finds open at its start, and which files it reads as root."""
import os
import pathlib
import pwd
import signal

from lib import postern
from lib.clients import deliver, message, serial_of


def log_of(server):
    path = pathlib.Path(f"{server.directory}.log")
    return path.read_text() if path.exists() else ""


class Descriptors(postern.Case):
    def test_standard_descriptors_that_are_closed(self):
        """Neither a socket nor a file takes their numbers: what is written there would go to it."""
        server = postern.ConfiguredServer("closed").populate()
        self.addCleanup(self.conclude, server)
        server.sections["log"] = [f'file = "{server.directory}.log"']
        server.write_config()
        server.start(wait=False, preexec_fn=lambda: [os.close(number) for number in range(3)])
        postern.wait_for(lambda: '"ready"' in log_of(server) or "msg=ready" in log_of(server), what="the server")
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{server.process.pid}/fd/{number}"), "/dev/null")
        deliver(server, message("to a server without"), server.user)


class Links(postern.Case):
    def test_links_lead_root_to_what_it_may_read_only(self):
        server = postern.ConfiguredServer("links", user="nobody")
        root = postern.own_folder()
        root.chmod(0o711)
        server.directory = root / "store"
        server.write_config()
        server.populate()
        self.addCleanup(self.conclude, server)
        live = server.certificates / "live"
        live.mkdir()
        for name in ("cert.pem", "cert.key"):
            (server.certificates / name).rename(server.certificates / f"1-{name}")
            (server.certificates / name).symlink_to(f"live/{name}")
            (live / name).symlink_to(f"../1-{name}")
        server.start()
        first = serial_of(server)
        os.chown(live, pwd.getpwnam("nobody").pw_uid, -1)
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: "reload refused" in server.log(), what="a refusal")
        self.assertIn(f"decides where it leads (at {live})", server.log())
        self.assertEqual(serial_of(server), first)
        os.chown(live, 0, -1)
        postern.make_certificate(server.certificates, names=("localhost", server.hostname), serial=4711)
        server.process.send_signal(signal.SIGHUP)
        postern.wait_for(lambda: serial_of(server) == 4711, what="what the links lead to now")
