"""Processes that log and are killed: `tharsis xlog write` ends at a random moment, `tharsis xlog recover` keeps what it
left, `tharsis xlog cat` reads all of it, and the count of calls that the dead process kept in a mapped file is compared.
Before that, some who recover or start to log themselves may be killed at collecting it."""

import dataclasses
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time

# A sanitizer would make an exit of these signals' deaths.
PLAIN_DEATH = {**os.environ, "ASAN_OPTIONS": "handle_segv=0:handle_abort=0:" + os.environ.get("ASAN_OPTIONS", "")}
RECORDED = ["--set", "level=warning", "--set", 'flight={"*": verbose}', "--set", "flight_size=64KiB"]
RECORDED_AT_LEAST = 900  # Lines of at most 64 bytes, in 64 KiB that give way in pieces.
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
# Two records of one thread, one behind the other, as they stand in a ring: bytes, site; clock; thread, number; what fills up.
RECORDS = re.compile(rb"(?s)(\x20\0\0\0.\0\0\0).{8}(.{4})(.{8}).{4}\1.{8}\2(.{8})")


@dataclasses.dataclass
class Death:
    """One of them, and what is wrong with what it left."""

    number: int
    signal: signal.Signals
    sealed: bool
    recorded: bool  # Its lines wait for an error (the setting `flight`): the last ones must be there.
    threads: int
    acknowledged: int = 0  # Lines whose calls had come back.
    missing: int = 0  # Of these.
    doubled: int = 0
    torn: int = 0  # What was read and never said.
    disordered: int = 0  # Lines that do not follow the one before.
    plaintext: int = 0  # Sealed files that show a line.
    recoverers: int = 0  # More processes that were killed, while they collected what this one left.
    shown: int = 0  # Plain log files that show recovered records as they stood in a ring.
    wrong: list = dataclasses.field(default_factory=list)  # The same in sentences.


class Deaths:
    def __init__(self, tool, folder, seed, paced, recorded=0, recoverers=0):
        """`paced`: how many of ten go at 30,000 lines a second; the others as fast as it goes. `recorded`: every so many
        deaths one whose lines are recorded only. `recoverers`: so many, at most, are killed at collecting what it left."""
        self.program, self.folder, self.seed, self.paced, self.recorded = tool, folder, seed, paced, recorded
        self.recoverers, self.usual = recoverers, 0.1  # So long a recovery took last time, in seconds.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self.said("keygen", folder / "key").returncode != 0:
            raise SystemExit("no key could be made")

    def tool(self, *words):
        return [self.program, "xlog", *map(str, words), "--state", str(self.folder / "state")]

    def said(self, *words):
        return subprocess.run(self.tool(*words), capture_output=True, timeout=120, check=False)

    def one(self, number):
        """The same for the same seed, but for the moment."""
        chance = random.Random(f"{self.seed} {number}")
        recorded = self.recorded > 0 and number % self.recorded == self.recorded - 1
        death = Death(number, chance.choice(SIGNALS), number % 2 == 1, recorded, chance.choice((1, 2, 4, 8)))
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        (self.folder / "acked").unlink(missing_ok=True)
        acknowledged = self._die(death, chance)
        death.acknowledged = sum(acknowledged)
        seal = ["--set", f"encrypt.to=[{self.folder}/key.pub]"] if death.sealed else []
        self._look_for_plaintext(death, acknowledged)
        for _ in range(chance.randint(0, self.recoverers)):
            self._die_recovering(death, chance, seal)
        begun = time.monotonic()
        recovered = self.said("recover", self.folder / "log", *seal)
        self.usual = time.monotonic() - begun
        if recovered.returncode != 0 or any((self.folder / "log").glob("*.ring*")):
            death.wrong.append("recover fails, or leaves something behind: " + recovered.stderr.decode())
        self._look_for_plaintext(death, acknowledged)
        read = self.said("cat", self.folder / "log", *(["--key", self.folder / "key"] if death.sealed else []))
        if read.returncode != 0:  # That a file has no end is said, and is no fault.
            death.wrong.append(f"cat ended with {read.returncode}: {read.stderr.decode()[:1000]}")
        compare(death, read.stdout, acknowledged)
        return death

    def keep(self, death):
        """A copy of its files, to be looked at."""
        kept = self.folder / f"death_{self.seed}_{death.number}"
        shutil.copytree(self.folder / "log", kept, dirs_exist_ok=True)
        return kept

    def _die(self, death, chance):
        """Answers what each thread acknowledged."""
        words = ["write", self.folder / "log", "--threads", death.threads, "--lines", 100_000_000, "--acked", self.folder / "acked"]
        if chance.random() * 10 < self.paced:
            words += ["--rate", 30_000]
        if death.sealed:
            words += ["--set", f"encrypt.to=[{self.folder}/key.pub]"]
        if death.recorded:
            words += RECORDED
        process = subprocess.Popen(self.tool(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=PLAIN_DEATH)
        while process.poll() is None and not any(self._acknowledged()):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.06))  # The moment of its death; nothing waits for this to be long enough.
        process.send_signal(death.signal)
        _, complaints = process.communicate(timeout=60)
        if process.returncode >= 0:
            raise AssertionError(f"it ended by itself with {process.returncode}: {complaints.decode()}")
        return self._acknowledged()

    def _acknowledged(self):
        path = self.folder / "acked"
        return [count for (count,) in struct.iter_unpack("<Q", path.read_bytes())] if path.exists() else []

    def _die_recovering(self, death, chance, seal):
        """One that is killed while it collects what others left, unless it is done before."""
        starts = not death.recorded and chance.random() < 0.5
        process = subprocess.Popen(self.tool("write" if starts else "recover", self.folder / "log", *seal),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, self.usual))  # As above.
        process.kill()
        death.recoverers += process.wait(timeout=60) < 0

    def _look_for_plaintext(self, death, acknowledged):
        """In sealed files is none; in plain ones there must be some, or else the search is worth nothing."""
        files = {path: path.read_bytes() for path in (self.folder / "log").iterdir()}
        texts = [path for path, content in files.items() if b"line " in content]
        records = [path for path, content in files.items() if any(map(follows, RECORDS.finditer(content)))]
        if death.sealed:
            death.plaintext += len({*texts, *records})
            death.wrong += [f"{path.name} holds what was logged in the clear" for path in {*texts, *records}]
            return
        death.shown += sum(path.suffix == ".tlog" for path in records)
        rings = [path for path in files if path.suffix == ".ring"]
        if not texts or (rings and max(acknowledged) > 2 and not set(records) & set(rings)):
            death.wrong.append("what is plain is not found")


