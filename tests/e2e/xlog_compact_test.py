"""Goal: `tharsis xlog compact` leaves all that a reader can see as it was, also when it is killed whenever that is; and
what it leaves behind then is gone after the next run.
Method: a file of many small blocks; the lines of it before and after, as JSON; kill -9 after a drawn time, again and again.
The seed is printed.

    xlog_compact_test.py TOOL FOLDER DEATHS [SEED]"""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import time


def run(*words, code=0):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"{' '.join(map(str, words))} ended with {done.returncode}, not {code}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


class Stage:
    def __init__(self, tool, folder):
        self.tool, self.logs, self.first, self.folder, self.key = tool, folder / "logs", folder / "first", folder, []
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.write()

    def write(self, *more):
        shutil.rmtree(self.first, ignore_errors=True)
        # In mode sync each line is a block of its own.
        run(self.tool, "xlog", "write", self.first, "--lines", "3000", "--set", "mode=sync", "--set", "compact=never", *more)
        self.begin()

    def begin(self):
        shutil.rmtree(self.logs, ignore_errors=True)
        shutil.copytree(self.first, self.logs)

    def lines(self):
        return run(self.tool, "xlog", "cat", "--json", *self.key, self.logs)

    def compact(self, *words):
        return [json.loads(line) for line in run(self.tool, "xlog", "compact", "--json", *self.key, *words, self.logs).splitlines()]

    def bytes(self):
        return sum(path.stat().st_size for path in self.logs.iterdir())

    def names(self):
        return sorted(path.name for path in self.logs.iterdir())


def expect(is_so, what):
    if not is_so:
        sys.exit(what)


def at_peace(stage):
    lines, before, names = stage.lines(), stage.bytes(), stage.names()
    expect(lines.count("\n") >= 3000, "the log has too few lines")
    dry = stage.compact("--dry-run")
    expect([one["result"] for one in dry] == ["worth it"] and stage.bytes() == before, f"--dry-run did or said something else: {dry}")
    done = stage.compact()
    expect([one["result"] for one in done] == ["compacted"], f"nothing was compacted: {done}")
    expect(done[0]["bytes_before"] == before and done[0]["bytes"] == stage.bytes(), f"its figures are others: {done}")
    expect(stage.bytes() * 4 < before, f"{before} bytes became {stage.bytes()}")
    expect(stage.lines() == lines, "the lines are others than before")
    expect(stage.names() == names, f"there are other files than before: {stage.names()}")
    run(stage.tool, "xlog", "verify", *stage.key, stage.logs)
    expect([one["result"] for one in stage.compact()] == ["left"], "it was compacted twice")


def killed(stage, chance, count):
    stage.begin()
    begun = time.monotonic()
    stage.compact()
    longest = time.monotonic() - begun
    stage.begin()
    lines, names = stage.lines(), stage.names()
    left = 0
    for _ in range(count):
        stage.begin()
        with subprocess.Popen([stage.tool, "xlog", "compact", *stage.key, stage.logs], stdout=subprocess.DEVNULL) as victim:
            time.sleep(chance.uniform(0, longest))
            victim.kill()
        left += stage.names() != names
        expect(stage.lines() == lines, "lines are lost or doubled by a death")
        run(stage.tool, "xlog", "verify", *stage.key, *stage.logs.glob("*.tlog"))
        stage.compact()
        expect(stage.lines() == lines and stage.names() == names, f"something is left after the next run: {stage.names()}")
    return left


def sealed(stage):
    key = stage.folder / "key"
    run(stage.tool, "xlog", "keygen", key)
    stage.write("--set", f"encrypt.to=[{key}.pub]")
    expect([one["result"] for one in stage.compact()] == ["left"], "a sealed file was compacted without its key")
    stage.key = ["--key", key]


def main():
    tool, folder, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
    stage = Stage(tool, folder)
    at_peace(stage)
    left = killed(stage, random.Random(seed), count)
    sealed(stage)
    at_peace(stage)
    left += killed(stage, random.Random(seed), count)
    print(f"{2 * count} deaths, {left} of them left an unfinished file (seed {seed})")
    shutil.rmtree(folder)


main()
