"""Goal: on a disk that is really full a running log removes what is missed least and writes on; when nothing may go it keeps
what comes in its rings, more of the warnings than of other lines; when there is room again it goes on by itself, and says
exactly how many lines are missing.
Method: a tmpfs of some MiB in a mount namespace of our own, a program that logs noise into it, and a ballast file.

    xlog_full_disk_test.py PROGRAM PLUGINS TEST_PLUGINS FOLDER"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import time

SKIPPED = 77
FILE_SIZE = 256 << 10
DISK = 6 << 20
NOISE = 1000


def enter_namespace():
    """Comes back inside it, or ends as skipped."""
    probe = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        print(f"skipped: no user and mount namespace can be made here: {probe.stderr.strip()}")
        sys.exit(SKIPPED)
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-B", *sys.argv, "inside"])


class Stage:
    def __init__(self, program, plugins, test_plugins, folder):
        self.program, self.plugins, self.folder = program, ["--plugins", plugins], pathlib.Path(folder)
        self.all_plugins = [*self.plugins, "--plugins", test_plugins]
        self.disk = self.folder / "disk"
        self.disk.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.disk)], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            print(f"skipped: no tmpfs can be mounted here: {mounted.stderr.strip()}")
            sys.exit(SKIPPED)
        self.log = self.disk / "log"
        self.rings = 0  # Bytes that the rings of a process take.
        self.threads_with_ring = 2

    def start(self, says, lines, more="", wait="1m"):
        profile = self.folder / "profile.yaml"
        profile.write_text(
            "tharsis: 1\nplugins:\n"
            f"  xlog: {{ directory: {self.log}, file_size: 256KiB, ring_size: 64KiB, rings: {self.threads_with_ring}, keep_at_least: 2, full_wait: {wait},"
            f" retry_min: 20ms, retry_max: 100ms, interval: 50ms, compact: never{more} }}\n"
            f"  speaker: {{ burst: {lines}, noise: {NOISE}, says: {says}, flush_each: 20, start_deadline: 5m, stall_limit: 5m }}\n")
        words = [self.program, "run", str(profile), *self.all_plugins, "--state", str(self.folder / "state")]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=(self.folder / "stderr").open("w"), text=True)

    def said(self, process):
        line = process.stdout.readline()
        expect("said" in line, f"it did not say all its lines: {line} {(self.folder / 'stderr').read_text()[-1000:]}")

    def stop(self, process):
        self.rings = sum(path.stat().st_blocks * 512 for path in self.log.glob("*.ring"))
        process.terminate()
        expect(process.wait() == 0, f"it ended with {process.returncode}: {(self.folder / 'stderr').read_text()[-1000:]}")

    def files(self):
        return sorted(self.log.glob("*.tlog"), key=lambda path: (len(path.name), path.name))

    def objects(self, *paths):
        done = subprocess.run([self.program, "xlog", "cat", "--json", *map(str, paths), *self.plugins], capture_output=True, text=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def leave_free(self, room):
        """For log files, beside the rings of the next process."""
        disk = os.statvfs(self.disk)
        ballast = self.disk / "ballast"
        ballast.write_bytes(bytes(disk.f_bavail * disk.f_frsize - self.rings - room))
        return ballast


def expect(is_so, what):
    if not is_so:
        sys.exit(what)


def until(is_so, what):
    end = time.monotonic() + 120
    while not is_so():
        expect(time.monotonic() < end, f"within two minutes {what}")
        time.sleep(0.05)


def numbers(objects, level=None):
    said = [(o["level"], re.match(r"noise (\d+) ", o["text"])) for o in objects if o["plugin"] == "speaker"]
    return [int(found[1]) for of, found in said if found and level in (None, of)]


def evicts_what_is_missed_least(stage):
    """The oldest file has errors; of the others the oldest goes first."""
    for says in ("error", "info", "info"):
        process = stage.start(says, 150)
        stage.said(process)
        stage.stop(process)
    first = [path for path in stage.files() if path.stat().st_size > NOISE]
    expect(len(first) == 3, f"there are other files than three: {first}")
    ballast = stage.leave_free(FILE_SIZE)
    process = stage.start("info", 380)
    stage.said(process)
    until(lambda: not first[1].exists(), "the oldest file with infos alone did not go")
    expect(first[0].exists(), "the file with errors went before others")
    stage.stop(process)
    ballast.unlink()
    kept = numbers(stage.objects(stage.log))
    expect(set(range(380)) <= set(kept), f"lines are missing although a file could go: {stage.losses()}")
    for path in stage.files():
        path.unlink()


def keeps_what_fits_and_counts_the_rest(stage):
    """Nothing may go: there are only the two newest files, and the one that is written."""
    count = 3000
    ballast = stage.leave_free(3 * FILE_SIZE)
    process = stage.start("both", count, ", make_room: false", "5ms")
    stage.said(process)
    until(lambda: "below warning have half" in (stage.folder / "stderr").read_text(), "it did not say that warnings get what is left")
    expect(process.poll() is None, "it died of a full disk")
    ballast.unlink()
    until(lambda: stage.losses(), "it did not tell what was lost, or did not come back")
    stage.stop(process)
    there = stage.objects(stage.log)
    lost = collections.Counter()
    for level, number in stage.losses():
        lost[level] += number
    for level, share in (("info", 0), ("warning", 1)):
        kept = numbers(there, level)
        expect(len(kept) == len(set(kept)), f"lines of level {level} are there twice")
        expect(kept == sorted(kept), f"lines of level {level} are not in order")
        expect(len(kept) + lost[level] == count // 2, f"{level}: {len(kept)} are there and {lost[level]} said to be lost, of {count // 2}")
        expect(all(number % 2 == share for number in kept), f"lines of another level than {level}")
    expect(lost["info"] > 0, "nothing was lost: nothing was tested")
    expect(lost["warning"] < lost["info"], f"as many warnings are lost as infos: {lost}")
    # What a full disk ended has no last frame; else all is whole.
    verified = subprocess.run([stage.program, "xlog", "verify", "--json", str(stage.log), *stage.plugins], capture_output=True, text=True, check=False)
    wrong = [d["why"] for line in verified.stdout.splitlines() for d in json.loads(line)["damage"]]
    expect(all(why.startswith("the file ends before its last frame") for why in wrong), f"files are damaged: {wrong}")


def losses(stage):
    """(level, how many) of each note that tells of them."""
    notes = [o["text"] for o in stage.objects(stage.log) if o["plugin"] == "xlog" and "lost before this" in o["text"]]
    return [(level, int(number)) for note in notes for number, level in re.findall(r"(\d+) (\w+) of speaker", note)]


Stage.losses = losses


def main():
    if sys.argv[-1] != "inside":
        enter_namespace()
    stage = Stage(*sys.argv[1:5])
    # With one ring it is xlog's own thread's, and all others wait for room in the one that they share.
    for stage.threads_with_ring in (2, 1):
        evicts_what_is_missed_least(stage)
        keeps_what_fits_and_counts_the_rest(stage)
        for path in stage.files():
            path.unlink()
    print("a full disk loses what it says, and no more")


main()
