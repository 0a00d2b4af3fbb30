"""Goal: what a case says of its path is what the relay is told, at each time.
Method: cases by hand, and the plan they become."""

import types
import unittest

from runner.relay import merge, plan

WORLD = types.SimpleNamespace(resolve={"im": "198.51.100.11", "im.2": "198.51.100.12", "10.0.0.0/8": "10.0.0.0/8"}.get)


def states(path, faults=()):
    return plan(types.SimpleNamespace(path=path, faults=list(faults)), WORLD)


class Plan(unittest.TestCase):
    def test_a_round_trip_is_half_each_way(self):
        (only,) = states({"rtt": 100_000, "loss": 0.05})
        self.assertEqual(only["up"], {"delay_us": 50_000, "loss": 0.05})
        self.assertEqual(only["down"], only["up"])
        self.assertEqual(only["at_us"], 0)

    def test_one_way_may_differ(self):
        (only,) = states({"rtt": 100_000, "rate": 1_000_000, "up": {"rate": 64_000, "queue": 20}, "down": {"delay": 90_000}})
        self.assertEqual(only["up"], {"delay_us": 50_000, "rate_bps": 64_000, "queue_packets": 20})
        self.assertEqual(only["down"], {"delay_us": 90_000, "rate_bps": 1_000_000})

    def test_a_change_keeps_what_it_does_not_name(self):
        later = states({"rtt": 100_000, "loss": 0.05, "up": {"rate": 64_000}},
                       [{"at": 6_000_000, "path": {"loss": 0.0}}, {"at": 3_000_000, "path": {"up": {"queue": 5}}},
                        {"at": 4_000_000, "stop": ["im"]}])
        self.assertEqual([state["at_us"] for state in later], [0, 3_000_000, 6_000_000])
        self.assertEqual(later[1]["up"], {"delay_us": 50_000, "loss": 0.05, "rate_bps": 64_000, "queue_packets": 5})
        self.assertEqual(later[2]["up"]["loss"], 0.0)

    def test_two_changes_at_one_moment_are_one(self):
        later = states({}, [{"at": 1, "path": {"loss": 0.1}}, {"at": 1, "path": {"rtt": 2000}}])
        self.assertEqual([(state["at_us"], state["up"]) for state in later], [(0, {"delay_us": 0}), (1, {"delay_us": 1000, "loss": 0.1})])

    def test_hosts_become_addresses(self):
        (only,) = states({"block": [{"to": "im.2", "port": 443}, {"to": "10.0.0.0/8", "way": "up", "answer": "reset"}],
                          "forge": [{"name": "x.test", "address": "203.0.113.66", "servers": "im"}]})
        self.assertEqual(only["block"][0], {"direction": "both", "protocol": "any", "answer": "silence",
                                            "address": "198.51.100.12", "port": 443})
        self.assertEqual(only["block"][1]["direction"], "up")
        self.assertEqual(only["forge"][0]["servers"], "198.51.100.11")

    def test_a_case_is_not_changed_by_its_plan(self):
        path = {"up": {"rate": 1}}
        merge(path, {"up": {"queue": 2}})
        self.assertEqual(path, {"up": {"rate": 1}})
