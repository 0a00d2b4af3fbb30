"""A case file: what a network is like, what goes wrong when, what is run in it, and what is true of it.

README.md tells each key with an example; the shapes below are what is checked."""

import dataclasses
import pathlib
import re

import yaml

from clients import CLIENTS
from services import SERVICES

from .diagnostics import CaseError, Mistakes, nearest
from .shapes import (DOMAIN, Address, Bool, Duration, Group, ListOf, MapOf, Number, OneOf, Pair, Pattern, PerSecond, Rate, Scalar,
                     Share, Size, Text, TimeOrRtt, pairs_of)
from .verdicts import VERDICTS

PLACES = ("client", "router", "internet")


class Name(str):
    """A text that may name a host, and where it stands."""

    mark = None


class Target(Scalar):
    """A host ("im"), one of its addresses ("im.2", "im.v6"), or an IP address or network."""

    meaning = "a host, one of its addresses (im.2, im.v6), or an IP address"

    def convert(self, text):
        return Name(text) if re.fullmatch(r"[a-z][a-z0-9_]*(\.(\d|v6))?|[0-9a-f.:]+(/\d+)?", text) else None

    def read(self, node, mistakes):
        value = super().read(node, mistakes)
        if value:
            value.mark = node.start_mark
        return value


class HostName(Target):
    meaning = "the name of a host"

    def convert(self, text):
        return Name(text) if re.fullmatch(r"[a-z][a-z0-9_]*", text) else None


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
    "delay": Duration(), "jitter": Duration(), "loss": Share(), "reorder": Share(), "duplicate": Share(), "corrupt": Share(),
    "burst": Group({"enter": Share(), "leave": Share(), "loss": Share()}, required=("enter", "leave"), what="burst"),
    "rate": Rate(), "queue": Number(1, 100_000), "drop_over": Size(), "icmp": Bool(),
}
BLOCK = Group({"to": Target(), "port": Number(1, 65535), "protocol": OneOf("tcp", "udp", "icmp", "any"),
               "way": OneOf("up", "down", "both"), "answer": OneOf("silence", "reset", "unreachable")},
              short="to", what="block")
FORGE = Group({"name": Text(), "address": Address(), "servers": Target(), "only": Bool()},
              required=("name", "address"), what="forge")
HELLO = Group({"name": Text(), "action": OneOf("drop", "reset")}, required=("name", "action"), what="client_hello")
PATH = Group({**{key: shape for key, shape in ONE_WAY.items() if key != "delay"}, "rtt": Duration(),
              "up": Group(ONE_WAY, what="up"), "down": Group(ONE_WAY, what="down"),
              "block": ListOf(BLOCK), "nat_forgets": Duration(), "reset_every": Duration(), "forge": ListOf(FORGE),
              "client_hello": ListOf(HELLO)}, what="path")
FAULT = Group({"at": Duration(), "path": PATH, "stop": ListOf(HostName()), "start": ListOf(HostName()), "forget": Bool(),
               "shell": MapOf(ListOf(Text()), "shell")}, required=("at",), what="a fault")
LOAD = Group({"load": OneOf(*CLIENTS), "to": Target(), "rate": PerSecond(), "count": Number(1, 1_000_000), "size": Size(),
              "deadline": Duration(), "tls": Bool(), "set": ListOf(Text())}, required=("load", "to"), what="run")
DIAGNOSE = Group({"diagnose": Text(), "set": ListOf(Text())}, what="run")
SHELL = Group({"shell": Text()}, short="shell", what="run")
NUMBER = Group({"find": Pattern(), "between": Pair()}, required=("find", "between"), what="numbers")
TRUTH = Group({"answered": Share(), "p50": TimeOrRtt(), "p95": TimeOrRtt(), "max": TimeOrRtt(), "first_answer": TimeOrRtt(),
               "connects": Number(), "took": TimeOrRtt(), "exit": Number(0, 255), "verdict": Verdict(),
               "never": ListOf(Verdict()), "action": Text(), "prints": ListOf(Pattern()), "numbers": ListOf(NUMBER)},
              what="truth")
