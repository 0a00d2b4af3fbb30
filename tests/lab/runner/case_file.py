"""A case file: what a network is like, what goes wrong when, what is run in it, and what is true of it.

README.md tells each key with an example; the shapes below are what is checked."""

import dataclasses
import ipaddress
import math
import pathlib
import re

import yaml

from clients import CLIENTS
from services import SERVICES

from .checks import check, is_name
from .diagnostics import CaseError, Mistakes, nearest
from .judge import TIMES_OF_TRUTH
from .shapes import (DOMAIN, Address, Bool, Command, Duration, Group, ListOf, MapOf, Number, OneOf, Pair, Pattern, Period,
                     PerSecond, Rate, Scalar, Share, Size, Text, TimeOrRtt, marked, pairs_of)
from .verdicts import VERDICTS

DELAY_MOST = 60_000_000  # Microseconds; the relay's own limit, each way.


class Target(Scalar):
    """A host ("im"), one of its addresses ("im.2", "im.v6"), or an IP address or network."""

    meaning = "a host, one of its addresses (im.2, im.v6), or an IP address"

    def convert(self, text):
        try:
            if not is_name(text):
                ipaddress.ip_network(text, strict=False)
        except ValueError:
            return None
        return marked(text, None)

    def read(self, node, mistakes):
        value = super().read(node, mistakes)
        if value:
            value.mark = node.start_mark
        return value


class HostName(Target):
    meaning = "the name of a host"

    def convert(self, text):
        return marked(text, None) if is_name(text) and "." not in text else None


class Verdict(Scalar):
    meaning = "a diagnosis that runner/verdicts.py lists"

    def convert(self, text):
        return text if text in VERDICTS else None

    def read(self, node, mistakes):
        value = super().read(node, mistakes) if isinstance(node, yaml.ScalarNode) and node.value in VERDICTS else None
        if value is None:
            word = node.value if isinstance(node, yaml.ScalarNode) else ""
            mistakes.add(node.start_mark, f"'{word}' is no diagnosis" + nearest(word, VERDICTS))
        return value


ONE_WAY = {
    "delay": Duration(most=DELAY_MOST, but=", at most 60s"), "jitter": Duration(most=DELAY_MOST, but=", at most 60s"),
    "loss": Share(), "reorder": Share(), "duplicate": Share(), "corrupt": Share(),
    "burst": Group({"enter": Share(), "leave": Share(), "loss": Share()}, required=("enter", "leave"), what="burst"),
    "rate": Rate(), "queue": Number(1, 100_000), "drop_over": Size(most=65_575), "icmp": Bool(),
}
BLOCK = Group({"to": Target(), "port": Number(1, 65535), "protocol": OneOf("tcp", "udp", "icmp", "any"),
               "way": OneOf("up", "down", "both"), "answer": OneOf("silence", "reset", "unreachable")},
              short="to", what="block")
FORGE = Group({"name": Text(), "address": Address(), "servers": Target(), "only": Bool()},
              required=("name", "address"), what="forge")
HELLO = Group({"name": Text(), "action": OneOf("drop", "reset")}, required=("name", "action"), what="client_hello")
PATH = Group({**{key: shape for key, shape in ONE_WAY.items() if key != "delay"},
              "rtt": Duration(most=2 * DELAY_MOST, but=", at most 2m"),
              "up": Group(ONE_WAY, what="up"), "down": Group(ONE_WAY, what="down"),
              "block": ListOf(BLOCK), "nat_forgets": Period(), "reset_every": Period(), "forge": ListOf(FORGE),
              "client_hello": ListOf(HELLO)}, what="path")
FAULT = Group({"at": Duration(), "path": PATH, "stop": ListOf(HostName(), empty=False),
               "start": ListOf(HostName(), empty=False), "forget": Bool(), "shell": MapOf(ListOf(Command(), empty=False), "shell")},
              required=("at",), what="a fault")
LOAD = Group({"load": OneOf(*CLIENTS), "to": Target(), "rate": PerSecond(), "count": Number(1, 1_000_000), "size": Size(),
              "deadline": Duration(), "tls": Bool(), "keys": Bool(), "hello": Bool(), "remembered": Number(1, 1_000_000),
              "profile": Command(), "set": ListOf(Text())}, required=("load", "to"), what="run")
DIAGNOSE = Group({"diagnose": Command(), "set": ListOf(Text()), "words": ListOf(Text()), "nobody": Bool()}, what="run")
SHELL = Group({"shell": Command()}, required=("shell",), short="shell", what="run")
NUMBER = Group({"find": Pattern(groups=1), "between": Pair()}, required=("find", "between"), what="numbers")
TRUTH = Group({"answered": Share(zero=False), "p50": TimeOrRtt(), "p95": TimeOrRtt(), "p99": TimeOrRtt(), "max": TimeOrRtt(),
               "first_answer": TimeOrRtt(), "recovery": TimeOrRtt(), "healed": TimeOrRtt(), "failing": TimeOrRtt(), "connects": Number(), "repeated": Number(), "took": TimeOrRtt(), "exit": Number(0, 125), "verdict": Verdict(),
               "never": ListOf(Verdict(), empty=False), "action": Text(), "prints": ListOf(Pattern(), empty=False),
               "numbers": ListOf(NUMBER, empty=False)}, what="truth")
