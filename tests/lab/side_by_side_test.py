"""Goal: nothing that a client failed at is smoothed away when runs are put side by side, and targets are judged as
script/bench says.
Method: results by hand."""

import types
import unittest

from runner.judge import recovery_us
from runner.side_by_side import entries, figures, met, samples, spread
from runner.weak_table import markdown, terminal


def result(seed, p50=100, ok=200, outcome="passed", count=3, **more):
    said = {"sent": 200, "ok": ok, "p50_us": p50, "p95_us": 2 * p50 if p50 else None, "p99_us": 2 * p50 if p50 else None,
            "max_us": 3 * p50 if p50 else None, "first_answer_us": p50, **more}
    return {"seed": seed, "outcome": outcome, "said": said, "network": {"bytes": count, "packets": 1, "connections": 2}}


def case(truth, beside=None, name="weaknet/x"):
    return types.SimpleNamespace(name=name, title="A network", truth=truth, beside=beside or {}, run={"load": "stn"}, rtt_us=100)


def by_name(results, *cases):
    rows = {key: figures(those) for key, those in results.items()}
    return {each["name"]: each for each in entries(rows, {each.name: each for each in cases}, results)}


class SideBySide(unittest.TestCase):
    def test_one_seed_that_lost_some_is_seen(self):
        row = figures([result(1), result(2), result(3, ok=100)])
        self.assertEqual((round(row["answered"], 3), row["everything"]), (0.833, False))
        self.assertTrue(figures([result(1), result(2)])["everything"])

    def test_the_maximum_is_the_longest_of_all(self):
        row = figures([result(1), result(2), result(3, max_us=9000)])
        self.assertEqual((row["p50"], row["max"], row["bytes"], row["connections"]), (100, 9000, 3, 2))

    def test_without_an_answer_in_every_seed_there_is_no_latency(self):
        row = figures([result(1), result(2), result(3, p50=None, ok=0)])
        self.assertEqual((row["p50"], row["max"], row["first_answer"]), (None, None, None))

    def test_a_broken_run_is_counted_and_gives_no_figure(self):
        those = [result(1), {**result(2), "outcome": "broken"}, {"seed": 3, "outcome": "broken", "reasons": ["x"]}]
        row = figures(those)
        self.assertEqual((row["broken"], row["everything"], row["answered"], row["p50"], row["bytes"]), (2, False, 1.0, None, None))
        self.assertIn("2 broken", terminal({("weaknet/x", "stn"): row}, {"weaknet/x": case({})}, {("weaknet/x", "stn"): those}))

    def test_a_target_is_met_where_both_quartiles_say_so(self):
        self.assertIs(met([1, 2, 3], most=3), True)
        self.assertIs(met([1, 2, 3], most=2.5), True)
        self.assertEqual(met([1, 2, 3], most=2), "undecided")
        self.assertIs(met([1, 2, 3], most=1), False)
        self.assertEqual(met([1.0, 1.0, 0.9], least=1.0), "undecided")
        self.assertIs(met([], most=1), False)
        self.assertIsNone(met([1, 2]))

    def test_a_spread_needs_values(self):
        self.assertEqual(spread([90, 100, 110]), 0.1)
        self.assertIsNone(spread([]))
        self.assertIsNone(spread([1]))

    def test_the_best_of_the_others_answered_everything_and_is_met_seed_by_seed(self):
        results = {("weaknet/x", "stn"): [result(1, 100), result(2, 200), result(3, 900)],
                   ("weaknet/x", "stn-alone"): [result(1, 1), result(2, 1), result(3, 1)],
                   ("weaknet/x", "quick"): [result(1, 10), result(2, 10), result(3, 10, ok=199)],
                   ("weaknet/x", "whole"): [result(1, 200), result(2, 200), result(3, 300)]}
        made = by_name(results, case({"answered": 1.0, "p50": ("us", 150), "max": ("us", 2000)}))
        against = made["x stn p50 against whole"]
        self.assertEqual((against["value"], against["reference"], against["ratio"]), (200, 200, 1.0))
        self.assertIs(made["x stn answered"]["met"], True)
        self.assertEqual(made["x stn p50"]["met"], "undecided")
        self.assertIs(made["x stn max"]["met"], False)
        self.assertIsNone(made["x quick p50"]["met"])

    def test_bytes_are_a_ratio_to_another_clients_in_the_case_that_names_them(self):
        seeds = [result(seed, count=30) for seed in (1, 2, 3)]
        results = {("weaknet/y", "stn"): seeds, ("weaknet/x", "stn-alone"): [result(seed, count=20) for seed in (1, 2, 3)],
                   ("weaknet/x", "plain"): [result(seed, count=10) for seed in (1, 2, 3)]}
        beside = {"case": "weaknet/x", "bytes": 1.2}
        made = by_name(results, case({}, beside, "weaknet/y"), case({}))
        self.assertEqual((made["y stn bytes against stn-alone"]["ratio"], made["y stn bytes against stn-alone"]["met"]), (1.5, False))
        self.assertEqual((made["y stn bytes against plain"]["ratio"], made["y stn bytes against plain"]["met"]), (3, None))
        without = by_name({("weaknet/y", "stn"): seeds}, case({}, beside, "weaknet/y"))
        self.assertIs(without["y stn bytes against stn-alone"]["met"], False, "what was not compared is not met")

    def test_a_copy_in_one_seed_is_a_copy(self):
        results = {("weaknet/x", "stn"): [result(seed, repeated=max(0, seed - 2)) for seed in (1, 2, 3)]}
        made = by_name(results, case({"repeated": 0}))["x stn repeated"]
        self.assertEqual((made["value"], made["met"]), (1, "undecided"))

    def test_recovery_counts_from_the_server_to_the_next_answer_whichever_task_it_has(self):
        said = {"began_us": 1000, "times_us": [100, None, 2_000_000, 700_000]}
        self.assertEqual(recovery_us(said, 5.0, 1_000_000), 301_000)
        self.assertIsNone(recovery_us(said, 5.0, 9_000_000))
        self.assertIsNone(recovery_us({}, 5.0, 1))
        self.assertEqual(samples([result(1, recovery_us=5), result(2, recovery_us=None)], "recovery"), [])

    def test_the_readmes_table_says_what_was_missed(self):
        results = {("weaknet/x", "stn"): [result(1, 100_000)], ("weaknet/x", "grpc"): [result(1, 900_000, ok=100)]}
        rows = {key: figures(those) for key, those in results.items()}
        text = markdown(rows, {"weaknet/x": case({"answered": 1.0, "p95": ("us", 150_000)})}, results)
        self.assertIn("**p95 200 ms** (150 ms)", text)
        self.assertIn("grpc 1.80 s (0.5 answered)", text)