def follows(records):
    """Whether the second one's number is the next."""
    first, second = (int.from_bytes(records[group], "little") for group in (3, 4))
    return second == first + 1


def compare(death, output, acknowledged):
    """Each thread's lines are 0, 1, 2 ... and as many as were acknowledged, at least. Of those that were recorded the first
    may be missing, once all threads together have more of them than there is room for."""
    first = None if death.recorded else 0  # Of those that must be there: whichever is the first.
    expected = [first] * len(acknowledged)
    found = 0
    starters = set()  # Threads of the system that said the first line: of the dead process, then of those that began after it.
    skipped = [set() for _ in acknowledged]  # May come later.
    for line in output.decode(errors="replace").splitlines():
        words = line.split(" ")
        if words[4:5] != ["line"] or len(words) != 7 or not (words[5] + words[6]).isdigit() or int(words[5]) >= len(expected):
            death.torn += 1
            death.wrong.append(f"this line is none of ours: {line[:120]}")
            continue
        thread, number = int(words[5]), int(words[6])
        if not death.recorded and (thread, number) == (0, 0) and words[2] not in starters:
            starters.add(words[2])
            if len(starters) > 1:
                continue
        found += 1
        if expected[thread] is None:
            expected[thread] = number
        if number == expected[thread]:
            expected[thread] += 1
            continue
        death.wrong.append(f"thread {thread}: line {number} where {expected[thread]} belongs")
        if number > expected[thread]:
            death.disordered += 1
            skipped[thread].update(range(expected[thread], min(number, acknowledged[thread])))
            expected[thread] = number + 1
        elif number in skipped[thread]:
            death.disordered += 1
            skipped[thread].discard(number)
        else:
            death.doubled += 1
    if death.recorded and found < min(RECORDED_AT_LEAST, sum(acknowledged)):
        death.missing += min(RECORDED_AT_LEAST, sum(acknowledged)) - found
        death.wrong.append(f"{found} lines in all")
    for thread, count in enumerate(acknowledged):
        if expected[thread] is None:
            continue  # The others said so much that all of its lines gave way.
        lost = len(skipped[thread]) + max(0, count - expected[thread])
        death.missing += lost
        if lost:
            death.wrong.append(f"thread {thread}: {lost} lines of {count} that were acknowledged are missing")
