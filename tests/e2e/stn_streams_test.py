"""Goal: a file that goes up or comes down arrives whole, however often either process is killed on the way; a full disk is told,
and what is there stays for the next time.
Method: a real gateway and `tharsis stn upload` and `download` on loopback, killed with SIGKILL at drawn moments. The seed is printed.

usage: stn_streams_test.py PROGRAM FOLDER PLUGINS DEATHS [SEED]
"""
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from loopback import fail, free_port, listens, running, tell_where, wait_until

program, folder, plugins, deaths = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1 << 32)
chance = random.Random(seed)
tell_where(f"seed {seed}; {folder}")


port = free_port()
endpoint = f"tcp://127.0.0.1:{port}"


def start_gateway():
    process = subprocess.Popen([program, "run", str(folder / "gateway.yaml"), "--state", str(folder / "gateway"), "--plugins", plugins],
                               stdin=subprocess.DEVNULL, stdout=open(folder / "gateway.txt", "ab"), stderr=subprocess.STDOUT)
    running.append(process)
    wait_until("the gateway", lambda: listens(port))
    return process


def start_client(*words):
    process = subprocess.Popen([program, "stn", words[0], endpoint, *words[1:], "--json", "--plugins", plugins, "--state", str(folder / "client")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(folder / "client.txt", "ab"), text=True)
    running.append(process)
    return process


def ended(process, within=120):
    try:
        out, _ = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        fail("a client did not end")
    if not out.strip():
        fail("a client said nothing, see client.txt")
    return process.returncode, json.loads(out.strip().splitlines()[-1])


def carry(gateway, *words):
    """Until it is whole; the first attempts do not live long."""
    killed = [0, 0]
    for _ in range(deaths):
        client = start_client(*words)
        time.sleep(chance.uniform(0.05, 0.7))
        if chance.random() < 0.3:
            gateway.kill()
            gateway.wait()
            gateway = start_gateway()
            killed[1] += 1
            time.sleep(chance.uniform(0.1, 0.8))
        if client.poll() is None:
            client.kill()
            killed[0] += 1
        client.wait()
    code, report = ended(start_client(*words))
    if code != 0:
        fail(f"{words[0]} ended with {code}: {report}")
    return gateway, report, killed


def sum_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "gateway.yaml").write_text(
        f'tharsis: 1\nplugins:\n  gateway: {{ listen: "{endpoint}", plain: allowed, streams: {{ folder: {folder}/files, bytes: 100MiB }} }}\n')
    source = folder / "big.bin"
    source.write_bytes(chance.randbytes(12 << 20))
    gateway = start_gateway()
    gateway, up, killed = carry(gateway, "upload", str(source), "--rate", "6MiB/s")
    there = folder / "files" / "big.bin"
    if sum_of(there) != sum_of(source) or up["sha256"] != sum_of(source) or up["bytes"] != source.stat().st_size:
        fail(f"what is there is not what was sent: {up}")
    if there.stat().st_mode & 0o777 != 0o600:
        fail(f"others may read it: {oct(there.stat().st_mode)}")
    back = folder / "back.bin"
    gateway, down, killed_down = carry(gateway, "download", "big.bin", str(back), "--rate", "6MiB/s")
    if sum_of(back) != sum_of(source) or (folder / "back.bin.part").exists():
        fail(f"what came back is not what went: {down}")
    # More than may be kept, and less: what is there of the first stays.
    large = folder / "large.bin"
    with open(large, "wb") as f:
        f.truncate(200 << 20)
    code, full = ended(start_client("upload", str(large)))
    if code != 1 or full["status"] != "disk full" or "gateway.streams.bytes" not in full["reason"]:
        fail(f"a gateway without room said {full}")
    # What is left of an older one does not become the new one, which is empty.
    (folder / "files" / "empty.bin").write_bytes(b"")
    (folder / "empty.bin.part").write_bytes(b"of an older one")
    code, empty = ended(start_client("download", "empty.bin", str(folder / "empty.bin")))
    if code != 0 or (folder / "empty.bin").read_bytes() != b"":
        fail(f"of an empty file came {(folder / 'empty.bin').read_bytes()}: {empty}")
    # Two of one file: one of them is told, and the other one's is whole.
    both = folder / "both.bin"
    first = start_client("download", "big.bin", str(both), "--rate", "4MiB/s")
    wait_until("the first one's begin", (folder / "both.bin.part").exists)
    code, second = ended(start_client("download", "big.bin", str(both)))
    if code != 1 or "another process" not in second["reason"]:
        fail(f"a second download into the same file said {second}")
    code, _ = ended(first)
    if code != 0 or sum_of(both) != sum_of(source) or list(folder.glob("both.bin.*")):
        fail(f"beside a second one came {both.stat().st_size} bytes, and {list(folder.glob('both.bin.*'))} was left")
    code, nothing = ended(start_client("download", "no-such-file", str(folder / "x")))
    if code != 1 or nothing["status"] != "not found":
        fail(f"of a file that is not there it said {nothing}")
    halves = [p.name for p in (folder / "files" / ".halves").iterdir() if not p.name.endswith(".note")]
    if len(halves) > 1:
        fail(f"halves were left: {halves}")
    print(f"clients killed {killed[0]} and {killed_down[0]} times, the gateway {killed[1] + killed_down[1]}; up: {up['opens']} opens, {up['before']} bytes before. seed {seed}")
    for process in running:
        process.kill()


main()
