"""The turns of the cases: each a process in a sandbox, some at a time, each with an end."""

import dataclasses
import json
import os
import pathlib
import re
import selectors
import shutil
import subprocess
import sys
import time

from clients import CLIENTS
from services import SERVICES

from . import sandbox
from .case_file import Case
from .case_run import FINISH_MOST, SET_UP_MOST
from .checks import texts_of
from .locked import locked
from .programs import missing

RUN = pathlib.Path(__file__).resolve().parent.parent / "run"
TOOLS = {"nsenter": "util-linux", "ethtool": "ethtool", "ip": "iproute2", "openssl": "openssl", "pgrep": "procps"}
# What a case's own commands may use.
COMMANDS = {"curl": "curl", "iperf3": "iperf3", "kdig": "knot-dnsutils", "nc": "netcat-openbsd", "nft": "nftables",
            "nstat": "iproute2", "ping": "iputils-ping", "ss": "iproute2", "tc": "iproute2", "tcpdump": "tcpdump"}
SLACK = SET_UP_MOST + 2 * FINISH_MOST + 10.0  # Seconds beside its command, after which a case's runner itself hangs.


@dataclasses.dataclass(frozen=True)
class Job:
    case: Case
    path: str
    seed: int
    client: str = ""  # Makes the load instead of the one that the case names.
    fast: bool = False  # Latencies are shown and not judged.
    most: int = 0  # Requests; 0: as the case says.


def commands_of(case):
    """{program: package} of those that its shell commands name."""
    words = set(re.findall(r"\w+", " ".join(texts_of(case))))
    return {program: package for program, package in COMMANDS.items() if program in words}


def runs_tharsis(job):
    client = job.client or job.case.run.get("load")
    return job.case.kind == "diagnose" or (client or "").startswith("stn") or any("gateway" in host for host in job.case.hosts.values())


def obstacle(job, programs):
    """Why this job is not possible here, or ""."""
    if os.geteuid() != 0 and runs_tharsis(job):
        return ("tharsis takes plugins from folders of root's and its user's only, and in a user namespace root is a stranger; "
                "as root it can")
    wanted, built = TOOLS | commands_of(job.case), {"lab_relay", "tharsis"}
    for host in [*job.case.hosts.values(), job.case.router]:
        for key in SERVICES.keys() & host.keys():
            wanted |= SERVICES[key].programs
    if job.case.kind == "load":
        client = CLIENTS[job.client or job.case.run["load"]]
        if job.case.run.get("tls") and client.tls == "never":
            return f"the client {job.client or job.case.run['load']} speaks no TLS here"
        wanted |= client.server.programs
        built |= {client.program, *client.server.built}
    if packages := missing(wanted):
        return f"missing: {' '.join(packages)}; script/bootstrap --lab installs them"
    if absent := programs.missing_build(built):
        return f"not built: {' '.join(sorted(absent))}; after script/bootstrap --lab, build again"
    return ""


class Turn:
    """One job, in its sandbox."""

    def __init__(self, job, programs, out, keep):
        self.job = job
        label = "-".join([*job.case.name.split("/"), *([job.client] if job.client else [])])
        self.kept = out / "failed" / f"{label}.{job.seed}"
        self.draft = self.kept.with_name(f".{self.kept.name}.{os.getpid()}")
        words = [sys.executable, str(RUN), "--build", str(programs.build)]
        words += ["--inside", str(job.path), str(job.seed), str(self.draft)]
        words += ["--client", job.client] if job.client else []
        words += ["--fast"] if job.fast else []
        words += ["--most", str(job.most)] if job.most else []
        words += ["--keep"] if keep else []
        self.until = time.monotonic() + job.case.limit_us / 1e6 + SLACK
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen(sandbox.command(words), **pipes, start_new_session=True,
                                        preexec_fn=sandbox.dying_with(os.getpid()))

    def fileno(self):
        return self.process.stdout.fileno()

    def end(self):
        """Answers the result. The sandbox is gone after it."""
        try:
            out, err = self.process.communicate(timeout=max(0.0, self.until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            out, err = self.process.communicate()
        return self.put_in_place(self.result_of(out) or self.without_result(err))

    @staticmethod
    def result_of(out):
        """The last line, or None where it is no result: the inner runner may have died in the middle of it."""
        try:
            result = json.loads(out.decode(errors="replace").splitlines()[-1])
        except (IndexError, ValueError):
            return None
        return result if isinstance(result, dict) and "outcome" in result else None

    def without_result(self, err):
        why = err.decode(errors="replace").strip()[-2000:] or "it was over its time"
        return {"case": self.job.case.name, "seed": self.job.seed, "outcome": "broken",
                "reasons": ["the case's runner did not finish: " + why]}

    def put_in_place(self, result):
        """Of two runs at once each leaves a whole folder, and the last one's stays; what passes now has none."""
        with locked(self.kept.parent.parent / ".lock"):
            if result["outcome"] != "impossible":
                shutil.rmtree(self.kept, ignore_errors=True)
            if self.draft.exists():
                self.draft.rename(self.kept)
                result["kept"] = str(self.kept)
        return result

    def look_around(self):
        """The network stands until Enter, then the result."""
        line = self.process.stdout.readline() if time.monotonic() < self.until else b""
        result = self.result_of(line)
        if not result:
            return self.end()
        inner = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        if inner:
            user = "" if os.geteuid() == 0 else " -U --preserve-credentials"
            places = ", ".join(["client", "router", "internet", *self.job.case.hosts])
            print(f"The network of the case stands. To look around in it, in another terminal:\n"
                  f"  nsenter -t {inner[0]} -m -p{user} nsenter --net=/run/netns/client\n"
                  f"Its places: {places}; its files: /run/lab. Enter ends it.", file=sys.stderr)
            sys.stdin.readline()
        self.process.stdin.close()
        return self.put_in_place(result)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def give_up(self):
        self.kill()
        shutil.rmtree(self.draft, ignore_errors=True)


def run_all(jobs, programs, out, report, at_a_time=4, keep=False):
    """Longest first, so that the end is not one long case alone. Whatever happens, no sandbox outlives this."""
    impossible_here = sandbox.obstacle()
    waiting = sorted(jobs, key=lambda job: -job.case.limit_us)
    running, ready = set(), selectors.DefaultSelector()
    try:
        while waiting or running:
            while waiting and len(running) < at_a_time:
                job = waiting.pop(0)
                if why := impossible_here or obstacle(job, programs):
                    report.add({"case": job.case.name, "seed": job.seed, "outcome": "impossible", "reasons": [why]}, job)
                    continue
                turn = Turn(job, programs, out, keep)
                running.add(turn)
                ready.register(turn, selectors.EVENT_READ)
            if not running:
                break
            report.running([turn.job.case.name for turn in running])
            done = {key.fileobj for key, _ in ready.select(timeout=1.0)}
            done |= {turn for turn in running if time.monotonic() > turn.until}
            for turn in done:
                ready.unregister(turn)
                report.add(turn.look_around() if keep else turn.end(), turn.job)
                running.remove(turn)
                turn.kill()
    finally:
        for turn in running:
            turn.give_up()
