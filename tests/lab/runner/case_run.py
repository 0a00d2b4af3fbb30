"""One case, inside its sandbox, from the first namespace to the judgement."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import traceback

from clients import CLIENTS
from services import SERVICES

from . import sandbox
from .capture import Capture
from .judge import USUAL_RATE, after_fault, broken, judge, recovery_us, sanitizer_in, summary
from .relay import Relay
from .timeline import Timeline
from .world import GATEWAY, World, WorldError

SET_UP_MOST = 60.0  # Seconds. turns.py has a limit beyond these, for what hangs so that nobody here can tell.
FINISH_MOST = 60.0
EVIDENCE_MOST_US = 20_000_000  # Independent tools with limits of a second or two.
OUTPUT_MOST = 8 << 20
NOBODY = 65534


def last_object(output):
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except (ValueError, RecursionError):
                return None
    return None


@contextlib.contextmanager
def limited(seconds, what):
    """Whatever the body waits for, it ends."""
    def over(*_):
        raise WorldError(f"{what} had not ended within {seconds:g} s")

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class CaseRun:
    def __init__(self, case, seed, programs):
        self.case, self.seed = case, seed
        self.world = World(case, programs)
        self.captures = {}
        self.services = {
            name: [SERVICES[key](self.world, host, settings or {}) for key, settings in host.settings.items() if key in SERVICES]
            for name, host in {**self.world.hosts, "router": self.world.router}.items()
        }

    def nameserver(self):
        for services in self.services.values():
            for service in services:
                if service.resolver:
                    return service.host.addresses[4][0]
        return None

    def names(self):
        """Where nobody resolves names, the hosts file does, by IPv4, in the case's order."""
        if self.nameserver():
            return {}
        return {name: host.addresses[4] for host in self.world.hosts.values() for name in host.settings.get("name", [])}

    def set_up(self):
        sandbox.furnish(self.nameserver(), self.names())
        self.world.certificates.take_over()
        self.world.make_namespaces()
        self.relay = Relay(self.world, self.seed)
        self.capture()
        for name, services in self.services.items():
            for service in services:
                if service.host.settings.get("alive", True):
                    service.start()
        self.timeline = Timeline(self.world, self.relay, self.services)
        self.timeline.carry_out_first()

    def capture(self):
        """What the client and the internet saw; kept when the case fails."""
        for place, link in (("client", "eth0"), ("internet", "cable")):
            self.captures[place] = Capture(place, link, self.world.folder(place) / f"{place}.pcap")

    def service(self):
        """The one that the load talks to."""
        to = self.case.run["to"]
        services = [service for service in self.services[to.split(".")[0]] if hasattr(service, "port")]
        if not services:
            raise WorldError(f"the host {to} has no service that a load can talk to")
        return services[0]

    def words(self):
        run = self.case.run
        if self.case.kind == "load":
            return CLIENTS[run["load"]](self.world, self.service()).words(run)
        if self.case.kind == "diagnose":
            state = self.world.folder("client") / "state"
            words = [self.world.programs.path("tharsis"), "sdt", "diagnose", self.world.fill(run["diagnose"]), "--json", "--no-redact",
                     *self.helpers(), "--state", str(state)]
            if run.get("nobody"):
                state.mkdir(exist_ok=True)
                os.chown(state, NOBODY, NOBODY)
                words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--no-new-privs", *words]
            return words + [self.world.fill(word) for word in run.get("words", [])] + [word for setting in run.get("set", []) for word in ("--set", self.world.fill(setting))]
        return ["sh", "-c", self.world.fill(run["shell"])]

    def helpers(self):
        """What the user of a diagnosis has on the internet: a web server of his own, and resolvers that prove their names."""
        words = []
        control = self.world.hosts.get("control")
        if control and "nginx" in control.settings:
            (v4, *_), (v6, *_) = control.addresses[4], control.addresses[6]
            name = control.settings["name"][0]
            words += ["--control", f"{v4}:443", "--control", f"[{v6}]:443"]
            words += [word for page in ("generate_204", "") for word in ("--canary", f"http://{name}/{page}@{v4}")]
        for host in self.world.hosts.values():
            if "unbound" in host.settings and (host.settings["unbound"] or {}).get("encrypted", True) and host.settings.get("name"):
                name, address = host.settings["name"][0], host.addresses[4][0]
                words += ["--resolver", f"https://{address}/dns-query#{name}", "--resolver", f"tls://{address}#{name}"]
        return words

    def command(self, name, words, limit_us):
        """Runs it in the client namespace. Answers (exit code or None where it hung, what it printed, microseconds)."""
        path = self.world.folder("client") / f"{name}.txt"
        words = self.world.inside("client", words)
        (self.world.folder("client") / f"{name}_line.txt").write_text(" ".join(words) + "\n")
        started = time.monotonic()
        with open(path, "wb") as said:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            code = wait_for(process, path, started + limit_us / 1e6)
        took_us = round((time.monotonic() - started) * 1e6)
        if path.stat().st_size > OUTPUT_MOST:
            os.truncate(path, OUTPUT_MOST)
            raise WorldError(f"the {name} says too much; what is kept ends after {OUTPUT_MOST >> 20} MiB")
        with open(path, encoding="utf-8", errors="replace") as said:
            return code, said.read(OUTPUT_MOST), took_us

    def check_evidence(self):
        """Diagnoses are worth nothing where the network is not as the case says; so independent tools look at it, afterwards,
        because they would leave traces. Answers sentences."""
        if not self.case.evidence:
            return []
        code, output, _ = self.command("evidence", ["sh", "-ec", self.world.fill(self.case.evidence)], EVIDENCE_MOST_US)
        if code == 0:
            return []
        if code == 127:
            return [f"a tool that the evidence needs is not installed:\n{output[-2000:]}"]
        how = "hung" if code is None else f"ended with {code}"
        return [f"the network is not what the case says, for its evidence {how}:\n{output[-2000:]}"]

    def complaints(self):
        """Of the sanitizers in whatever was built with one, but for the command itself."""
        return [f"a sanitizer complained in {path.relative_to(sandbox.FOLDER)}" for path in sorted(sandbox.FOLDER.glob("*/*.txt"))
                if path.name != "command.txt" and sanitizer_in(beginning_of(path))]

    def run(self):
        """Answers the result as main.py and build/lab/*.json have it."""
        with limited(SET_UP_MOST, "its set-up"):
            self.set_up()
            words = self.words()
        self.learn()
        before = self.relay.counters()
        with limited(SET_UP_MOST, "its start"):
            self.relay.tell("start")
            self.timeline.start()
        code, output, took_us = self.command("command", words, self.case.limit_us)
        with limited(FINISH_MOST, "what comes after its command"):
            troubles = self.timeline.end() + self.world.crashed()
            said = last_object(output)
            if self.case.kind == "diagnose" and isinstance((said or {}).get("headline"), dict):
                said = {**said, **said["headline"]}
            if said and self.timeline.back_us:
                said["recovery_us"] = recovery_us(said, self.case.run.get("rate", USUAL_RATE), self.timeline.back_us)
            if said and "profile" in self.case.run:
                said["healed_us"], said["failing_us"] = after_fault(said, self.case.run.get("rate", USUAL_RATE), self.timeline.struck_us)
                said["struck_us"] = self.timeline.struck_us
            broke = broken(self.case.kind, code, said, output)
            wrong = [] if broke else judge(self.case, code, took_us, said, output)
            evidence = self.check_evidence()
            troubles = ([broke] if broke else []) + troubles + evidence + self.complaints()
            return {"outcome": self.outcome(troubles, wrong), "reasons": troubles + wrong, "took_us": took_us, "said": said,
                    "summary": summary(self.case, said), "relay": self.relay.counters(), "network": self.network(before), "captures": self.about_captures(),
                    "output": output[-4000:]}

    def learn(self):
        """What an earlier process of the client does, on the same network and with the same folder of data."""
        run = self.case.run
        if "remembered" in run:
            # As anywhere, the client has spoken to its router before: by it a network is known again.
            self.world.run("client", ["ping", "-c", "1", "-W", "2", GATEWAY[4]])
            words = CLIENTS[run["load"]](self.world, self.service()).words({**run, "count": run["remembered"]})
            self.command("before", words, self.case.limit_us)

    def network(self, before):
        """What the command put on the network, whatever it says itself."""
        after = self.relay.counters()
        if "up" not in after or "up" not in before:
            return {}
        put = {unit: sum(after[way][f"in_{unit}"] - before[way][f"in_{unit}"] for way in ("up", "down")) for unit in ("bytes", "packets")}
        return {**put, "connections": after["connections"] - before["connections"]}

    def about_captures(self):
        return {place: said for place, capture in self.captures.items() if (said := capture.said())}

    def outcome(self, troubles, wrong):
        if troubles:
            return "broken"
        if self.case.not_yet:
            return "not_yet" if wrong else "passes_now"
        return "failed" if wrong else "passed"


