"""tharsis dns resolve against servers that others wrote: unbound over UDP, TCP, TLS and HTTPS; dnsmasq as a liar; dnsdist for
servers that fail, wait and cut. And servers of our own that do what no honest one does: race, guess, drip, hang up."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

THARSIS, WORK = sys.argv[1:3]
PATHS = os.environ.get("PATH", "") + ":/usr/sbin"
UNBOUND, DNSMASQ, DNSDIST = (shutil.which(p, path=PATHS) for p in ("unbound", "dnsmasq", "dnsdist"))
if not (UNBOUND and DNSMASQ and DNSDIST):
    if os.environ.get("CI"):
        sys.exit("unbound, dnsmasq or dnsdist is missing: script/bootstrap --lab")
    sys.exit(77)

TRUE4, TRUE6, LIE = "203.0.113.10", "2001:db8::10", "203.0.113.66"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
        with socket.socket() as tcp:
            try:
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                return free_port()


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60, cwd=WORK)


def make_certificates():
    """An authority and another one that nobody knows, each with a server's certificate for dns.test."""
    for ca in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-days", "30",
                "-subj", f"/CN={ca}", "-addext", "basicConstraints=critical,CA:TRUE")
    with open(os.path.join(WORK, "names"), "w") as f:
        f.write("subjectAltName=DNS:dns.test,IP:127.0.0.1\n")
    for name, ca in (("server", "ca"), ("stranger", "other")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=dns.test")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "20", "-extfile", "names")


def path(name):
    return os.path.join(WORK, name)


class Process:
    """A server of others, until stop()."""

    def __init__(self, words, port):
        self.log = open(path(f"{os.path.basename(words[0])}-{port}.txt"), "w")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=subprocess.STDOUT, cwd=WORK)
        self.port = port
        for _ in range(200):
            if self.process.poll() is not None or udp_answers(port):
                break
            time.sleep(0.05)
        else:
            self.stop()
        if self.process.poll() is not None:
            with open(self.log.name) as log:
                raise RuntimeError(f"{words[0]} does not answer: {log.read()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def udp_answers(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        s.sendto(question_bytes("ready.test"), ("127.0.0.1", port))
        try:
            return bool(s.recv(4096))
        except OSError:
            return False


def wire_name(name):
    return b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"


def question_bytes(name):
    return struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + wire_name(name) + struct.pack(">2H", 1, 1)


def question_end(asked):
    at = 12
    while asked[at]:
        at += 1 + asked[at]
    return at + 5


def answer(asked, ip=None, code=0, flags=0x8180, ttl=60, identity=None):
    """The answer to a question: its address, or none."""
    end = question_end(asked)
    kind = struct.unpack(">H", asked[end - 4:end - 2])[0]
    family = socket.AF_INET6 if ip and ":" in ip else socket.AF_INET
    has = ip is not None and kind == (28 if family == socket.AF_INET6 else 1)
    identity = struct.unpack(">H", asked[:2])[0] if identity is None else identity
    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, 4 if family == socket.AF_INET else 16) + socket.inet_pton(family, ip) if has else b""
    return struct.pack(">6H", identity, flags | code, 1, int(has), 0, 0) + asked[12:end] + record


class OwnServer:
    """UDP and TCP on one port. on_udp(asked, send) and on_tcp(asked, connection) do what they like."""

    def __init__(self, on_udp, on_tcp=None):
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.questions = []
        self.on_udp, self.on_tcp, self.tcp = on_udp, on_tcp, None
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if on_tcp:
            self.tcp = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            try:
                asked, who = self.udp.recvfrom(4096)
            except OSError:
                return
            if not asked:
                return
            self.questions.append((asked, who))
            self.on_udp(asked, lambda data: self.udp.sendto(data, who))

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection:
                size = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))[0]
                self.on_tcp(connection.recv(size, socket.MSG_WAITALL), connection)

    def url(self, by="udp"):
        return f"{by}://127.0.0.1:{self.port}"

    def stop(self):
        self.udp.close()
        if self.tcp:
            self.tcp.close()


