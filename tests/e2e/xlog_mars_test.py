"""Goal: what `tharsis xlog write` makes with format mars, text and json is what readers of others' read, each line once and
nothing in the clear that is not to be; what Mars wrote `tharsis xlog cat` reads; and a process that is killed loses no line
whose call has come back. Method: mars_files.py, which knows nothing of ours, reads and writes the files.

    xlog_mars_test.py TOOL FOLDER DEATHS"""

import datetime
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

import mars_files as mars

PRIVATE = 0xC0FFEE00000000000000000000000000000000000000000000000000DEADBEEF
PUBLIC = mars.public_of(PRIVATE)
OTHER = PRIVATE + 1
LINE = re.compile(
    rb"\[([VDIWEF])\]\[\d{4}-\d\d-\d\d [+-]\d+\.\d \d\d:\d\d:\d\d\.\d{3}\]\[(\d+), (\d+)(\*?)\]\[([^\]]*)\]\[([^:\]]*):(\d+), ([^\]]*)\]\[(.*)"
)
SAID = re.compile(r"line (\d+) (\d+)$")


class Tool:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def words(self, *words):
        return [self.program, "xlog", *map(str, words), "--state", str(self.folder / "state")]

    def run(self, *words, code=0, zone="UTC0"):
        done = subprocess.run(self.words(*words), capture_output=True, timeout=120, check=False, env={**os.environ, "TZ": zone})
        text = done.stderr.decode(errors="replace")
        expect(done.returncode == code, f"{' '.join(map(str, words))}: exit {done.returncode}, not {code}: {text}")
        return done.stdout.decode(errors="replace"), text

    def fresh(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return path


def expect(holds, what):
    if not holds:
        sys.exit(f"wrong: {what}")


def options(**settings):
    return [word for key, value in settings.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]


def pairs(lines):
    return sorted((int(m[1]), int(m[2])) for m in map(SAID.search, lines) if m)


def all_of(threads, lines):
    return [(t, n) for t in range(threads) for n in range(lines)]


def key_file(tool, private, name):
    path = tool.folder / name
    path.write_text(f"{private:064x}\n")
    path.chmod(0o600)
    return path


def check_records(records, compress, sealed, sync):
    number = 0
    for r in records:
        expect((r.magic in mars.ZSTD) == (compress == "zstd"), f"a magic {r.magic} for {compress}")
        expect((r.magic in mars.SEALED) == sealed, f"a magic {r.magic}, sealed: {sealed}")
        expect((r.magic in mars.SYNC) == (sync and not sealed), f"a magic {r.magic}, sync: {sync}")
        expect((r.sealed_by == b"\0" * 64) == (not sealed), "the field of the key")
        expect(r.finished, "a stream is not finished")
        expect(compress == "zlib" or len(r.text) <= 1_000_000, "a block is too large for Mars' script")
        expect(all(0 <= hour < 24 for hour in r.hours), f"hours {r.hours}")
        if r.magic in mars.SYNC:
            expect(r.number == 0, f"a number {r.number} of a record in the clear")
        else:
            number += 1
            expect(r.number == number, f"block {r.number} where {number} is expected")
        shown = [int(m[1]) for m in re.finditer(rb"(?m)^\[I\]\[\S+ \S+ (\d\d):", r.text)]
        expect((shown[0], shown[-1]) == r.hours, f"hours {r.hours} of lines that show {shown[0]} and {shown[-1]}")
        for line in r.text.split(b"\n")[:-1]:
            m = LINE.fullmatch(line)
            expect(m, f"a line is none of Mars': {line!r}")
            expect((m[2] == m[3]) == (m[4] == b"*"), f"the main thread's mark: {line!r}")
        expect(r.text.endswith(b"\n"), "a record that does not end with its line")


def write_and_read(tool, compress, sealed, mode):
    folder = tool.fresh(f"{compress}-{sealed}-{mode}")
    count = 40 if mode == "sync" else 3000
    settings = options(format="mars", compress=compress, mode=mode, name="app", **({"encrypt__mars_public_key": PUBLIC.hex()} if sealed else {}))
    # A quarter of an hour that the text rounds.
    tool.run("write", folder, "--threads", 3, "--lines", count, *settings, zone="XXX-5:45" if compress == "zlib" else "XXX3:30")
    files = sorted(folder.iterdir())
    expect(all(re.fullmatch(r"app_\d{8}(_\d+)?\.xlog", f.name) for f in files), f"files {[f.name for f in files]}")
    data = b"".join(f.read_bytes() for f in files)
    expect(not sealed or b"line " not in data, "a sealed file shows a line")
    records = mars.read(data, PRIVATE)
    check_records(records, compress, sealed, mode == "sync")
    lines = b"".join(r.text for r in records).decode().splitlines()
    expect(pairs(lines) == all_of(3, count), "what was said is not what an independent decoder reads")
    expect(all((" +5.8 " if compress == "zlib" else " -3.5 ") in line[:30] for line in lines), f"local time: {lines[0]}")
    stamp = datetime.datetime.strptime(lines[0][4:14] + lines[0][20:28], "%Y-%m-%d%H:%M:%S")
    off = datetime.timedelta(minutes=345 if compress == "zlib" else -210)
    expect(abs(stamp - off - datetime.datetime.utcnow()) < datetime.timedelta(hours=1), f"the time of {lines[0]}")
    key = ["--key", tool.folder / "mars.key"] if sealed else []
    shown, _ = tool.run("cat", folder, *key)
    expect(pairs(shown.splitlines()) == all_of(3, count), "what was said is not what cat reads")
    if sealed:
        shown, why = tool.run("cat", folder, code=1)
        expect(not pairs(shown.splitlines()) and "--key" in why, f"without a key: {why}")
        shown, why = tool.run("cat", folder, "--key", tool.folder / "other.key", code=1)
        expect(not pairs(shown.splitlines()) and "another key" in why, f"with another key: {why}")


def plain_formats(tool):
    for form, ending in (("text", "log"), ("json", "jsonl")):
        folder = tool.fresh(form)
        tool.run("write", folder, "--threads", 2, "--lines", 2000, *options(format=form))
        (file,) = folder.iterdir()
        expect(re.fullmatch(rf"xlog_\d{{8}}\.{ending}", file.name), file.name)
        lines = file.read_text().splitlines()
        if form == "json":
            lines = [json.loads(line)["text"] for line in lines]
        expect(pairs(lines) == all_of(2, 2000), f"the lines of a file of {form}")


def wrong_settings(tool):
    folder = tool.fresh("never")
    good = PUBLIC.hex()
    for settings, why in (
        (dict(format="mars", encrypt__mars_public_key=f'"{good[:-1]}"'), "has 127 characters"),
        (dict(format="mars", encrypt__mars_public_key=f'"{PRIVATE:064x}"'), "is it the private one"),
        (dict(format="mars", encrypt__mars_public_key=f'"{good[:9]}x{good[10:]}"'), "character 10 is no hexadecimal digit"),
        (dict(format="mars", encrypt__mars_public_key='"' + "11" * 64 + '"'), "no point of the curve"),
        (dict(format="xlog", encrypt__mars_public_key=f'"{good}"'), "set format: mars"),
        (dict(format="text", encrypt__to="[key.pub]"), "format text cannot be sealed"),
        (dict(format="mars", encrypt__to="[key.pub]"), "mars_public_key"),
        (dict(format="mars", compress_level=12), "zlib has the levels 1 to 9"),
        (dict(format="yaml"), "yaml"),
    ):
        done = subprocess.run(tool.words("write", folder, *options(**settings)), capture_output=True, timeout=60, check=False)
        expect(done.returncode != 0 and why in done.stderr.decode(), f"{settings}: {done.stderr.decode()}")
        expect(not folder.exists() or not list(folder.iterdir()), "something was written all the same")


def line_of_mars(number, level="I", more=""):
    return f"[{level}][2026-11-25 +5.8 11:11:{number % 60:02}.{number:03}][12, 34*][net][/a/b/c.cc:7, run][text {number}{more}\n".encode()


def foreign_files(tool):
    """All that Mars writes, as it leaves it: streams without an end."""
    folder = tool.fresh("foreign")
    folder.mkdir()
    lines = [line_of_mars(n, more="\nand more" if n == 3 else "") for n in range(8)]
    with open(folder / "my_app_20261125.xlog", "wb") as out:
        out.write(mars.write(0x09, 1, [b"^^^^^^^^^^Jan 1 2026^^^^^^^^^^[12,34]\n"]))
        for number, magic in enumerate(range(0x06, 0x0E)):
            out.write(mars.write(magic, 0 if magic in mars.SYNC else number + 1, [lines[number]], PUBLIC))
    mapped = mars.write(0x0D, 3, [line_of_mars(8)])[:-1]
    (folder / "my_app.mmap3").write_bytes(mapped + bytes(150 * 1024 - len(mapped)))
    shown, why = tool.run("cat", folder, "--json", "--key", tool.folder / "mars.key", code=1)
    told = [json.loads(line) for line in shown.splitlines()]
    expect("^^^^^" in told[0]["text"], f"first {told[0]}")
    expect([t["text"] for t in told[1:]] == [f"text {n}" + ("\nand more" if n == 3 else "") for n in range(9)], f"{told}")
    expect(told[1] | {"time": "2026-11-25T05:26:00.000000Z", "level": "info", "thread": 34, "tag": "net", "file": "/a/b/c.cc", "line": 7} == told[1], f"{told[1]}")
    expect("missing before this one" in why, why)


def exported(tool):
    """From our form to Mars', and to ours again."""
    folder, out = tool.fresh("ours"), tool.folder / "out.xlog"
    out.unlink(missing_ok=True)
    tool.run("write", folder, "--threads", 2, "--lines", 5000)
    tool.run("export", "--to", "mars", "-o", out, folder)
    records = mars.read(out.read_bytes())
    check_records(records, "zlib", False, False)
    expect(pairs(b"".join(r.text for r in records).decode().splitlines()) == all_of(2, 5000), "what was exported")
    shown, _ = tool.run("cat", out)
    expect(pairs(shown.splitlines()) == all_of(2, 5000), "what was exported, read by cat")
    tool.run("verify", out)
    cut = tool.folder / "cut.xlog"
    cut.write_bytes(out.read_bytes()[:-100])
    tool.run("verify", cut, code=1)


class Killed:
    """One process that logs, is killed at a random moment, and what is there after recover."""

    def __init__(self, tool, form, luck, sealed=False):
        self.folder, self.acked = tool.fresh("killed"), tool.folder / "acked"
        self.acked.unlink(missing_ok=True)
        settings = options(format=form, interval="20ms", **({"encrypt__mars_public_key": PUBLIC.hex()} if sealed else {}))
        words = tool.words("write", self.folder, "--threads", 2, "--lines", 10_000_000, "--rate", 20_000, "--acked", self.acked, *settings)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and (not self.acked.exists() or sum(self.counts()) == 0):
            time.sleep(0.002)
        time.sleep(luck.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.shows = [file.name for file in self.folder.iterdir() if b"line {thread}" in file.read_bytes()]
        tool.run("recover", self.folder, *settings)

    def counts(self):
        data = self.acked.read_bytes()
        return struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])