def wait_for(process, path, until):
    """The exit code, or None where it had to be ended; nothing of its session is left then."""
    while True:
        try:
            return process.wait(min(0.5, max(0.0, until - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() < until and path.stat().st_size <= OUTPUT_MOST:
                continue
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def beginning_of(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read(OUTPUT_MOST)


def attempt(case, seed, programs):
    """A result, whatever happens."""
    begun = {"case": case.name, "seed": seed}
    try:
        return {**begun, **CaseRun(case, seed, programs).run()}
    except (WorldError, OSError) as error:
        return {**begun, "outcome": "broken", "reasons": [f"the case could not be run: {error}"]}
    except Exception as error:  # A mistake of the lab's own; where it is must not be lost.
        where = traceback.extract_tb(error.__traceback__)[-1]
        why = f"the lab itself failed: {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
        return {**begun, "outcome": "broken", "reasons": [why]}


def main(case, seed, programs, keep, kept):
    """As process 1 of the sandbox: the result goes to stdout as one line; `kept` is where a failure's files are put."""
    result = attempt(case, seed, programs)
    if result["outcome"] in ("failed", "broken"):
        try:
            with limited(FINISH_MOST, "keeping its files"):
                keep_files(sandbox.FOLDER, kept)
        except (WorldError, OSError) as error:  # shutil.Error is one.
            result["reasons"].append(f"not all of its files could be kept: {error}")
    print(json.dumps(result), flush=True)
    if keep:
        sys.stdin.read()  # The world stays until the runner lets go.


def keep_files(folder, kept):
    """Plain files and folders only: a pipe would be waited for."""
    def left_out(place, names):
        return [name for name in names if name == "state" or not is_plain(os.path.join(place, name))]

    shutil.copytree(folder, kept, ignore=left_out)


def is_plain(path):
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:  # Somebody's draft, gone by now.
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