def framed(data):
    return struct.pack(">H", len(data)) + data


def resolve(name, *words, code=None):
    done = subprocess.run([THARSIS, "dns", "resolve", name, "--json", "--state", path("state"), *words], capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert code is None or done.returncode == code, (done.returncode, said)
    return said


def addresses(said):
    return [c["address"] for c in said["candidates"]]


class Servers(unittest.TestCase):
    """unbound over all ways, dnsmasq that lies, dnsdist that fails and cuts."""

    @classmethod
    def setUpClass(cls):
        make_certificates()
        plain, tls, https = free_port(), free_port(), free_port()
        with open(path("unbound.conf"), "w") as f:
            f.write(f"""server:
  username: ""
  chroot: ""
  directory: "{WORK}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  interface: 127.0.0.1@{plain}
  interface: 127.0.0.1@{tls}
  interface: 127.0.0.1@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-key: server.key
  tls-service-pem: server.pem
  local-zone: "test." static
  local-data: "ready.test. A 203.0.113.1"
  local-data: "im.test. 90 A {TRUE4}"
  local-data: "im.test. 90 AAAA {TRUE6}"
  local-data: "private.test. A 10.1.2.3"
  local-data: "mixed.test. A 10.1.2.3"
  local-data: "mixed.test. A {TRUE4}"
  local-data: 'text.test. TXT "hello"'
  local-data: 'served.test. HTTPS 1 im.test. alpn=h2,h3 port=8443 ech=/g0BAg=='
  local-data: 'hinted.test. HTTPS 1 . alpn=h2 ipv4hint={TRUE4}'
""" + "".join(f'  local-data: "many.test. A 198.51.100.{i}"\n' for i in range(1, 201)) + "remote-control:\n  control-enable: no\n")
        cls.unbound = Process([UNBOUND, "-c", path("unbound.conf")], plain)
        cls.addClassCleanup(cls.unbound.stop)
        cls.plain, cls.tcp = f"udp://127.0.0.1:{plain}", f"tcp://127.0.0.1:{plain}"
        cls.tls, cls.https = f"tls://127.0.0.1:{tls}#dns.test", f"https://127.0.0.1:{https}/dns-query#dns.test"
        cls.liar_port = free_port()
        cls.liar = Process([DNSMASQ, "-k", "-C", "/dev/null", "-p", str(cls.liar_port), "-a", "127.0.0.1", "-z", "--no-resolv", "--no-hosts",
                            "--pid-file=", f"--user={os.environ.get('USER') or 'root'}", f"--address=/test/{LIE}"], cls.liar_port)
        cls.addClassCleanup(cls.liar.stop)
        cls.lie = f"udp://127.0.0.1:{cls.liar_port}"
        cls.dist_port = free_port()
        with open(path("dnsdist.conf"), "w") as f:
            f.write(f"""setLocal("127.0.0.1:{cls.dist_port}")
setSecurityPollSuffix("")
newServer({{address="127.0.0.1:{plain}"}}):setUp()
addAction("fails.test", RCodeAction(DNSRCode.SERVFAIL))
addAction("refuses.test", RCodeAction(DNSRCode.REFUSED))
addAction(AndRule({{QNameRule("im.test"), TCPRule(false)}}), TCAction())
""")
        cls.dist = Process([DNSDIST, "--supervised", "--disable-syslog", "-C", path("dnsdist.conf")], cls.dist_port)
        cls.addClassCleanup(cls.dist.stop)
        cls.distributor = f"udp://127.0.0.1:{cls.dist_port}"


class WithServers(Servers):
    def test_each_way_leads_to_the_same_addresses(self):
        for server, proven in ((self.plain, False), (self.tcp, False), (self.tls, True), (self.https, True)):
            with self.subTest(server):
                said = resolve("im.test", "--server", server, "--ca", path("ca.pem"), code=0)
                self.assertEqual(addresses(said), [TRUE6, TRUE4])
                self.assertEqual({c["source"] for c in said["candidates"]}, {server})
                self.assertEqual({c["proven"] for c in said["candidates"]}, {proven})
                self.assertEqual({c["stale"] for c in said["candidates"]}, {False})
                self.assertEqual(said["refused"], [])
                self.assertEqual(said["verdict"], "proven" if proven else "single")
                self.assertLess(said["ms"], 1500)

    def test_a_long_answer_comes_over_tcp(self):
        said = resolve("many.test", "--type", "A", "--server", self.plain, code=0)
        self.assertEqual(len(said["candidates"]), 64)
        said = resolve("im.test", "--type", "A", "--server", self.distributor, code=0)
        self.assertEqual(addresses(said), [TRUE4], "dnsdist cuts every answer over UDP")

    def test_a_certificate_of_somebody_else_is_no_proof(self):
        for server in (self.tls, self.https):
            said = resolve("im.test", "--server", server, "--ca", path("other.pem"), code=1)
            self.assertEqual((addresses(said), said["verdict"]), ([], "no_answer"))
            self.assertIn("certificate", said["reason"])
            said = resolve("im.test", "--server", server.replace("dns.test", "elsewhere.test"), "--ca", path("ca.pem"), code=1)
            self.assertEqual(addresses(said), [])
            self.assertIn("elsewhere.test", said["reason"])
        said = resolve("im.test", "--server", self.tls.split("#")[0], "--ca", path("ca.pem"), code=0)
        self.assertEqual(addresses(said), [TRUE6, TRUE4], "without a name the address is proved")

    def test_a_trusted_server_unmasks_a_liar(self):
        for trusted in (self.tls, self.https):
            said = resolve("im.test", "--explain", "--server", self.lie, "--server", trusted, "--ca", path("ca.pem"), code=0)
            self.assertEqual(addresses(said), [TRUE6, TRUE4])
            self.assertEqual([(r["address"], r["source"]) for r in said["refused"]], [(LIE, self.lie)])
            self.assertIn(said["verdict"], ("disputed", "hijack"))
            self.assertEqual(len(said["sources"]), 4)

    def test_most_plain_servers_outvote_a_liar(self):
        said = resolve("im.test", "--type", "A", "--server", self.lie, "--server", self.plain, "--server", self.tcp, code=0)
        self.assertEqual(addresses(said), [TRUE4])
        self.assertEqual(said["candidates"][0]["proven"], False)
        self.assertEqual([r["address"] for r in said["refused"]], [LIE])
        self.assertEqual(said["verdict"], "disputed")

    def test_one_plain_server_is_taken_at_its_word_and_said_so(self):
        said = resolve("im.test", "--type", "A", "--server", self.lie, code=0)
        self.assertEqual((addresses(said), said["candidates"][0]["proven"], said["verdict"]), ([LIE], False, "single"))

    def test_strict_mode_takes_no_word_of_a_plain_server(self):
        said = resolve("im.test", "--mode", "strict", "--server", self.plain, code=1)
        self.assertEqual((addresses(said), said["verdict"]), ([], "not_trusted"))
        self.assertEqual({r["address"] for r in said["refused"]}, {TRUE4, TRUE6})
        said = resolve("im.test", "--mode", "strict", "--server", self.lie, "--server", self.https, "--ca", path("ca.pem"), code=0)
        self.assertEqual(addresses(said), [TRUE6, TRUE4])

    def test_bogus_addresses_are_dropped_but_not_in_open_mode(self):
        said = resolve("private.test", "--type", "A", "--server", self.plain, code=1)
        self.assertEqual((addresses(said), said["verdict"]), ([], "hijack"))
        self.assertEqual([r["address"] for r in said["refused"]], ["10.1.2.3"])
        said = resolve("mixed.test", "--type", "A", "--server", self.plain, code=0)
        self.assertEqual(addresses(said), [TRUE4])
        self.assertEqual(addresses(resolve("private.test", "--type", "A", "--mode", "open", "--server", self.plain, code=0)), ["10.1.2.3"])

    def test_names_and_servers_that_fail_have_a_reason(self):
        said = resolve("nobody.test", "--server", self.plain, code=1)
        self.assertEqual((said["verdict"], said["status"]), ("not_found", "not found"))
        self.assertIn("SERVFAIL", resolve("fails.test", "--server", self.distributor, code=1)["reason"])
        self.assertIn("REFUSED", resolve("refuses.test", "--server", self.distributor, code=1)["reason"])
        dead = free_port()
        began = time.monotonic()
        said = resolve("im.test", "--server", f"udp://127.0.0.1:{dead}", "--server", f"tcp://127.0.0.1:{dead}", "--deadline", "300ms", code=1)
        self.assertEqual(said["verdict"], "no_answer")
        self.assertLess(said["ms"], 1000)
        self.assertLess(time.monotonic() - began, 10)

    def test_a_liars_no_such_name_erases_nothing(self):
        silent = OwnServer(lambda asked, send: send(answer(asked, code=3)))
        said = resolve("im.test", "--explain", "--server", silent.url(), "--server", self.https, "--ca", path("ca.pem"), code=0)
        self.assertEqual((addresses(said), said["verdict"]), ([TRUE6, TRUE4], "hijack"))
        said = resolve("im.test", "--explain", "--server", silent.url(), "--server", self.plain, code=0)
        self.assertEqual(addresses(said), [TRUE6, TRUE4], "one against one: the addresses win")
        silent.stop()

    def test_other_records(self):
        self.assertEqual(resolve("text.test", "--type", "txt", "--server", self.https, "--ca", path("ca.pem"), code=0)["records"], ["hello"])
        resolve("text.test", "--type", "HTTPS", "--server", self.plain, code=1)
        said = resolve("served.test", "--type", "HTTPS", "--server", self.https, "--ca", path("ca.pem"), code=0)
        self.assertEqual([(c["address"], c["port"], c["proven"]) for c in said["candidates"]], [(TRUE6, 8443, True), (TRUE4, 8443, True)])
        self.assertEqual([(c["alpn"], c["ech"]) for c in said["candidates"]], [("h2,h3", "/g0BAg==")] * 2)
        said = resolve("hinted.test", "--type", "HTTPS", "--server", self.plain, code=0)
        self.assertEqual([(c["address"], c["alpn"], "ech" in c) for c in said["candidates"]], [(TRUE4, "h2", False)])

    def test_forged_answers_that_race_the_true_one_lose(self):
        def race(asked, send):
            send(answer(asked, LIE))
            send(answer(asked, "198.51.100.66"))
            time.sleep(0.03)
            send(answer(asked, TRUE4))

        for over_tcp in (None, lambda asked, c: c.sendall(framed(answer(asked, TRUE4)))):
            injected = OwnServer(race, over_tcp)
            said = resolve("im.example", "--type", "A", "--server", injected.url(), code=0)
            self.assertEqual((addresses(said), said["verdict"]), ([TRUE4], "injection"))
            self.assertEqual({r["address"] for r in said["refused"]}, {LIE, "198.51.100.66"})
            injected.stop()

    def test_who_guesses_is_not_heard(self):
        def guess(asked, send):
            right = struct.unpack(">H", asked[:2])[0]
            for wrong in range(1, 50):
                send(answer(asked, LIE, identity=(right + wrong) % 65536))
            other = bytearray(answer(asked, LIE))
            other[13] ^= 0x20  # Right but for the case of a letter.
            send(bytes(other))
            send(answer(asked[:12] + wire_name("other.example") + asked[question_end(asked) - 4:], LIE))
            send(b"\xff" * 40)
            time.sleep(0.02)
            send(answer(asked, TRUE4))

        guesser = OwnServer(guess)
        said = resolve("im.example", "--type", "A", "--server", guesser.url(), code=0)
        self.assertEqual((addresses(said), said["refused"]), ([TRUE4], []))
        guesser.stop()

    def test_questions_cannot_be_foreseen(self):
        asked = OwnServer(lambda asked, send: send(answer(asked, TRUE4)))
        for _ in range(6):
            resolve("im.a-long-enough-name.example", "--type", "A", "--server", asked.url(), code=0)
        self.assertEqual(len({q[:2] for q, _ in asked.questions}), 6, "ids")
        self.assertGreater(len({who[1] for _, who in asked.questions}), 4, "ports")
        self.assertGreater(len({q[12:question_end(q)] for q, _ in asked.questions}), 4, "letters")
        asked.stop()

    def test_a_question_that_is_lost_is_sent_again(self):
        count = []

        def third_time(asked, send):
            count.append(asked)
            if len(count) == 3:
                send(answer(asked, TRUE4))

        forgetful = OwnServer(third_time)
        self.assertEqual(addresses(resolve("im.example", "--type", "A", "--deadline", "10s", "--server", forgetful.url(), code=0)), [TRUE4])
        self.assertEqual(len(set(count)), 1, "the same question: an answer to any of them is one")
        forgetful.stop()

    def test_streams_that_drip_hang_up_or_are_cut(self):
        def drip(asked, connection):
            for byte in framed(answer(asked, TRUE4)):
                connection.sendall(bytes([byte]))
                time.sleep(0.005)

        def half(asked, connection):
            connection.sendall(framed(answer(asked, TRUE4))[:20])

        def hang(asked, connection):
            connection.sendall(framed(answer(asked, TRUE4))[:20])
            time.sleep(2)

        def garbage(asked, connection):
            connection.sendall(framed(b"\xff" * 100))

        for manner, expected, reason in ((drip, [TRUE4], ""), (half, [], "closed the connection"), (hang, [], "only a part"), (garbage, [], "its message")):
            with self.subTest(manner.__name__):
                odd = OwnServer(lambda asked, send: None, manner)
                said = resolve("im.example", "--type", "A", "--deadline", "700ms", "--server", odd.url("tcp"))
                self.assertEqual(addresses(said), expected)
                self.assertIn(reason, said["reason"])
                odd.stop()

    def test_many_questions_at_once_over_each_way(self):
        for server in (self.plain, self.tls, self.https):
            with self.subTest(server):
                done = subprocess.run([THARSIS, "dns", "bench", "im.test", "--time", "500ms", "--json", "--server", server, "--ca", path("ca.pem"),
                                       "--state", path("state")], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                said = json.loads(done.stdout)
                self.assertGreater(said["answered"], 100)
                self.assertEqual(said["failed"], 0, said["failure"])

    def test_wrong_words_say_what_is_right(self):
        for words, expected in ((["--server", "udp://dns.test"], "named by its IP address"), (["--server", "im.test:53"], "write udp://"),
                                (["--mode", "lax"], "strict, guarded and open"), (["--type", "Q"], "is no type"), (["--deadline", "soon"], "no time"),
                                (["--server", "udp://127.0.0.1#dns.test"], "can prove a name"), (["-4", "-6"], "exclude each other")):
            done = subprocess.run([THARSIS, "dns", "resolve", "im.test", "--state", path("state"), *words], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(expected, done.stderr)

    def test_a_server_whose_key_cannot_be_read_is_asked_by_no_command(self):
        for command in (["resolve", "im.test"], ["trace", "im.test"], ["bench", "im.test"], ["serve"]):
            done = subprocess.run([THARSIS, "dns", *command, "--state", path("state"), "--server", "tencent://127.0.0.1?token=nothere#dns.test"],
                                  capture_output=True, text=True, timeout=60, cwd=WORK)
            self.assertEqual((done.returncode, done.stdout), (1, ""), command)
            self.assertIn(f"dns {command[0]}: tencent://", done.stderr)
            self.assertIn(path("nothere"), done.stderr)


if __name__ == "__main__":
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    unittest.main(argv=sys.argv[:1], verbosity=2)
