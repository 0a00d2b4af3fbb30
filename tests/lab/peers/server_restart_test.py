"""A peer's client while its server dies and comes back: every request has one end, and the client recovers.

server_restart_test.py FOLDER_OF_PROGRAMS PEER [FLAG...]
The server is killed when the client says that it has the first answer. It has a loopback address of its own,
so that nobody takes its port while it is dead.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile

from echo_server import echo_server

COUNT, RATE, DEADLINE = 150, 50, 10
BODY = bytes(range(256)) * 4


def own_address():
    pid = os.getpid()
    return f"127.{64 + (pid >> 16) % 128}.{pid >> 8 & 255}.{max(1, pid & 255)}"


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def run(programs, peer, flags, folder):
    address = own_address()
    server = echo_server(peer, programs, folder, address, free_port(address), tls="--http2" in flags)
    body_file = os.path.join(folder, "body")
    with open(body_file, "wb") as file:
        file.write(BODY)
    server.start()
    try:
        client = subprocess.Popen(
            [os.path.join(programs, f"lab_client_{peer}"), server.endpoint, "--body-file", body_file, *server.trust,
             "--count", str(COUNT), "--rate", str(RATE), "--deadline", f"{DEADLINE}s", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = client.stderr.readline()
        if not said.startswith("first answer after "):
            raise AssertionError(f"no answer before the server died: {said}{client.stderr.read()}")
        server.kill()
        server.start()
        out, _ = client.communicate()
        return client.returncode, json.loads(out.splitlines()[-1])
    finally:
        server.kill()


def check(code, outcome):
    def expect(claim, holds):
        if not holds:
            raise AssertionError(f"not so: {claim}; exit code {code}, {outcome}")

    expect("every request was sent", outcome["sent"] == COUNT)
    expect("every request has one end", outcome["ok"] + outcome["failed"] == COUNT)
    expect("every failure has a reason", sum(outcome["reasons"].values()) == outcome["failed"])
    expect("the exit code tells", code == (0 if outcome["failed"] == 0 else 1))
    expect("the client connected again", outcome["connects"] >= 2)
    expect("no answer was wrong", "wrong answer" not in outcome["reasons"])
    latencies = [outcome[name] for name in ("p50_us", "p95_us", "p99_us", "max_us")]
    expect("percentiles grow", latencies == sorted(latencies) and latencies[-1] <= DEADLINE * 1_000_000)
    expect("what was answered was carried both ways",
           min(outcome["bytes_sent"], outcome["bytes_received"]) >= outcome["ok"] * len(BODY))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        result = run(sys.argv[1], sys.argv[2], sys.argv[3:], scratch)
        check(*result)
        print(json.dumps(result[1]))
