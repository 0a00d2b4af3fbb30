"""Goal: no line whose call has come back is lost, doubled or torn when its process is killed, whenever that is; and sealed
logs show nothing to whoever has no key.
Method: `tharsis xlog write` is killed at a random moment, `tharsis xlog recover` keeps what it left, `tharsis xlog cat`
reads all of it, and the count of calls that the dead process kept in a mapped file is compared. The seed is printed.

    xlog_kill_test.py TOOL FOLDER DEATHS [SEED]"""

import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

TOOL, FOLDER, DEATHS = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
# A sanitizer would make an exit of these signals' deaths.
PLAIN_DEATH = {**os.environ, "ASAN_OPTIONS": "handle_segv=0:handle_abort=0:" + os.environ.get("ASAN_OPTIONS", "")}
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)


def tool(*words):
    return [TOOL, "xlog", *map(str, words), "--state", str(FOLDER / "state")]


def said(*words):
    return subprocess.run(tool(*words), capture_output=True, timeout=120, check=False)


def acknowledged():
    counts = (FOLDER / "acked").read_bytes()
    return [value for (value,) in struct.iter_unpack("<Q", counts)]


def wait_for_first_line(process):
    while process.poll() is None and not ((FOLDER / "acked").exists() and any(acknowledged())):
        time.sleep(0.001)


def die(chance, sealed):
    """One process that logs and is killed; answers what it acknowledged."""
    threads = chance.choice((1, 2, 4, 8))
    words = ["write", FOLDER / "log", "--threads", threads, "--lines", 100_000_000, "--acked", FOLDER / "acked"]
    if chance.random() < 0.7:
        words += ["--rate", 30_000]  # The others go as fast as it goes, so that the file is written all the time.
    if sealed:
        words += ["--set", f"encrypt.to=[{FOLDER}/key.pub]"]
    process = subprocess.Popen(tool(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=PLAIN_DEATH)
    wait_for_first_line(process)
    time.sleep(chance.uniform(0, 0.06))  # The moment of its death; nothing waits for this to be long enough.
    process.send_signal(chance.choice(SIGNALS))
    _, complaints = process.communicate(timeout=60)
    if process.returncode >= 0:
        raise AssertionError(f"it ended by itself with {process.returncode}: {complaints.decode()}")
    return acknowledged()


def check_plaintext():
    for path in (FOLDER / "log").iterdir():
        if b"line " in path.read_bytes():
            yield f"{path.name} holds what was logged in the clear"


def check_lines(output, acked):
    """Each thread's lines are 0, 1, 2 ... and as many as were acknowledged, at least."""
    next_of = [0] * len(acked)
    for line in output.decode().splitlines():
        words = line.split(" ")
        if words[4:5] != ["line"] or len(words) != 7:
            yield f"this line is none of ours: {line[:120]}"
            continue
        thread, number = int(words[5]), int(words[6])
        if number != next_of[thread]:
            yield f"thread {thread}: line {number} where {next_of[thread]} belongs"
        next_of[thread] = number + 1
    for thread, count in enumerate(acked):
        if next_of[thread] < count:
            yield f"thread {thread}: {next_of[thread]} lines of {count} that were acknowledged"


def one_death(number):
    chance = random.Random(f"{SEED} {number}")
    sealed = number % 2 == 1
    shutil.rmtree(FOLDER / "log", ignore_errors=True)
    (FOLDER / "acked").unlink(missing_ok=True)
    acked = die(chance, sealed)
    wrong = list(check_plaintext()) if sealed else []
    seal = ["--set", f"encrypt.to=[{FOLDER}/key.pub]"] if sealed else []
    recovered = said("recover", FOLDER / "log", *seal)
    if recovered.returncode != 0:
        wrong.append("recover: " + recovered.stderr.decode())
    read = said("cat", FOLDER / "log", *(["--key", FOLDER / "key"] if sealed else []))
    wrong += list(check_lines(read.stdout, acked))
    if wrong:
        kept = FOLDER / f"death_{SEED}_{number}"
        shutil.copytree(FOLDER / "log", kept, dirs_exist_ok=True)
        print(f"death {number} of seed {SEED}: {len(wrong)} things are wrong; its files are in {kept}")
        print("\n".join(wrong[:10]), read.stderr.decode()[:2000], sep="\n")
        sys.exit(1)
    return sum(acked)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    if said("keygen", FOLDER / "key").returncode != 0:
        sys.exit("no key could be made")
    lines = sum(one_death(number) for number in range(DEATHS))
    print(f"{DEATHS} deaths, {lines} lines acknowledged, none lost, doubled or torn (seed {SEED})")
    shutil.rmtree(FOLDER)


os.umask(0o077)
main()
