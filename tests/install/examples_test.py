#!/usr/bin/env python3
"""Goal: the example plugins build against an installed Tharsis and do what they are for: Prometheus reads the metrics, a verdict of
sdt arrives at a web address, and each bears the bench. examples_test.py BUILD FOLDER"""
import http.client
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).parents[1] / "e2e"))
from loopback import free_port

BUILD, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PREFIX = FOLDER / "tharsis"
PROGRAM = str(PREFIX / "bin/tharsis")
PATIENCE = 30  # seconds


def build(name):
    source, into = PREFIX / "share/tharsis/examples" / name, FOLDER / name
    subprocess.run(["cmake", "-S", source, "-B", into, "-D", f"CMAKE_PREFIX_PATH={PREFIX}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", into], check=True, stdout=subprocess.DEVNULL)
    bench = subprocess.run([PROGRAM, "validate-plugin", into / "plugins" / name], capture_output=True, text=True)
    assert bench.returncode == 0, bench.stdout + bench.stderr
    return into / "plugins" / name


def run(profile):
    path = FOLDER / "profile.yaml"
    path.write_text("tharsis: 1\nplugins:\n" + profile)
    return subprocess.Popen([PROGRAM, "run", path, "--for", f"{PATIENCE}s", "--state", FOLDER / "state"])


def answer_of(port, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def prometheus():
    port = free_port()
    running = run(f"  prometheus: {{ path: '{build('prometheus')}', listen: '127.0.0.1:{port}' }}\n  hello: {{ greeting: hi }}\n")
    try:
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                status, kind, text = answer_of(port, "GET", "/metrics")
                break
            except OSError:
                assert time.monotonic() < ends and running.poll() is None, "nobody listens"
                time.sleep(0.05)
        assert status == 200 and kind.startswith("text/plain; version=0.0.4"), (status, kind)
        assert 'tharsis_starts_total{plugin="hello"} 1\n' in text, text
        assert "# TYPE tharsis_scrapes_total counter\n" in text, text
        for line in text.splitlines():  # A name, labels and a number, or a comment; every family is told of once.
            assert line.startswith("# ") or (line.startswith("tharsis_") and float(line.rsplit(" ", 1)[1]) >= 0), line
        heads = [line for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(heads) == len(set(heads)) > 5, heads
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
        assert answer_of(port, "GET", "/")[0] == 404
        assert answer_of(port, "DELETE", "/metrics")[0] == 405
    finally:
        running.terminate()
        running.wait()


def webhook():
    came = []

    class hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            came.append((self.path, self.headers["Content-Type"], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Nobody listens there, so that sdt has its verdict maybe before the webhook listens, whose place in the profile is the last.
    running = run(f"  sdt: {{}}\n  stn: {{ links: {{ main: {{ endpoints: ['tcp://127.0.0.1:{free_port()}'] }} }} }}\n"
                  f"  webhook: {{ path: '{build('webhook')}', url: 'http://127.0.0.1:{server.server_port}/verdict' }}\n")
    try:
        ends = time.monotonic() + PATIENCE
        while not came:
            assert time.monotonic() < ends and running.poll() is None, "no verdict has come"
            time.sleep(0.05)
        path, kind, verdict = came[0]
        assert (path, kind) == ("/verdict", "application/json"), (path, kind)
        assert verdict["link"] == "main" and verdict["verdict"] and verdict["confidence"] >= 50 and verdict["headline"], verdict
    finally:
        running.terminate()
        running.wait()
        server.shutdown()


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
subprocess.run(["cmake", "--install", BUILD, "--prefix", PREFIX], check=True, stdout=subprocess.DEVNULL)
prometheus()
webhook()
print("the examples do what they are for")