def kills(tool, count):
    luck = random.Random(count)
    for number in range(count):
        form = ("mars", "text", "json")[number % 3]
        killed = Killed(tool, form, luck)
        expect(any(name.endswith(".ring") for name in killed.shows), "the search for what is in the clear is worth nothing")
        lines, torn = [], False
        for file in sorted(killed.folder.iterdir()):
            expect(file.suffix != ".ring", "a ring is left")
            data = file.read_bytes()
            if form == "mars":
                data = whole_records(data)
                torn = torn or len(data) < file.stat().st_size
                lines += b"".join(r.text for r in mars.read(data)).decode().splitlines()
            else:
                torn = torn or (data and not data.endswith(b"\n"))
                whole = data.decode().split("\n")[:-1]
                lines += [json.loads(line)["text"] for line in whole] if form == "json" else whole
        seen = pairs(lines)
        have = set(seen)
        missing = [(t, n) for t, acknowledged in enumerate(killed.counts()) for n in range(acknowledged) if (t, n) not in have]
        expect(not missing, f"{form}: {len(missing)} lines are lost, first {missing[:3]}")
        expect(torn or len(have) == len(seen), f"{form}: {len(seen) - len(have)} lines are doubled")


def sealed_kill(tool):
    """Nothing of a line is in the clear, in no ring either; Mars' key shows all of it."""
    killed = Killed(tool, "mars", random.Random(1), sealed=True)
    expect(not killed.shows, f"in the clear: {killed.shows}")
    for file in killed.folder.iterdir():
        expect(b"line {thread}" not in file.read_bytes(), f"{file.name} shows a place that logs")
    expect(any(file.suffix == ".tlog" for file in killed.folder.iterdir()), "what was in the rings is nowhere")
    shown = subprocess.run(tool.words("cat", killed.folder, "--key", tool.folder / "mars.key"), capture_output=True, check=False).stdout
    have = set(pairs(shown.decode().splitlines()))
    missing = [(t, n) for t, acknowledged in enumerate(killed.counts()) for n in range(acknowledged) if (t, n) not in have]
    expect(not missing, f"sealed: {len(missing)} lines are lost, first {missing[:3]}")


def whole_records(data):
    """Without a last record that the death cut."""
    at = 0
    while at + 74 <= len(data) and at + 74 + struct.unpack_from("<I", data, at + 5)[0] <= len(data):
        at += 74 + struct.unpack_from("<I", data, at + 5)[0]
    return data[:at]


def main():
    folder = pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tool = Tool(sys.argv[1], folder)
    key_file(tool, PRIVATE, "mars.key")
    key_file(tool, OTHER, "other.key")
    for compress in ("zlib", "zstd"):
        for sealed in (False, True):
            for mode in ("async", "sync"):
                write_and_read(tool, compress, sealed, mode)
    plain_formats(tool)
    wrong_settings(tool)
    foreign_files(tool)
    exported(tool)
    sealed_kill(tool)
    kills(tool, int(sys.argv[3]))
    print(f"every form as it should be, {sys.argv[3]} deaths: no line lost")
    shutil.rmtree(folder)


os.umask(0o077)
main()
