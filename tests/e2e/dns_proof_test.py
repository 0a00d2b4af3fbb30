"""A resolver that lies, and what a certificate says about it, whether dns looks itself or stn has dialled: in a network namespace of its own,
where addresses of the public range are this machine's. Behind the lie stands somebody with the certificate of another name; behind the truth
the right one."""

import os
import shutil
import signal
import ssl
import socket
import subprocess
import sys
import threading
import time
import unittest

if sys.argv[3:] != ["inside"]:
    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0 or not shutil.which("ip", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin"):
        print("no namespaces here")
        sys.exit(77)
    os.execvp("unshare", ["unshare", "-Urn", sys.executable, "-B", *sys.argv, "inside"])

from dns_servers_test import LIE, PATHS, THARSIS, TRUE4, WORK, OwnServer, answer, free_port, make_certificates, openssl, path

KDIG = shutil.which("kdig", path=PATHS)
if not KDIG:
    sys.exit("kdig is missing: script/bootstrap --lab" if os.environ.get("CI") else 77)


class Site:
    """Shows a certificate at an address, and nothing else."""

    def __init__(self, ip, name):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        with open(path(name + ".names"), "w") as f:
            f.write(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "20", "-extfile", f"{name}.names")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path(f"{name}.pem"), path(f"{name}.key"))
        self.listener = socket.create_server((ip, 443))
        self.dialled = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.dialled += 1
            try:
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)
            except OSError:
                pass


def says(address):
    return OwnServer(lambda asked, send: send(answer(asked, address)))


class Run:
    """`tharsis run` with a resolver for kdig. `more`: further lines of the profile, those of dns' own first."""

    def __init__(self, name, servers, more=""):
        self.port, self.state = free_port(), path(name + "_state")
        with open(path(name + ".yaml"), "w") as f:
            f.write(f"tharsis: 1\nplugins:\n  dns:\n    servers: {[f'udp://127.0.0.1:{s.port}' for s in servers]}\n    cache: {{ ttl_min: 0s, ttl_max: 1s, stale_max: 0s }}\n"
                    f"    tls: {{ ca: {path('ca.pem')} }}\n    serve: {{ listen: '127.0.0.1:{self.port}' }}\n{more}")
        self.process = subprocess.Popen([THARSIS, "run", path(name + ".yaml"), "--state", self.state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.ask("localhost"):
                return
            time.sleep(0.1)
        raise RuntimeError("it does not answer")

    def ask(self, name):
        done = subprocess.run([KDIG, "@127.0.0.1", "-p", str(self.port), name, "+short", "+timeout=5", "+retry=0"], capture_output=True, text=True, timeout=60)
        return done.stdout.split()

    def until(self, name, expected):
        said = None
        for _ in range(150):
            said = self.ask(name)
            if said == expected:
                return said
            time.sleep(0.2)
        return said

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


class Proof(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for ip in (LIE, TRUE4):
            subprocess.run(["ip", "address", "add", f"{ip}/32", "dev", "lo"], check=True)
        make_certificates()
        cls.thief, cls.site = Site(LIE, "thief.test"), Site(TRUE4, "im.test")
        cls.liar, cls.honest = says(LIE), says(TRUE4)
        cls.addClassCleanup(cls.liar.stop)
        cls.addClassCleanup(cls.honest.stop)

    def test_the_certificate_of_another_is_told_of_and_all_there_is_stays(self):
        run = Run("alone", [self.liar])
        self.addCleanup(run.process.kill)
        tail = subprocess.Popen([THARSIS, "tail", "dns.*", "--state", run.state], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(tail.kill)
        tail.stdout.readline()
        self.assertEqual(run.ask("im.test"), [LIE], "one plain server is taken at its word, at first")
        seen = ""
        while "refuted" not in seen:
            line = tail.stdout.readline()
            self.assertTrue(line, seen)
            seen += line
        for part in ("dns.hijack", LIE, "im.test", "thief.test"):
            self.assertIn(part, seen)
        time.sleep(1.5)
        self.assertEqual(run.ask("im.test"), [LIE], "it may be an honest machine that shows its hoster's certificate")
        tail.kill()
        tail.wait(timeout=30)
        tail.stdout.close()
        self.assertEqual(run.stop(), 0)
        self.assertGreater(self.thief.dialled, 0)

    def test_where_two_disagree_the_certificate_decides(self):
        run = Run("two", [self.liar, self.honest])
        self.addCleanup(run.process.kill)
        self.assertEqual(run.until("im.test", [TRUE4]), [TRUE4])
        self.assertEqual(run.stop(), 0)
        self.assertGreater(self.site.dialled, 0)

    def test_what_stn_finds_when_it_dials_is_told(self):
        link = f"  stn: {{ links: {{ main: {{ endpoints: ['tcps://im.test:443'], codec: mars, tls: {{ ca: {path('ca.pem')} }} }} }} }}\n"
        run = Run("stn", [self.liar], "    proof: { per_minute: 0 }\n" + link)
        self.addCleanup(run.process.kill)
        for _ in range(100):
            done = subprocess.run([THARSIS, "dns", "cache", "--state", run.state, "--json"], capture_output=True, text=True, timeout=60)
            if "its certificate is not the name's" in done.stdout:
                break
            run.ask("im.test")
            time.sleep(0.2)
        self.assertIn("who dialled it found the certificate of another there", done.stdout)
        self.assertEqual(run.ask("im.test"), [LIE], "it may be an honest machine that shows its hoster's certificate")
        self.assertEqual(run.stop(), 0)


if __name__ == "__main__":
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    unittest.main(argv=sys.argv[:1], verbosity=2)
