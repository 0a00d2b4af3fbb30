"""Goal: log files arrive whole, whoever is killed when, over TLS and plain; what was left out by choice is told as that; and
SHIPPING.md is enough to write a receiver by.
Method: the shipped program as sender and as receiver, processes that are killed at moments a seed draws, and a receiver of our own,
written from SHIPPING.md alone. The seed is printed.

    xlog_ship_test.py TOOL FOLDER KILLS [SEED]"""
import datetime, hashlib, http.server, json, os, pathlib, random, shutil, signal, socket, struct, subprocess, sys, threading, time, unittest, urllib.request

TOOL, FOLDER, KILLS = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
DICE = random.Random(SEED)
TOKEN = "a token for tests"
READER = pathlib.Path(__file__).parents[2] / "sdk/examples/xlog_reader.py"


class Foreign(http.server.BaseHTTPRequestHandler):  # A receiver, by SHIPPING.md alone.
    protocol_version = "HTTP/1.1"
    stored, pieces = {}, {}  # By source and name: manifest, lines of pieces, bytes. By sum: bytes.

    def log_message(self, *_): pass

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def parts(self):
        if self.headers["Authorization"] == "Bearer " + TOKEN: return self.path.split("/")[1:]
        self.say(401, "no\n")

    def body(self): return self.rfile.read(int(self.headers["Content-Length"]))

    @staticmethod
    def edition(head, lines): return hashlib.sha256(json.dumps([head, lines], sort_keys=True).encode()).hexdigest()

    def do_GET(self):
        if not (parts := self.parts()): return
        text = "tharsis-standing 1\n"
        for (source, name), (head, lines, content) in self.stored.items():
            state = "whole" if head["closed"] == head["whole"] == "yes" else "part"
            if source == parts[2]: text += f"file {name} {state} {len(content)} {self.edition(head, lines)} {head['note']}\n"
        self.say(200, text)

    def do_POST(self):
        if not self.parts(): return
        body, at = self.body(), 0
        while at < len(body):
            digest, size = struct.unpack_from("<32sI", body, at)
            piece, at = body[at + 36:at + 36 + size], at + 36 + size
            if hashlib.sha256(piece).digest() != digest: return self.say(422, "spoilt\n")
            self.pieces[digest.hex()] = piece
        self.say(200, "tharsis-taken 1\n")

    def do_PUT(self):
        if not (parts := self.parts()): return
        head_lines, _, rest = self.body().decode().partition("pieces ")
        head = dict(line.split(" ", 1) for line in head_lines.splitlines())
        lines, over, key = rest.splitlines()[1:], head.pop("over"), (parts[2], parts[3])
        was = self.stored.get(key)
        edition = self.edition(head, lines)
        if was and self.edition(was[0], was[1]) == edition: return self.say(200, "tharsis-stored 1\n" + edition + "\n")
        if over != (self.edition(was[0], was[1]) if was else "-"): return self.say(409, "another\n")
        old, at = {}, 0
        for size, digest in (line.split() for line in was[1]) if was else ():
            old[digest], at = was[2][at:at + int(size)], at + int(size)
        found = [self.pieces.get(digest, old.get(digest)) for _, digest in (line.split() for line in lines)]
        missing = [i for i, piece in enumerate(found) if piece is None]
        if missing: return self.say(202, "tharsis-missing 1\n" + "".join(f"{i} {i}\n" for i in missing))
        self.stored[key] = head, lines, b"".join(found)
        self.say(200, "tharsis-stored 1\n" + edition + "\n")


def run(*words, **more): return subprocess.run([TOOL, "xlog", *map(str, words)], capture_output=True, text=True, timeout=300, **more)


def wait_for(what):
    while not (found := what()): time.sleep(0.02)
    return found


