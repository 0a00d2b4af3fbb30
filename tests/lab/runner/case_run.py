"""One case, inside its sandbox, from the first namespace to the judgement."""

import json
import shutil
import subprocess
import sys
import time

from clients import CLIENTS
from services import SERVICES

from . import sandbox
from .capture import Capture
from .certificates import Certificates
from .judge import broken, judge, summary
from .relay import Relay
from .timeline import Timeline
from .world import World, WorldError


def last_object(output):
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                return None
    return None


EVIDENCE_MOST_US = 20_000_000  # Independent tools with limits of a second or two.


class CaseRun:
    def __init__(self, case, seed, programs):
        self.case, self.seed = case, seed
        self.world = World(case)
        self.world.programs = programs
        self.services = {
            name: [SERVICES[key](self.world, host, settings or {}) for key, settings in host.settings.items() if key in SERVICES]
            for name, host in {**self.world.hosts, "router": self.world.router}.items()
        }
        self.world.services = self.services

    def nameserver(self):
        for services in self.services.values():
            for service in services:
                if service.resolver:
                    return service.host.addresses[4][0]
        return None

    def set_up(self):
        sandbox.furnish(self.nameserver())
        self.world.certificates = Certificates(self.world)
        self.world.certificates.trust("lab authority")
        self.world.make_namespaces()
        self.relay = Relay(self.world, self.world.programs.path("lab_relay"), self.seed)
        self.capture()
        for name, services in self.services.items():
            for service in services:
                if service.host.settings.get("alive", True):
                    service.start()

    def capture(self):
        """What the client and the internet saw; kept when the case fails."""
        for place, link in (("client", "eth0"), ("internet", "cable")):
            Capture(place, link, self.world.folder(place) / f"{place}.pcap")

    def words(self):
        run = self.case.run
        if self.case.kind == "load":
            services = [service for service in self.services[run["to"].split(".")[0]] if hasattr(service, "port")]
            if not services:
                raise WorldError(f"the host {run['to']} has no service that a load can talk to")
            return CLIENTS[run["load"]](self.world, services[0]).words(run)
        if self.case.kind == "diagnose":
            words = [self.world.programs.path("tharsis"), "sdt", "check", self.world.fill(run["diagnose"]), "--json",
                     "--state", str(self.world.folder("client") / "state")]
            return words + [word for setting in run.get("set", []) for word in ("--set", self.world.fill(setting))]
        return ["sh", "-c", self.world.fill(run["shell"])]

    def command(self, name, words, limit_us):
        """Runs it in the client namespace. Answers (exit code or None where it hung, what it printed, microseconds)."""
        path = self.world.folder("client") / f"{name}.txt"
        words = self.world.inside("client", words)
        (self.world.folder("client") / f"{name}_line.txt").write_text(" ".join(words) + "\n")
        started = time.monotonic()
        with open(path, "wb") as said:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
            try:
                code = process.wait(limit_us / 1e6)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                code = None
        return code, path.read_text(errors="replace"), round((time.monotonic() - started) * 1e6)

    def check_evidence(self):
        """Diagnoses are worth nothing where the network is not as the case says; so independent tools look at it, afterwards,
        because they would leave traces."""
        if not self.case.evidence:
            return
        code, output, _ = self.command("evidence", ["sh", "-ec", self.world.fill(self.case.evidence)], EVIDENCE_MOST_US)
        if code != 0:
            how = "hung" if code is None else f"ended with {code}"
            raise WorldError(f"the network is not what the case says, for its evidence {how}:\n{output[-2000:]}")

    def run(self):
        """Answers the result as main.py and build/lab/*.json have it."""
        result = {"case": self.case.name, "seed": self.seed}
        try:
            self.set_up()
            timeline = Timeline(self.world, self.relay, self.services)
            timeline.carry_out_first()
            self.relay.tell("start")
            timeline.start()
            code, output, took_us = self.command("command", self.words(), self.case.limit_us)
            self.check_evidence()
            timeline.end()
        except (WorldError, OSError) as error:
            return {**result, "outcome": "broken", "reasons": [f"the case could not be set up: {error}"]}
        said = last_object(output)
        crash = broken(code, output) or "; ".join(self.world.crashed()) or timeline.trouble
        wrong = [crash] if crash else judge(self.case, code, took_us, said, output)
        return {**result, "outcome": self.outcome(crash, wrong), "reasons": wrong, "took_us": took_us, "said": said,
                "summary": summary(self.case, said), "relay": self.relay.counters(), "output": output[-4000:]}

    def outcome(self, crash, wrong):
        if crash:
            return "broken"
        if self.case.not_yet:
            return "not_yet" if wrong else "passes_now"
        return "failed" if wrong else "passed"


def main(case, seed, programs, keep, kept):
    """As process 1 of the sandbox: the result goes to stdout as one line; `kept` is where a failure's files are put."""
    run = CaseRun(case, seed, programs)
    result = run.run()
    if result["outcome"] in ("failed", "broken"):
        result["kept"] = str(kept)
        keep_files(kept)
    print(json.dumps(result), flush=True)
    if keep:
        sys.stdin.read()  # The world stays until the runner lets go.


def keep_files(kept):
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(sandbox.FOLDER, kept, ignore=shutil.ignore_patterns("state", "*.sock"))