BESIDE = Group({"case": Text(), "clients": ListOf(OneOf(*CLIENTS), empty=False), "than": OneOf(*CLIENTS),
                "bytes": Number(0, 1000, whole=False), "p95": Number(0, 1000, whole=False)}, what="beside")
SERVED = {name: service.settings for name, service in SERVICES.items()}
HOST = Group({"addresses": Number(1, 9), "address": Address(), "name": ListOf(Text()), "alive": Bool(), **SERVED}, what="a host")
ROUTER = Group(SERVED, what="the router")

class Host:
    """`im: echo` stands for `im: { echo: {} }`."""

    def read(self, node, mistakes):
        if isinstance(node, yaml.ScalarNode):
            if node.value not in SERVICES:
                mistakes.add(node.start_mark, f"there is no service '{node.value}'{nearest(node.value, SERVICES)}")
            return {node.value: {}}
        return HOST.read(node, mistakes)


class Run:
    """A load, a diagnosis, or a shell command."""

    def read(self, node, mistakes):
        keys = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        shape = LOAD if "load" in keys else DIAGNOSE if "diagnose" in keys else SHELL
        return shape.read(node, mistakes)


CASE = Group({"case": Text(), "about": Text(), "fast": Bool(), "not_yet": Text(), "limit": Duration(), "path": PATH,
              "hosts": MapOf(Host(), "hosts"), "router": ROUTER, "zone": MapOf(ListOf(Target()), "zone", DOMAIN),
              "faults": ListOf(FAULT), "run": Run(), "evidence": Command(), "truth": TRUTH, "beside": BESIDE},
             required=("case", "run", "truth"), what="a case")

BEHIND_FAULTS_S = 2.0  # So long a shortened load goes on behind the last fault.


@dataclasses.dataclass
class Case:
    name: str               # "weaknet/loss_5": its file under cases/, without the ending.
    title: str
    about: str
    fast: bool              # Belongs to the subset that script/test runs.
    not_yet: str            # Why it cannot pass today; "" where it does.
    limit_us: int           # A command that runs longer hangs.
    path: dict
    hosts: dict
    router: dict            # The services that run in the router.
    zone: dict              # Names with what they stand for, beside those of the hosts.
    faults: list
    run: dict
    evidence: str           # A shell command that fails where the network is not what the case says.
    truth: dict
    beside: dict = dataclasses.field(default_factory=dict)  # What script/bench weaknet puts beside it.

    def without_latencies(self):
        """What is left of it where the machine has other work too, so that a late answer may be the machine's doing."""
        left = {key: limit for key, limit in self.truth.items() if key not in TIMES_OF_TRUTH}
        return dataclasses.replace(self, truth=left)

    def shortened(self, most):
        """With so many requests at most, but for those that its faults are to meet; of those that an earlier process makes too."""
        run = {**self.run, "count": min(self.run.get("count", 200), max(most, self._met_by_faults()))}
        if "remembered" in run:
            run["remembered"] = min(run["remembered"], most)
        return dataclasses.replace(self, run=run)

    def _met_by_faults(self):
        last = max((fault["at"] / 1e6 + BEHIND_FAULTS_S for fault in self.faults), default=0)
        return math.ceil(last * self.run.get("rate", 5.0))

    @property
    def rtt_us(self):
        return self.path.get("rtt", 0)

    @property
    def kind(self):
        return "load" if "load" in self.run else "diagnose" if "diagnose" in self.run else "shell"


def default_limit(run):
    """What the command needs when all goes slowly, and half a minute."""
    if "load" in run:
        before = round(run["remembered"] / run.get("rate", 5.0) * 1e6) + run.get("deadline", 15_000_000) if "remembered" in run else 0
        return before + round(run.get("count", 200) / run.get("rate", 5.0) * 1e6) + run.get("deadline", 15_000_000) + 30_000_000
    return 30_000_000


def composed(path, text):
    """The tree of the file."""
    mistakes = Mistakes(path, text)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mistakes.add(error.problem_mark or error.context_mark, f"this is not YAML: {error.problem or error.context}")
        raise CaseError(mistakes.text()) from None
    except yaml.reader.ReaderError as error:
        before = text[:error.position]
        mark = yaml.Mark(None, error.position, before.count("\n"), error.position - before.rfind("\n") - 1, None, None)
        mistakes.add(mark, f"this is not YAML: {error.reason} (U+{ord(text[error.position]):04X})")
        raise CaseError(mistakes.text()) from None
    if node is None:
        raise CaseError(f"{path}:1:1: error: the file is empty; README.md shows a case of ten lines")
    return node


def read_case(path, name):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    mistakes = Mistakes(path, text)
    try:
        node = composed(path, text)
        value = CASE.read(node, mistakes)
    except RecursionError:
        raise CaseError(f"{path}:1:1: error: its groups or lists are too deep in one another, or in themselves") from None
    if mistakes.found:
        raise CaseError(mistakes.text())
    run = value["run"]
    case = Case(name, value["case"], value.get("about", ""), value.get("fast", False), value.get("not_yet", ""),
                value.get("limit") or default_limit(run), value.get("path", {}), value.get("hosts", {}), value.get("router", {}),
                value.get("zone", {}), value.get("faults", []), run, value.get("evidence", ""), value["truth"], value.get("beside", {}))
    marks = {key: inner.start_mark for key, _, inner in pairs_of(node, "a case", mistakes)}
    check(case, marks, mistakes)
    if mistakes.found:
        raise CaseError(mistakes.text())
    return case
