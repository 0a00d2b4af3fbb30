"""The turns of the cases: each a process in a sandbox, some at a time, each with an end."""

import dataclasses
import json
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

from clients import CLIENTS
from services import SERVICES

from . import sandbox
from .case_file import Case
from .programs import missing

RUN = pathlib.Path(__file__).resolve().parent.parent / "run"
TOOLS = {"nsenter": "util-linux", "ethtool": "ethtool", "ip": "iproute2", "openssl": "openssl"}
# What a case's own commands may use.
COMMANDS = {"curl": "curl", "iperf3": "iperf3", "kdig": "knot-dnsutils", "nc": "netcat-openbsd", "nft": "nftables", "nstat": "iproute2",
            "ping": "iputils-ping", "tc": "iproute2", "tcpdump": "tcpdump"}
SLACK = 90.0  # Seconds that setting a case up may take, on a slow machine, beside its command.


@dataclasses.dataclass(frozen=True)
class Job:
    case: Case
    path: str
    seed: int
    client: str = ""  # Makes the load instead of the one that the case names.


def commands_of(case):
    """{program: package} of those that its shell commands name."""
    lines = [case.run.get("shell", ""), case.evidence]
    lines += [line for fault in case.faults for lines_there in fault.get("shell", {}).values() for line in lines_there]
    words = set(re.findall(r"\w+", " ".join(lines)))
    return {program: package for program, package in COMMANDS.items() if program in words}


def runs_tharsis(job):
    client = job.client or job.case.run.get("load")
    return job.case.kind == "diagnose" or client == "stn" or any("gateway" in host for host in job.case.hosts.values())


def obstacle(job, programs):
    """Why this job is not possible here, or ""."""
    if os.geteuid() != 0 and runs_tharsis(job):
        return "tharsis takes plugins from folders of root's and its user's only, and in a user namespace root is a stranger; as root it can"
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
        words = [sys.executable, str(RUN), "--build", str(programs.build), "--inside", str(job.path), str(job.seed), str(out / "failed" / f"{label}.{job.seed}")]
        words += ["--client", job.client] if job.client else []
        words += ["--keep"] if keep else []
        self.until = time.monotonic() + job.case.limit_us / 1e6 + SLACK
        self.process = subprocess.Popen(sandbox.command(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=sandbox.die_with_parent, start_new_session=True)

    def fileno(self):
        return self.process.stdout.fileno()

    def end(self):
        """Answers the result. The sandbox is gone after it."""
        if time.monotonic() > self.until:
            self.kill()
        out, err = self.process.communicate()
        lines = out.decode(errors="replace").splitlines()
        if lines and lines[-1].startswith("{"):
            return json.loads(lines[-1])
        why = err.decode(errors="replace").strip()[-2000:] or "it was over its time"
        return {"case": self.job.case.name, "seed": self.job.seed, "outcome": "broken", "reasons": ["the case's runner did not finish: " + why]}

    def look_around(self):
        """The network stands until Enter, then the result."""
        line = self.process.stdout.readline().decode()
        inner = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        if line and inner:
            user = "" if os.geteuid() == 0 else " -U --preserve-credentials"
            print(f"The network of the case stands. To look around in it, in another terminal:\n"
                  f"  nsenter -t {inner[0]} -m -p{user} nsenter --net=/run/netns/client\n"
                  f"Its places: {', '.join(['client', 'router', 'internet', *self.job.case.hosts])}; its files: /run/lab. Enter ends it.", file=sys.stderr)
            sys.stdin.readline()
        self.process.stdin.close()
        return json.loads(line) if line else self.end()

    def kill(self):
        self.process.kill()
        self.process.wait()


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
            done = {key.fileobj for key, _ in ready.select(timeout=1.0)} | {turn for turn in running if time.monotonic() > turn.until}
            for turn in done:
                ready.unregister(turn)
                report.add(turn.look_around() if keep else turn.end(), turn.job)
                running.remove(turn)
                turn.kill()
    finally:
        for turn in running:
            turn.kill()
