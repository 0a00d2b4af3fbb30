"""tharsis dns serve, asked by programs of others: kdig over UDP, TCP and HTTPS, curl over HTTP/2 and 1.1. Behind it unbound, dnsmasq as
a liar, and dnsdist. And by nobody's friend: bytes that mean nothing, connections that say nothing."""

import base64
import json
import os
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import unittest

from dns_servers_test import LIE, PATHS, THARSIS, TRUE4, TRUE6, WORK, Servers, free_port, framed, path, question_bytes, question_end

KDIG, CURL = (shutil.which(p, path=PATHS) for p in ("kdig", "curl"))
if not (KDIG and CURL):
    if os.environ.get("CI"):
        sys.exit("kdig or curl is missing: script/bootstrap --lab")
    sys.exit(77)


class Serving:
    """`tharsis dns serve`, until stop()."""

    def __init__(self, *words):
        self.process = subprocess.Popen([THARSIS, "dns", "serve", "--json", "--state", path("serve_state"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError(self.process.stderr.read())
        self.places = json.loads(said)["listening"]
        self.port = int(self.places[0].rsplit(":", 1)[1].split("/")[0])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def kdig(port, name, *words):
    done = subprocess.run([KDIG, "@127.0.0.1", "-p", str(port), name, "+timeout=5", "+retry=0", *words], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def records(said):
    """Type and data of each answer that kdig shows."""
    return sorted(tuple(l.split()[3:5]) for l in said.splitlines() if l and not l.startswith(";"))


class Serve(Servers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.chmod(path("server.key"), 0o600)
        cls.https_port = free_port()
        cls.served = Serving("--listen", "127.0.0.1:0", "--https", f"127.0.0.1:{cls.https_port}", "--cert", path("server.pem"), "--key", path("server.key"),
                             "--server", cls.lie, "--server", cls.https, "--ca", path("ca.pem"))
        cls.addClassCleanup(cls.served.stop)
        cls.port = cls.served.port

    def test_a_liar_behind_it_is_not_seen_in_front(self):
        for words in ((), ("+tcp",)):
            self.assertEqual(records(kdig(self.port, "im.test", *words)), [("A", TRUE4)])
            self.assertEqual(records(kdig(self.port, "im.test", "AAAA", *words)), [("AAAA", TRUE6)])
        said = kdig(self.port, "+https=/dns-query", "+tls-ca=" + path("ca.pem"), "+tls-hostname=dns.test", "-p", str(self.https_port), "im.test")
        self.assertIn(TRUE4, said)

    def test_lives_are_those_of_the_truth(self):
        line = [l for l in kdig(self.port, "im.test").splitlines() if TRUE4 in l][0]
        self.assertTrue(0 < int(line.split()[1]) <= 90, line)

    def test_other_records_are_the_trusted_servers(self):
        self.assertIn('"hello"', kdig(self.port, "text.test", "TXT"))
        said = kdig(self.port, "im.test", "HTTPS")
        self.assertIn("status: NOERROR", said)
        self.assertEqual(records(said), [])

    def test_a_name_that_is_not_there_is_said_to_be_none(self):
        said = kdig(self.port, "nobody.test", "TXT")
        self.assertIn("status: NXDOMAIN", said)
        self.assertEqual(records(kdig(self.port, "localhost")), [("A", "127.0.0.1")])

    def test_what_does_not_fit_a_datagram_comes_over_tcp(self):
        self.assertIn("tc", kdig(self.port, "many.test", "+ignore", "+bufsize=512").split("Flags:")[1].split(";")[0])
        self.assertEqual(len(records(kdig(self.port, "many.test", "+bufsize=512"))), 64)

    def curl(self, *words):
        done = subprocess.run([CURL, "-sS", "--max-time", "20", "--cacert", path("ca.pem"), "--resolve", f"dns.test:{self.https_port}:127.0.0.1",
                               "-o", path("curl.out"), "-w", "%{http_version} %{http_code} %{content_type}", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path("curl.out"), "rb") as f:
            return done.stdout, f.read()

    def test_curl_asks_with_get_and_post_over_both_versions(self):
        asked = question_bytes("im.test")
        with open(path("asked"), "wb") as f:
            f.write(asked)
        where = f"https://dns.test:{self.https_port}/dns-query"
        get = where + "?dns=" + base64.urlsafe_b64encode(asked).decode().rstrip("=")
        post = ("-H", "content-type: application/dns-message", "--data-binary", "@" + path("asked"))
        for version, flag in (("2", "--http2"), ("1.1", "--http1.1")):
            for words in ((get,), (where, *post)):
                told, body = self.curl(flag, *words)
                self.assertEqual(told, f"{version} 200 application/dns-message")
                self.assertEqual(body[-4:], socket.inet_aton(TRUE4))
            for words, status in (((where,), 400), ((where + "?dns=A",), 400), ((where + "/other",), 404), (("-X", "DELETE", where), 405), ((where, "-d", "x"), 415)):
                self.assertEqual(self.curl(flag, *words)[0].split()[:2], [version, str(status)], words)

    def test_many_questions_on_one_connection_are_answered_in_any_order(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as s:
            asked = question_bytes("im.test")
            for i in range(300):
                s.sendall(framed(struct.pack(">H", i) + asked[2:]))
            ids = set()
            for _ in range(300):
                size = struct.unpack(">H", s.recv(2, socket.MSG_WAITALL))[0]
                said = s.recv(size, socket.MSG_WAITALL)
                self.assertEqual(said[-4:], socket.inet_aton(TRUE4))
                ids.add(struct.unpack(">H", said[:2])[0])
            self.assertEqual(ids, set(range(300)))

    # Goal: whatever somebody sends, others are served. The seed is printed with a failure.
    def test_hostile_bytes_disturb_nobody(self):
        seed = random.randrange(1 << 30)
        dice = random.Random(seed)
        good = question_bytes("im.test")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for i in range(5000):
                odd = bytearray(good if i % 2 else dice.randbytes(dice.randrange(0, 80)))
                for _ in range(dice.randrange(0, 4)):
                    if odd:
                        odd[dice.randrange(len(odd))] = dice.randrange(256)
                udp.sendto(bytes(odd), ("127.0.0.1", self.port))
                if i % 500 == 0:
                    self.assertEqual(records(kdig(self.port, "im.test", "+retry=5")), [("A", TRUE4)], seed)
        holes = []
        trust = ssl.create_default_context(cafile=path("ca.pem"))
        trust.set_alpn_protocols(["h2"])
        for i in range(100):
            s = socket.create_connection(("127.0.0.1", self.port if i % 3 else self.https_port), timeout=20)
            if i % 6 == 0:
                s = trust.wrap_socket(s, server_hostname="dns.test")
                s.sendall(dice.choice((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n", b"")) + dice.randbytes(dice.randrange(0, 200)))
            else:
                s.sendall(dice.randbytes(dice.randrange(0, 100)))
            holes.append(s)
        self.assertEqual(records(kdig(self.port, "im.test", "+tcp")), [("A", TRUE4)], seed)
        for s in holes:
            s.close()
        self.assertEqual(records(kdig(self.port, "im.test")), [("A", TRUE4)], seed)
        self.assertIsNone(self.served.process.poll(), seed)

    def test_without_a_true_answer_there_is_a_failure_with_its_reason(self):
        strict = Serving("--listen", "127.0.0.1:0", "--server", self.lie, "--server", f"tls://127.0.0.1:{free_port()}#dns.test", "--ca", path("ca.pem"), "--mode", "strict")
        self.addCleanup(strict.process.kill)
        said = kdig(strict.port, "im.test", "+edns")
        self.assertIn("status: SERVFAIL", said)
        self.assertIn("strict mode", said)
        self.assertNotIn(LIE, said)
        self.assertEqual(strict.stop(), 0)

    def test_a_profile_serves_too(self):
        with open(path("serve.yaml"), "w") as f:
            port = free_port()
            f.write(f"tharsis: 1\nplugins:\n  dns:\n    servers: ['{self.https}']\n    tls: {{ ca: {path('ca.pem')} }}\n    serve: {{ listen: '127.0.0.1:{port}' }}\n")
        run = subprocess.Popen([THARSIS, "run", path("serve.yaml"), "--state", path("profile_state")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(50):
            if ("A", TRUE4) in records(kdig(port, "im.test")):
                break
        else:
            run.kill()
            self.fail(run.stdout.read())
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=30), 0)
        run.stdout.close()

    # Goal: who lies is seen by whoever watches the bus.
    def test_lies_are_told_of_on_the_bus(self):
        state, port = path("bus_state"), free_port()
        with open(path("bus.yaml"), "w") as f:
            f.write(f"tharsis: 1\nplugins:\n  dns:\n    servers: ['{self.plain}', '{self.https}']\n    tls: {{ ca: {path('ca.pem')} }}\n    serve: {{ listen: '127.0.0.1:{port}' }}\n")
        run = subprocess.Popen([THARSIS, "run", path("bus.yaml"), "--state", state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.kill)
        for _ in range(50):
            if records(kdig(port, "im.test")):
                break
        tail = subprocess.Popen([THARSIS, "tail", "dns.*", "--state", state], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(tail.kill)
        seen = tail.stdout.readline()  # The state of dns.stats comes with the subscription.
        for _ in range(5):
            kdig(port, "private.test")
        while "dns.source" not in seen:
            line = tail.stdout.readline()
            self.assertTrue(line, seen)
            seen += line
        for part in ("dns.hijack", "bogus", "10.1.2.3", "private.test", "dns.source", "quarantined", self.plain):
            self.assertIn(part, seen)
        tail.kill()
        tail.stdout.close()
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=30), 0)

    def test_a_trace_shows_who_said_what_and_when(self):
        words = [THARSIS, "dns", "trace", "im.test", "--state", path("state"), "--type", "A", "--server", self.lie, "--server", self.https, "--ca", path("ca.pem")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("asked", "answered", "decided", f"proven for {TRUE4}: {self.https}", f"said for   {LIE}: {self.lie}", f"refused    {LIE}", "verdict    "):
            self.assertIn(part, done.stdout)
        said = json.loads(subprocess.run([*words, "--json"], capture_output=True, text=True, timeout=60).stdout)
        self.assertEqual([s["step"] for s in said["steps"]].count("answered"), 2)
        self.assertEqual({v["address"]: v["proven"] for v in said["votes"]}, {TRUE4: True, LIE: False})
        self.assertEqual([s["ms"] for s in said["steps"]], sorted(s["ms"] for s in said["steps"]))

    def test_wrong_words_say_what_is_right(self):
        for words, expected in ((["--listen", "0.0.0.0:0"], "other machines reach"), (["--listen", "localhost"], "write 127.0.0.1:5300"),
                                (["--https", "127.0.0.1:0"], "--cert FILE"), (["--cert", "x"], "which is not there"), (["--mode", "strict"], "name one with --server")):
            done = subprocess.run([THARSIS, "dns", "serve", "--state", path("state"), *words], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(expected, done.stderr)
        taken = subprocess.run([THARSIS, "dns", "serve", "--state", path("state"), "--listen", f"127.0.0.1:{self.port}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(taken.returncode, 1)
        self.assertIn("cannot listen on tcp://", taken.stderr)


if __name__ == "__main__":
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    unittest.main(argv=sys.argv[:1], verbosity=2)
