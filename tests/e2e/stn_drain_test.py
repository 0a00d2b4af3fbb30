"""Goal: a gateway that is stopped by SIGTERM under load loses no task of its clients, none is carried out twice, and they are on the
other gateway before it ends.
Method: two real gateways on loopback; clients that send tasks without a key, which may not be sent twice, at a steady rate. What
each gateway has carried out it counts itself.

usage: stn_drain_test.py PROGRAM FOLDER PLUGINS
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from loopback import fail, free_port, listens, running, tell_where, wait_until

program, folder, plugins = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
clients, count, rate = 4, 640, 80  # Eight seconds: longer than it takes until all have moved.
tell_where(str(folder))


def write_gateway(name, port, extra=""):
    (folder / f"{name}.yaml").write_text(f'tharsis: 1\nplugins:\n  gateway: {{ listen: "tcp://127.0.0.1:{port}", work: 20ms{extra} }}\n')


def start(name, port):
    out = open(folder / f"{name}.txt", "ab")
    process = subprocess.Popen([program, "run", str(folder / f"{name}.yaml"), "--metrics", "--state", str(folder / name), "--plugins", plugins],
                               stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    running.append(process)
    wait_until(f"gateway {name}", lambda: listens(port), within=30)
    return process


def message(text):
    """SendMessageRequest of Mars' sample: token, from, to, text, topic, each a string."""
    fields = ["", "ann", "all", text, "none"]
    return b"".join(bytes([(i + 1) << 3 | 2, len(f)]) + f.encode() for i, f in enumerate(fields))


def send(number, port):
    (folder / "body").write_bytes(message("hello"))
    process = subprocess.Popen([program, "stn", "send", f"tcp://127.0.0.1:{port}", "--command", "3", "--body-file", str(folder / "body"), "--count", str(count),
                                "--rate", str(rate), "--json", "--state", str(folder / f"client{number}"), "--plugins", plugins],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.append(process)
    return process


def carried_out(name):
    for line in reversed((folder / f"{name}.txt").read_text(errors="replace").splitlines()):
        words = line.split()
        if len(words) > 1 and words[0] == "messages":
            return int(words[1])
    fail(f"gateway {name} told of no messages")


def stop(process):
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=30) != 0:
        fail("a gateway ended badly")
    running.remove(process)


def check_clients(senders):
    for s in senders:
        out, err = s.communicate(timeout=60)
        running.remove(s)
        told = json.loads(out.splitlines()[-1])
        if s.returncode != 0 or told["ok"] != count:
            fail(f"a client lost tasks: {out} {err}")


def drain_under_load():
    first, second = free_port(), free_port()
    write_gateway("first", first, f', drain: {{ within: 4s, to: ["tcp://127.0.0.1:{second}"] }}')
    write_gateway("second", second)
    one, other = start("first", first), start("second", second)
    senders = [send(i, first) for i in range(clients)]
    time.sleep(2)
    begun = time.monotonic()
    stop(one)
    took = time.monotonic() - begun
    if took > 3.8:  # Each goes at a moment of its own within three quarters of the time.
        fail(f"the clients had not gone before the time was over: {took:.1f} s")
    check_clients(senders)
    stop(other)
    here, there = carried_out("first"), carried_out("second")
    print(f"drained in {took:.1f} s: {here} tasks on the first gateway, {there} on the second")
    if here + there != clients * count:
        fail(f"{here} + {there} tasks were carried out, not {clients * count}")
    if here == 0 or there == 0:
        fail("all tasks were carried out by one gateway")


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    drain_under_load()


main()