SERVED = {name: service.settings for name, service in SERVICES.items()}
HOST = Group({"addresses": Number(1, 9), "address": Address(), "name": ListOf(Text()), "alive": Bool(), **SERVED}, what="a host")
ROUTER = Group(SERVED, what="the router")

LOAD_TRUTH = ("answered", "p50", "p95", "max", "first_answer", "connects")
DIAGNOSIS_TRUTH = ("verdict", "never", "action")


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
        keys = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
        shape = LOAD if "load" in keys else DIAGNOSE if "diagnose" in keys else SHELL
        return shape.read(node, mistakes)


CASE = Group({"case": Text(), "about": Text(), "fast": Bool(), "not_yet": Text(), "limit": Duration(), "path": PATH,
              "hosts": MapOf(Host(), "hosts"), "router": ROUTER, "zone": MapOf(ListOf(Target()), "zone", DOMAIN),
              "faults": ListOf(FAULT), "run": Run(), "evidence": Text(), "truth": TRUTH},
             required=("case", "run", "truth"), what="a case")


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

    @property
    def rtt_us(self):
        return self.path.get("rtt", 0)

    @property
    def kind(self):
        return "load" if "load" in self.run else "diagnose" if "diagnose" in self.run else "shell"


def names_of(case):
    """Every place of the case that may name a host."""
    for path in [case.path] + [fault.get("path", {}) for fault in case.faults]:
        yield from (block["to"] for block in path.get("block", []) if "to" in block)
        yield from (forge["servers"] for forge in path.get("forge", []) if "servers" in forge)
    for fault in case.faults:
        yield from (name for name in fault.get("stop", []) + fault.get("start", []) if name != "router")
    for targets in case.zone.values():
        yield from targets
    yield from [case.run["to"]] if "to" in case.run else []


def check_names(case, node, mistakes):
    """Hosts that are spoken of are there; what is expected can be seen in what is run."""
    marks = {name: value.start_mark for name, _, value in pairs_of(node, "a case", mistakes)}
    known = set(case.hosts)
    for name in names_of(case):
        base = name.split(".")[0]
        if re.fullmatch(r"[a-z]\w*", base) and base not in known:
            mistakes.add(name.mark, f"there is no host '{base}'" + nearest(base, known))
    for fault in case.faults:
        for place in set(fault.get("shell", {})) - known - set(PLACES):
            mistakes.add(marks["faults"], f"there is no place '{place}'" + nearest(place, known | set(PLACES)))
    for name in known & set(PLACES):
        mistakes.add(marks["hosts"], f"'{name}' is a place of every case; call the host something else")
    allowed = {"load": LOAD_TRUTH, "diagnose": DIAGNOSIS_TRUTH, "shell": ()}[case.kind]
    for key in case.truth:
        if key in LOAD_TRUTH + DIAGNOSIS_TRUTH and key not in allowed:
            kind = "load" if key in LOAD_TRUTH else "diagnosis"
            mistakes.add(marks["truth"], f"'{key}' is seen in a {kind} only, and this case runs something else")
    if not case.truth:
        mistakes.add(marks["truth"], "a case without a truth proves nothing")


def default_limit(run):
    """What the command needs when all goes slowly, and half a minute."""
    if "load" in run:
        return round(run.get("count", 200) / run.get("rate", 5.0) * 1e6) + run.get("deadline", 15_000_000) + 30_000_000
    return 30_000_000


def read_case(path, name):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    mistakes = Mistakes(path, text)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mistakes.add(error.problem_mark or error.context_mark, f"this is not YAML: {error.problem or error.context}")
        raise CaseError(mistakes.text()) from None
    if node is None:
        raise CaseError(f"{path}:1:1: error: the file is empty; README.md shows a case of ten lines")
    value = CASE.read(node, mistakes)
    if mistakes.found:
        raise CaseError(mistakes.text())
    run = value["run"]
    case = Case(name, value["case"], value.get("about", ""), value.get("fast", False), value.get("not_yet", ""),
                value.get("limit") or default_limit(run), value.get("path", {}), value.get("hosts", {}),
                value.get("router", {}), value.get("zone", {}), value.get("faults", []), run, value.get("evidence", ""), value["truth"])
    check_names(case, node, mistakes)
    if mistakes.found:
        raise CaseError(mistakes.text())
    return case
