"""The command line of tests/lab/run, and the turns of the cases."""

import argparse
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import time

from clients import CLIENTS
from services import SERVICES

from . import case_run, sandbox
from .case_file import read_case
from .diagnostics import CaseError, nearest
from .programs import Programs, missing
from .report import Report, confusion, confusion_text, write_json

LAB = pathlib.Path(__file__).resolve().parent.parent
ROOT = LAB.parent.parent
TOOLS = {"nsenter": "util-linux", "ethtool": "ethtool", "tcpdump": "tcpdump", "ip": "iproute2", "openssl": "openssl"}

HELP = """\
Runs cases: each sets up a broken network in namespaces of its own, runs a command in it, and compares what came out with
what is true. Nothing outside the namespaces is touched, and nothing is left behind.

  CASE    a file in tests/lab/cases without its ending (weaknet/loss_5), the start of its name (weaknet/), or a path;
          without CASE all of them

exit code: 0 all that ran is as it should be, 1 a case failed, 2 the command or a case file is wrong"""


def arguments(words):
    parser = argparse.ArgumentParser(prog="tests/lab/run", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=argparse.SUPPRESS)
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="run each case with the seeds 1 to N (1)")
    parser.add_argument("--seed", type=positive, metavar="S", help="run each case with this seed only")
    parser.add_argument("--jobs", type=positive, default=4, metavar="N", help="cases at a time (4)")
    parser.add_argument("--fast", action="store_true", help="only the cases that say 'fast: true': what script/test runs")
    parser.add_argument("--client", choices=sorted(CLIENTS), help="make the load with this client, whatever the case names")
    parser.add_argument("--list", action="store_true", help="tell the cases, and run none")
    parser.add_argument("--check", action="store_true", help="only read the case files and tell their mistakes")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--keep", action="store_true", help="let the network of one case stand until Enter, to look around in it")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR", help="take the programs of this build folder; without it build/release is built")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/lab", metavar="DIR", help="where results and failures go (build/lab)")
    parser.add_argument("--inside", nargs=3, metavar=("CASE", "SEED", "KEPT"), help=argparse.SUPPRESS)
    return parser.parse_args(words)


def positive(text):
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


def case_files():
    return {str(path.relative_to(LAB / "cases").with_suffix("")): path for path in sorted((LAB / "cases").rglob("*.yaml"))}


def chosen(words):
    """{name: path} of what the command line names; a word that names nothing is an error."""
    known = case_files()
    if not words:
        return known
    found = {}
    for word in words:
        path = pathlib.Path(word)
        name = word.removesuffix(".yaml").removeprefix("tests/lab/cases/")
        if name in known:
            found[name] = known[name]
        elif path.suffix == ".yaml" and path.is_file():
            found[path.stem] = path.resolve()
        elif matching := {each: file for each, file in known.items() if each.startswith(name)}:
            found.update(matching)
        else:
            raise CaseError(f"tests/lab/run: there is no case '{word}'" + nearest(word, known) if len(known) < 8 else
                            f"tests/lab/run: there is no case '{word}'" + suggestion(word, known) + "; --list tells all")
    return found


def suggestion(word, known):
    near = nearest(word, known)
    return near if near.startswith("; did") else ""


def read_all(files, given):
    cases, errors = {}, []
    for name, path in files.items():
        try:
            case = read_case(path, name)
            if given.client and case.kind == "load":
                case.run["load"], case.not_yet = given.client, ""
            if case.fast or not given.fast:
                cases[name] = case
        except CaseError as error:
            errors.append(str(error))
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{path}: cannot be read: {error}")
    if errors:
        raise CaseError("\n".join(errors))
    return cases


def obstacle(case, programs):
    """Why this case is not possible here, or ""."""
    wanted, built = dict(TOOLS), {"lab_relay", "tharsis"}
    for host in [*case.hosts.values(), case.router]:
        for key in host:
            if key in SERVICES:
                wanted |= SERVICES[key].programs
    if case.kind == "load":
        client = CLIENTS[case.run["load"]]
        wanted |= client.server.programs
        built |= {client.program, *getattr(client.server, "built", ())}
    if packages := missing(wanted):
        return f"missing: {' '.join(packages)}; script/bootstrap --lab installs them"
    if absent := programs.missing_build(built):
        return f"not built: {' '.join(sorted(absent))}; after script/bootstrap --lab, build again"
    return ""


def build():
    """As script/run does: quiet, unless it fails."""
    subprocess.run([ROOT / "script/bootstrap"], check=True)
    print("building (build/release) ...", file=sys.stderr)
    for words in (["cmake", "--preset", "release"], ["cmake", "--build", "build/release", "--target", "tharsis", "plugins", "lab"]):
        done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.stderr.write(done.stdout[-20000:])
            raise CaseError("tests/lab/run: the build failed")
    return ROOT / "build/release"


