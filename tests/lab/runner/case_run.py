"""One case, inside its sandbox, from the first namespace to the judgement."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from clients import CLIENTS
from services import SERVICES

from . import sandbox
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
            path = str(self.world.folder(place) / f"{place}.pcap")
            self.world.start(place, "tcpdump", ["tcpdump", "-Z", "root", "-U", "--immediate-mode", "-s", "200", "-i", link, "-w", path],
                             ready=lambda path=path: pathlib.Path(path).exists())

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
            return words + [word for setting in run.get("set", []) for word in ("--set", setting)]
        return ["sh", "-c", self.world.fill(run["shell"])]

    def command(self):
        """Answers (exit code or None where it hung, what it printed, microseconds)."""
        path = self.world.folder("client") / "command.txt"
        words = self.world.inside("client", self.words())
        (self.world.folder("client") / "command_line.txt").write_text(" ".join(words) + "\n")
        started = time.monotonic()
        with open(path, "wb") as said:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
            try:
                code = process.wait(self.case.limit_us / 1e6)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                code = None
        return code, path.read_text(errors="replace"), round((time.monotonic() - started) * 1e6)

    def run(self):
        """Answers the result as main.py and build/lab/*.json have it."""
        result = {"case": self.case.name, "seed": self.seed}
        try:
            self.set_up()
            timeline = Timeline(self.world, self.relay, self.services)
            timeline.carry_out_first()
            self.relay.tell("start")
            timeline.start()
            code, output, took_us = self.command()
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
        for place in ("client", "internet"):
            run.world.stop(place, "tcpdump", signal.SIGTERM)
        keep_files(kept)
    print(json.dumps(result), flush=True)
    if keep:
        sys.stdin.read()  # The world stays until the runner lets go.


def keep_files(kept):
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(sandbox.FOLDER, kept, ignore=shutil.ignore_patterns("state", "*.sock"))
