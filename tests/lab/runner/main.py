"""The command line of tests/lab/run."""

import argparse
import dataclasses
import difflib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from clients import CLIENTS
from services import SERVICES

from . import case_run, sandbox
from .case_file import read_case
from .diagnostics import CaseError
from .locked import locked
from .programs import Programs
from .report import Report, calibration, calibration_text, confusion, confusion_text, write_json
from .turns import Job, run_all

LAB = pathlib.Path(__file__).resolve().parent.parent
ROOT = LAB.parent.parent

HELP = """\
Runs cases: each sets up a broken network in namespaces of its own, runs a command in it, and compares what came out with
what is true. Nothing outside the namespaces is touched, and nothing is left behind.

  CASE    a file in tests/lab/cases without its ending (weaknet/loss_5), the start of its name (weaknet/), or a path;
          without CASE all of them

exit code: 0 all that ran is as it should be, 1 a case failed, 2 the command or a case file is wrong"""


def arguments(words):
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="tests/lab/run", description=HELP, formatter_class=plain)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=argparse.SUPPRESS)
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="run each case with the seeds 1 to N (1)")
    parser.add_argument("--seed", type=positive, metavar="S", help="run each case with this seed only")
    parser.add_argument("--jobs", type=positive, default=4, metavar="N", help="cases at a time (4)")
    parser.add_argument("--fast", action="store_true", 
                        help="what script/test runs: only the cases that say 'fast: true', latencies shown and not judged; one "
                        "that fails has a second turn, alone")
    parser.add_argument("--client", choices=sorted(CLIENTS), help="make the load with this client, whatever the case names")
    parser.add_argument("--most", type=positive, metavar="N", help="no load makes more than N requests")
    parser.add_argument("--list", action="store_true", help="tell the cases, and run none")
    parser.add_argument("--services", action="store_true", help="tell the services that a host or the router can have")
    parser.add_argument("--check", action="store_true", help="only read the case files and tell their mistakes")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--keep", action="store_true", help="let the network of one case stand until Enter, to look around in it")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR",
                        help="take the programs of this build folder; without it build/release is built")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/lab", metavar="DIR",
                        help="where results and failures go (build/lab)")
    parser.add_argument("--inside", nargs=3, metavar=("CASE", "SEED", "KEPT"), help=argparse.SUPPRESS)
    return parser.parse_intermixed_args(words)


def positive(text):
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


def case_files():
    return {str(path.relative_to(LAB / "cases").with_suffix("")): path for path in sorted((LAB / "cases").rglob("*.yaml"))}


def chosen(words):
    """{name: path} of what the command line names; a word that names nothing is an error."""
    known = case_files()
    found = {} if words else known
    for word in words:
        path = pathlib.Path(word)
        name = word.removesuffix(".yaml").removeprefix("tests/lab/cases/")
        matching = {each: file for each, file in known.items() if each == name or (each.startswith(name) and name not in known)}
        if not matching and path.suffix == ".yaml" and path.is_file():
            matching = {path.stem: path.resolve()}
        if not matching:
            close = difflib.get_close_matches(word, known, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; --list tells all"
            raise CaseError(f"tests/lab/run: there is no case '{word}'{hint}")
        for name, file in matching.items():
            if found.setdefault(name, file) != file:
                raise CaseError(f"tests/lab/run: {found[name]} and {file} would both be called '{name}'; "
                                "run them one after the other")
    return found


def read_all(files, given):
    cases, errors = {}, []
    for name, path in files.items():
        try:
            case = read_case(path, name)
            if case.fast or not given.fast:
                cases[name] = case
        except CaseError as error:
            errors.append(str(error))
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{path}: cannot be read: {error}")
    if errors:
        raise CaseError("\n".join(errors))
    return cases


def build():
    """As script/run does: quiet, unless it fails."""
    subprocess.run([ROOT / "script/bootstrap"], check=True)
    with locked(ROOT / "build/lab/.build"):
        print("building (build/release) ...", file=sys.stderr)
        for words in (["--preset", "release"], ["--build", "build/release", "--target", "tharsis", "plugins", "lab"]):
            code, said = with_all_its_children(["cmake", *words])
            if code != 0:
                sys.stderr.write(said[-20000:])
                raise CaseError("tests/lab/run: the build failed")
    return ROOT / "build/release"


def with_all_its_children(words):
    """Runs it in the root folder; what ends us ends its compilers too. Answers (exit code, what it said)."""
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               preexec_fn=sandbox.dying_with(os.getpid()), start_new_session=True)
    try:
        said, _ = process.communicate()
    except BaseException:  # KeyboardInterrupt, or SystemExit of a signal.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    return process.returncode, said


def outside_of_run(path, option):
    """Every case has a /run of its own, and would not see what is in the machine's."""
    path = path.resolve()
    if path.is_relative_to("/run"):
        raise CaseError(f"tests/lab/run: {option} {path} is in /run, which a case does not see; name another folder")
    return path


def in_ci():
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def inside(given):
    path, seed, kept = given.inside
    names = {str(file): name for name, file in case_files().items()}
    case = read_case(path, names.get(path, pathlib.Path(path).stem))
    if given.client and case.kind == "load":
        case = dataclasses.replace(case, run={**case.run, "load": given.client}, not_yet="")
    if given.most and case.kind == "load":
        case = case.shortened(given.most)
    if given.fast:
        case = case.without_latencies()
    case_run.main(case, int(seed), Programs(given.build), given.keep, pathlib.Path(kept))


def told(given, cases):
    """What --list, --services or --check say, or None where cases are to be run."""
    if given.services:
        return "\n".join(f"{name:<12}{service.about}" for name, service in SERVICES.items())
    if given.list:
        return "\n".join(f"{name:<34} {case.title}{'  (not yet)' if case.not_yet else ''}" for name, case in cases.items())
    return f"{len(cases)} case files are in order" if given.check else None


def main(words):
    given = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if given.inside:
            return inside(given)
        given.out = outside_of_run(given.out, "--out")
        files = chosen(given.cases)
        cases = read_all(files, given)
        if said := told(given, cases):
            print(said)
            return 0
        if not cases:
            raise CaseError("tests/lab/run: none of these cases says 'fast: true', so --fast leaves none to run")
        if given.keep and len(cases) != 1:
            raise CaseError("tests/lab/run: --keep is for one case at a time; name it")
        given.build = outside_of_run(given.build, "--build") if given.build else build()
    except CaseError as error:
        print(error, file=sys.stderr)
        return 2
    seeds = [given.seed] if given.seed else range(1, given.seeds + 1)
    jobs = [Job(case, files[name], seed, given.client or "", given.fast, given.most or 0) for seed in seeds for name, case in cases.items()]
    report = Report(len(jobs), given.json)
    run_all(jobs, Programs(given.build), given.out, report, given.jobs, given.keep)
    run_all(report.failed_once, Programs(given.build), given.out, report, at_a_time=1)
    summary = write_json(given.out, cases, report.results)
    if given.json:
        print(json.dumps(summary))
    else:
        if matrix := confusion(cases, report.results):
            print(confusion_text(matrix))
        if found := calibration(cases, report.results):
            print(calibration_text(found))
        print(report.closing())
    possible = not report.of("impossible") or not in_ci()
    return 0 if not report.of("failed", "broken") and possible else 1
