"""A peer's client and its server, on loopback: what is said at the end adds up, and bad luck is got over.

client_test.py FOLDER_OF_PROGRAMS PEER tcp|tcps [FLAG...]
The server has an address of its own, so that nobody takes its port while it is dead.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

from echo_server import echo_server

RATE, DEADLINE = 50, 60
BODY = bytes(range(256)) * 4


def own_address(twin=0):
    pid = os.getpid()
    return f"127.{64 * (twin + 1) + (pid >> 16) % 64}.{pid >> 8 & 255}.{max(1, pid & 255)}"


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Peer:
    def __init__(self, programs, peer, scheme, flags, folder):
        self.program, self.flags = os.path.join(programs, f"lab_client_{peer}"), flags
        self.address = own_address()
        self.server = echo_server(peer, programs, folder, self.address, free_port(self.address), tls=scheme == "tcps")
        self.body_file = os.path.join(folder, "body")
        with open(self.body_file, "wb") as file:
            file.write(BODY)

    def start_client(self, endpoints, count, *more):
        return subprocess.Popen(
            [self.program, *endpoints, "--body-file", self.body_file, *self.server.trust, "--count", str(count),
             "--rate", str(RATE), "--deadline", f"{DEADLINE}s", *self.flags, *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcome_of(client):
    out, said = client.communicate()
    if client.returncode not in (0, 1):
        raise AssertionError(f"exit code {client.returncode}: {said}")
    outcome = json.loads(out.splitlines()[-1])
    print(json.dumps(outcome))
    return client.returncode, outcome


def expect(claim, holds, outcome):
    if not holds:
        raise AssertionError(f"not so: {claim}; {outcome}")


def check(code, outcome, count):
    expect("every request was sent", outcome["sent"] == count, outcome)
    expect("every request has one end", outcome["ok"] + outcome["failed"] == count, outcome)
    expect("every failure has a reason", sum(outcome["reasons"].values()) == outcome["failed"], outcome)
    expect("no answer was wrong", "wrong answer" not in outcome["reasons"], outcome)
    expect("the exit code tells", code == (0 if outcome["failed"] == 0 else 1), outcome)
    latencies = [outcome[name] for name in ("p50_us", "p95_us", "p99_us", "max_us")]
    expect("percentiles grow", latencies == sorted(latencies) and latencies[-1] <= DEADLINE * 1_000_000, outcome)
    carried = min(outcome["bytes_sent"], outcome["bytes_received"])
    expect("what was answered was carried both ways", carried >= outcome["ok"] * len(BODY), outcome)


def the_server_dies_and_comes_back(peer):
    """The client is stopped meanwhile: how long a server needs to start does not matter."""
    count = 100
    peer.server.start()
    client = peer.start_client([peer.server.endpoint], count)
    if not any(said.startswith("first answer after ") for said in client.stderr):
        raise AssertionError("the client ended without an answer")
    client.send_signal(signal.SIGSTOP)
    peer.server.kill()
    peer.server.start()
    client.send_signal(signal.SIGCONT)
    code, outcome = outcome_of(client)
    check(code, outcome, count)
    expect("the client connected again", outcome["connects"] >= 2, outcome)
    expect("it went on", outcome["ok"] > count / 4, outcome)


def the_first_address_is_dead(peer):
    count = 20
    peer.server.start()
    dead = peer.server.endpoint.replace(peer.address, own_address(twin=1))
    code, outcome = outcome_of(peer.start_client([dead, peer.server.endpoint], count))
    check(code, outcome, count)
    expect("all were answered", outcome["ok"] == count, outcome)


def nobody_is_there(peer):
    code, outcome = outcome_of(peer.start_client([peer.server.endpoint], 1, "--deadline", "100ms"))
    check_that_all_failed(code, outcome, 1)


def the_server_is_silent(peer):
    """A kernel that takes connections, and nobody behind it; more than the kernel takes from a sender at once."""
    with socket.create_server((peer.address, peer.server.port)):
        with open(peer.body_file, "wb") as file:
            file.write(bytes(4 << 20))
        code, outcome = outcome_of(peer.start_client([peer.server.endpoint], 3, "--deadline", "300ms"))
    check_that_all_failed(code, outcome, 3)
    expect("their deadlines said so", outcome["reasons"] == {"deadline": 3}, outcome)


def check_that_all_failed(code, outcome, count):
    expect("the exit code tells", code == 1, outcome)
    expect("they failed", (outcome["ok"], outcome["failed"]) == (0, count), outcome)
    expect("every failure has a reason", sum(outcome["reasons"].values()) == count, outcome)
    expect("there is no latency", outcome["p50_us"] is None and outcome["first_answer_us"] is None, outcome)


def main(programs, peer, scheme, *flags):
    for claim in (the_server_dies_and_comes_back, the_first_address_is_dead, nobody_is_there, the_server_is_silent):
        with tempfile.TemporaryDirectory() as folder:
            one = Peer(programs, peer, scheme, flags, folder)
            try:
                claim(one)
            finally:
                one.server.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
