"""Goal: what healing is worth is told as it was seen, also where a run never came back.
Method: results by hand."""

import types
import unittest

from runner.heal_table import POLICIES, better, entries, markdown, median, steps, terminal
from runner.judge import after_fault


def result(seed, healed, failing=0, ok=200, events=()):
    said = {"sent": 200, "ok": ok, "healed_us": healed, "failing_us": failing, "struck_us": 1_000_000, "events": list(events)}
    return {"seed": seed, "outcome": "passed", "said": said}


CASES = {"healing/x": types.SimpleNamespace(name="healing/x", title="A fault")}
BEGUN = {"what": "remedy", "at_us": 3_500_000, "state": "begun", "action": "clamp_mss(1255)"}


class HealTable(unittest.TestCase):
    def test_it_counts_from_the_fault_and_only_what_fell_due_after_it(self):
        said = {"began_us": 0, "times_us": [50_000, None, None, 300_000, 50_000]}  # Due each 200 ms; the fault is at 300 ms.
        self.assertEqual(after_fault(said, 5.0, 300_000), (550_000, 100_000))
        self.assertEqual(after_fault({"began_us": 0, "times_us": [None, None]}, 5.0, 100_000), (None, 100_000))
        self.assertEqual(after_fault({"began_us": 0, "times_us": [9, 9]}, 5.0, 100_000), (100_009, 0))
        self.assertEqual(after_fault(said, 5.0, None), (None, None))

    def test_a_run_that_never_came_back_counts_as_the_longest(self):
        self.assertEqual(median([result(1, 100), result(2, None), result(3, 300)], "healed"), 300)
        self.assertIsNone(median([result(1, 100), result(2, None), result(3, None)], "healed"))

    def test_acting_is_better_where_it_comes_back_and_the_other_does_not(self):
        self.assertEqual([better(None, 500_000), better(500_000, None), better(None, None)], ["better", "worse", "alike"])
        self.assertEqual([better(900_000, 500_000), better(500_000, 900_000), better(500_000, 600_000)], ["better", "worse", "alike"])

    def test_what_was_done_is_told_once_and_from_the_fault_on(self):
        self.assertEqual(steps([result(1, 5, events=[BEGUN, {**BEGUN, "at_us": 9_000_000}, {"what": "link", "at_us": 1}])]), "clamp_mss begun +2.5 s")
        self.assertEqual(steps([]), "")

    def test_the_figures_hold_the_other_beside_it(self):
        results = {("healing/x", "off"): [result(1, 4_000_000, 2_000_000, ok=150)], ("healing/x", "act"): [result(1, 1_000_000, events=[BEGUN])]}
        figures = {each["name"]: each for each in entries(CASES, results)}
        act = figures["x act first answer"]
        self.assertEqual((act["value"], act["reference"], act["ratio"], act["met"]), (1_000_000, 4_000_000, 0.25, True))
        self.assertEqual(figures["x off answered"]["value"], 0.75)
        worse = {("healing/x", "off"): results["healing/x", "act"], ("healing/x", "act"): [result(1, None)]}
        self.assertIs({each["name"]: each for each in entries(CASES, worse)}["x act first answer"]["met"], False)
        self.assertIn("4.00 s", terminal(CASES, results))
        self.assertIn("| A fault | 4.00 s, 75% | - | 1.00 s, 100% | clamp_mss begun +2.5 s |", markdown(CASES, results))

    def test_each_policy_is_a_client(self):
        from clients import CLIENTS
        self.assertEqual({policy: CLIENTS[client].heals for policy, client in POLICIES.items()}, {policy: policy for policy in POLICIES})