class Turn:
    """One case with one seed, in its sandbox."""

    def __init__(self, case, path, seed, given):
        self.case, self.seed = case, seed
        kept = given.out / "failed" / f"{case.name.replace('/', '-')}.{seed}"
        words = [sys.executable, str(LAB / "run"), "--build", str(given.build), "--inside", str(path), str(seed), str(kept)]
        words += ["--client", given.client] if given.client else []
        words += ["--keep"] if given.keep else []
        self.until = time.monotonic() + case.limit_us / 1e6 + 90
        self.process = subprocess.Popen(sandbox.command(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=sandbox.die_with_parent, start_new_session=True)

    def end(self):
        """Answers the result. The sandbox is gone after it."""
        try:
            out, err = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            out, err = b"", b"the sandbox did not end"
        self.kill()
        lines = out.decode(errors="replace").splitlines()
        if lines and lines[-1].startswith("{"):
            return json.loads(lines[-1])
        said = err.decode(errors="replace").strip()
        return {"case": self.case.name, "seed": self.seed, "outcome": "broken", "reasons": ["the case's runner ended early: " + said[-2000:]]}

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def run_all(cases, files, given, programs):
    impossible_here = sandbox.obstacle()
    seeds = [given.seed] if given.seed else range(1, given.seeds + 1)
    waiting = [(case, seed) for seed in seeds for case in sorted(cases.values(), key=lambda each: -each.limit_us)]
    report = Report(len(waiting), given.json)
    running, ready = [], selectors.DefaultSelector()
    try:
        while waiting or running:
            while waiting and len(running) < given.jobs:
                case, seed = waiting.pop(0)
                if why := impossible_here or obstacle(case, programs):
                    report.add({"case": case.name, "seed": seed, "outcome": "impossible", "reasons": [why]})
                    continue
                turn = Turn(case, files[case.name], seed, given)
                running.append(turn)
                ready.register(turn.process.stdout, selectors.EVENT_READ, turn)
            report.running([turn.case.name for turn in running])
            done = {key.data for key, _ in ready.select(timeout=1.0)} | {turn for turn in running if time.monotonic() > turn.until}
            for turn in done:
                ready.unregister(turn.process.stdout)
                running.remove(turn)
                if time.monotonic() > turn.until:
                    turn.kill()
                report.add(look_around(turn) if given.keep else turn.end())
    finally:
        for turn in running:
            turn.kill()
    return report


def look_around(turn):
    """The network of a case stands until Enter."""
    line = turn.process.stdout.readline()
    pid = subprocess.run(["pgrep", "-P", str(turn.process.pid)], capture_output=True, text=True).stdout.split()
    if line and pid:
        print(f"the network stands. To enter it, in another terminal:\n  nsenter -t {pid[0]} -m -p{'' if os.geteuid() == 0 else ' -U --preserve-credentials'} "
              f"nsenter --net=/run/netns/client\nplaces: client, router, internet, {', '.join(turn.case.hosts)}; files: /run/lab. Enter ends it.", file=sys.stderr)
        try:
            input()
        except EOFError:
            pass
    turn.process.stdin.close()
    turn.kill()
    return json.loads(line) if line else turn.end()


def inside(given):
    path, seed, kept = given.inside
    files = {str(file): name for name, file in case_files().items()}
    case = read_case(path, files.get(path, pathlib.Path(path).stem))
    if given.client and case.kind == "load":
        case.run["load"], case.not_yet = given.client, ""
    case_run.main(case, int(seed), Programs(given.build), given.keep, pathlib.Path(kept))


def main(words):
    given = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if given.inside:
            return inside(given)
        given.out = given.out.resolve()
        files = chosen(given.cases)
        cases = read_all(files, given)
        if given.list:
            print("\n".join(f"{name:<34} {case.title}{'  (not yet)' if case.not_yet else ''}" for name, case in cases.items()))
            return 0
        if given.check:
            print(f"{len(cases)} case files are in order")
            return 0
        if given.keep and len(cases) != 1:
            raise CaseError("tests/lab/run: --keep is for one case at a time; name it")
        given.build = given.build.resolve() if given.build else build()
    except CaseError as error:
        print(error, file=sys.stderr)
        return 2
    report = run_all(cases, files, given, Programs(given.build))
    summary = write_json(given.out, cases, report.results)
    if given.json:
        print(json.dumps(summary))
    else:
        if matrix := confusion(cases, report.results):
            print(confusion_text(matrix))
        print(report.closing())
    possible = not report.of("impossible") or "CI" not in os.environ
    return 0 if not report.of("failed", "broken") and possible else 1
