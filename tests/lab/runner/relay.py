"""The relay between router and internet, and how a case's `path` becomes its plan (relay/README.md has the format)."""

import copy
import json
import subprocess

from . import sandbox
from .world import WorldError

BOTH_WAYS = ("jitter", "loss", "burst", "reorder", "duplicate", "corrupt", "rate", "queue", "drop_over", "icmp")
PLAN_NAMES = {"jitter": "jitter_us", "rate": "rate_bps", "queue": "queue_packets", "delay": "delay_us"}


def merge(path, change):
    """The path after a change: what the change does not name stays."""
    after = copy.deepcopy(path)
    for key, value in change.items():
        after[key] = {**after.get(key, {}), **value} if key in ("up", "down") else value
    return after


def one_way(path, way):
    state = {"delay_us": path.get("rtt", 0) // 2}
    both = {key: path[key] for key in BOTH_WAYS if key in path}
    for key, value in {**both, **path.get(way, {})}.items():
        state[PLAN_NAMES.get(key, key)] = {"loss": 1.0, **value} if key == "burst" else value
    return state


def blocked(rule, world):
    entry = {"direction": rule.get("way", "both"), "protocol": rule.get("protocol", "any"),
             "answer": rule.get("answer", "silence")}
    if "to" in rule:
        entry["address"] = world.resolve(rule["to"])
    if "port" in rule:
        entry["port"] = rule["port"]
    return entry


def state(path, at_us, world):
    """One entry of the plan: the whole state from `at_us` on."""
    return {
        "at_us": at_us,
        "up": one_way(path, "up"),
        "down": one_way(path, "down"),
        "block": [blocked(rule, world) for rule in path.get("block", [])],
        "nat": {"forget_after_us": path.get("nat_forgets", 0)},
        "reset": {"every_us": path.get("reset_every", 0)},
        "forge": [{**forge, "servers": world.resolve(forge["servers"]) if "servers" in forge else "any"}
                  for forge in path.get("forge", [])],
        "client_hello": path.get("client_hello", []),
    }


def plan(case, world):
    path, states = case.path, [state(case.path, 0, world)]
    for fault in sorted(case.faults, key=lambda each: each["at"]):
        if "path" in fault:
            path = merge(path, fault["path"])
            states.append(state(path, fault["at"], world))
    latest = {each["at_us"]: each for each in states}  # Of changes at one moment the last has them all.
    return [latest[at] for at in sorted(latest)]


class Relay:
    def __init__(self, world, seed):
        self.world = world
        (sandbox.FOLDER / "plan.json").write_text(json.dumps(plan(world.case, world), indent=1))
        words = [world.programs.path("lab_relay"), "--seed", str(seed), "--plan", str(sandbox.FOLDER / "plan.json"),
                 "--inside", "/run/netns/router:wan", "--outside", "/run/netns/internet:cable"]
        self.process = world.start("router", "relay", words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   errors="replace")
        if json.loads(self.process.stdout.readline() or "{}").get("ready") is not True:
            raise WorldError("the relay did not start:\n" + world.said("router", "relay"))
        world.plug_in_relay()

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def counters(self):
        """Nothing from a relay that is gone; World tells that it is."""
        try:
            self.tell("stats")
            return json.loads(self.process.stdout.readline() or "{}")
        except (OSError, ValueError):
            return {}