class Gateway:
    def __init__(self, folder, tls, more=""):
        self.state, self.profile = folder / "state", folder / "gateway.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        scheme = "https" if tls else "http"
        self.profile.write_text(f"tharsis: 1\nplugins:\n  gateway:\n    listen: tcp://127.0.0.1:0\n    logs: {{ listen: '{scheme}://127.0.0.1:0', token: {TOKEN}{more} }}\n")
        self.start()

    def start(self):
        endpoint = self.state / "gateway/logs-endpoint"
        endpoint.unlink(missing_ok=True)
        self.process = subprocess.Popen([TOOL, "run", self.profile, "--state", self.state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: endpoint.exists() or self.process.poll() is not None)
        self.url = endpoint.read_text().strip()

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.process.wait(60)

    def files(self, source="me"): return {p.name: p.read_bytes() for p in (self.state / "gateway/logs" / source).iterdir()}


class Shipping(unittest.TestCase):
    def setUp(self):
        self.folder = FOLDER / self._testMethodName
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "token").touch(mode=0o600)
        (self.folder / "token").write_text(TOKEN + "\n")
        self.started = []

    def tearDown(self):
        for gateway in self.started:
            if gateway.process.poll() is None: gateway.kill()

    def gateway(self, tls=False, more=""):
        self.started.append(Gateway(self.folder / "gateway", tls, more))
        return self.started[-1]

    def logs(self, lines=30_000, *more):
        for name in "one", "two":
            self.assertEqual(run("write", self.folder / "logs", "--threads", 2, "--lines", lines, "--set", f"name={name}", "--set", "ring_size=64KiB", *more).returncode, 0)
        return [p.read_bytes() for p in (self.folder / "logs").glob("*.tlog")]

    def words(self, url, *more):
        return ["push", url, *more, "--source", "me", "--token-file", self.folder / "token", "--json", self.folder / "logs"]

    def push(self, url, *more, code=0):
        done = run(*self.words(url, *more))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_a_receiver_by_the_book_gets_everything(self):
        logs = self.logs()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        self.assertEqual(self.push(url)["files"], 2)
        self.assertEqual(sorted(content for _, _, content in Foreign.stored.values()), sorted(logs))
        self.assertEqual(self.push(url)["known"], 2)
        server.shutdown()
        server.server_close()

    def test_what_arrives_is_whole_whoever_is_killed(self):
        logs = self.logs()
        for tls in False, True:
            gateway = self.gateway(tls)
            ca = ["--ca", gateway.state / "gateway/ca.pem"] if tls else []
            for _ in range(KILLS):
                push = subprocess.Popen([TOOL, "xlog", *map(str, self.words(gateway.url, *ca, "--rate", "100KiB"))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(DICE.uniform(0.05, 1.0))
                if DICE.random() < 0.5:
                    gateway.kill()
                    gateway.start()
                push.kill()
                push.wait()
                if (gateway.state / "gateway/logs/me").exists():
                    for name, content in gateway.files().items(): self.assertIn(content, logs, f"{name} is seen half (seed {SEED})")
            self.push(gateway.url, *ca)
            self.assertEqual(sorted(gateway.files().values()), sorted(logs), f"seed {SEED}")
            verify = run("verify", gateway.state / "gateway/logs/me")
            self.assertEqual(verify.returncode, 0, verify.stdout)
            self.assertEqual(gateway.kill(signal.SIGTERM), 0)
            shutil.rmtree(self.folder / "gateway")

    def test_a_selection_is_no_damage_and_a_later_push_brings_the_rest(self):
        self.assertEqual(run("keygen", self.folder / "key").returncode, 0)
        logs = self.logs(8_000, "--rate", "2000", "--set", f"encrypt.to=[{self.folder}/key.pub]")
        gateway = self.gateway()
        self.assertEqual(self.push(gateway.url, "--level", "error")["unselected"], 2)
        first = json.loads(run("files", "--json", self.folder / "logs").stdout.splitlines()[0])["first"]
        until = datetime.datetime.fromisoformat(first.rstrip("Z")) + datetime.timedelta(seconds=1.5)
        done = self.push(gateway.url, "--until", until.isoformat())
        there = gateway.state / "gateway/logs/me"
        verify = run("verify", there, "--key", self.folder / "key")
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)
        self.assertIn("left out when it was shipped", verify.stdout)
        self.assertEqual(done["files"], 1, "the other was written later")
        self.assertLess(done["bytes"], max(map(len, logs)))
        cat = run("cat", there, "--key", self.folder / "key")
        self.assertEqual(cat.returncode, 0)
        self.assertIn("lines were left out", cat.stderr)
        self.push(gateway.url)
        self.assertEqual(sorted(gateway.files().values()), sorted(logs))
        self.assertEqual(run("verify", there, "--key", self.folder / "key").returncode, 0)

    def test_an_operator_asks_for_more_beside_the_gateway(self):
        gateway = self.gateway()

        def wish(*words):
            return subprocess.run([TOOL, "gateway", "wish", *words, "--state", gateway.state], capture_output=True, text=True, timeout=60)

        def told():
            ask = urllib.request.Request(gateway.url + "/v1/logs/me", headers={"Authorization": "Bearer " + TOKEN})
            with urllib.request.urlopen(ask, timeout=60) as answer:
                return [line.split() for line in answer.read().decode().splitlines() if line.startswith("wish ")]

        self.assertEqual(told(), [])
        self.assertEqual(wish("--since", "2026-11-26T10:00", "--level", "debug", "me").returncode, 0)
        [[_, name, since, _, level]] = told()
        self.assertEqual((since, level), ("1795687200000000000", "debug"))
        self.assertIn(name, wish("--list").stdout)
        self.assertEqual(wish("--cancel", name, "me").returncode, 0)
        self.assertEqual(told(), [])
        gone = wish("--cancel", name, "me")
        self.assertEqual(gone.returncode, 1)
        self.assertIn("is not asked for", gone.stderr)
        self.assertEqual(wish("me").returncode, 2)

    def test_another_reader_agrees_about_what_was_left_out(self):
        self.logs(8_000, "--rate", "2000")
        gateway = self.gateway()
        span = json.loads(run("files", "--json", self.folder / "logs").stdout.splitlines()[0])
        since = datetime.datetime.fromisoformat(span["first"].rstrip("Z")) + datetime.timedelta(seconds=2.5)
        self.push(gateway.url, "--since", since.isoformat())
        there = gateway.state / "gateway/logs/me"
        ours = [json.loads(line)["text"] for line in run("cat", "--json", there).stdout.splitlines()]
        theirs = []
        for file in there.iterdir():
            reader = subprocess.run([sys.executable, "-B", READER, file], capture_output=True, text=True, timeout=120)
            self.assertEqual(reader.returncode, 0, reader.stderr)
            theirs += [json.loads(line) for line in reader.stdout.splitlines()]
        self.assertEqual(len(ours), len(theirs))
        self.assertLess(len(ours), 4 * 8_000)
        self.assertGreater(len(ours), 2 * 8_000)

    def test_who_may_not_come_is_told_so(self):
        self.logs(100)
        gateway = self.gateway()
        (self.folder / "token").write_text("another token\n")
        self.assertIn("token", self.push(gateway.url, code=1)["reason"])
        self.assertFalse((gateway.state / "gateway/logs/me").exists())
        self.assertEqual(run(*self.words("http://192.0.2.1:80")).returncode, 2)
        (self.folder / "token").chmod(0o644)
        open_to_all = run(*self.words(gateway.url))
        self.assertNotEqual(open_to_all.returncode, 0)
        self.assertIn("chmod 600", open_to_all.stdout + open_to_all.stderr)

    def lie(self, answer, *more):
        """Something that answers each connection with these bytes, piece by piece."""
        def serve():
            while True:
                try: peer, _ = listener.accept()
                except OSError: return
                threading.Thread(target=tell, args=(peer,), daemon=True).start()

        def tell(peer):
            with peer:
                try:
                    peer.recv(65536)
                    for piece in answer(): peer.sendall(piece)
                except OSError: pass

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, daemon=True).start()
            reason = self.push(f"http://127.0.0.1:{listener.getsockname()[1]}", *more, code=1)["reason"]
            listener.shutdown(socket.SHUT_RDWR)
        return reason

    def test_what_is_no_receiver_is_named(self):
        self.logs(100)
        head = b"HTTP/1.1 200 OK\r\n"
        def endless():
            yield head + b"Transfer-Encoding: chunked\r\n\r\n"
            while True: yield b"10000\r\n" + b"x" * 65536 + b"\r\n"
        def slow():
            yield head + b"Content-Length: 1000\r\n\r\n"
            while True:
                yield b"t"
                time.sleep(0.2)
        self.assertIn("no receiver of logs", self.lie(endless))
        self.assertIn("no receiver of logs", self.lie(lambda: [b"SSH-2.0-OpenSSH_9.2\r\n"] * 50))
        self.assertIn("no receiver of logs", self.lie(lambda: [head + b"Content-Length: 6\r\n\r\n<html>"]))
        self.assertIn("elsewhere", self.lie(lambda: [b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n"]))
        self.assertIn("before the deadline", self.lie(slow, "--deadline", "2s"))

    def test_a_receiver_that_is_full_says_so_and_goes_on_later(self):
        logs = self.logs(60_000)
        gateway = self.gateway(more=", source_bytes: 70KiB")
        self.assertGreater(sum(map(len, logs)), 70 << 10)
        self.assertIn("full", self.push(gateway.url, code=1)["reason"])
        gateway.kill(signal.SIGTERM)
        gateway = self.gateway()
        self.push(gateway.url)
        self.assertEqual(sorted(gateway.files().values()), sorted(logs))


os.umask(0o077)
print(f"seed {SEED}")
sys.argv[1:] = []
unittest.main()
