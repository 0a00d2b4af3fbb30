"""Goal: nothing that a client failed at is smoothed away when runs are put side by side, and targets are judged as
script/bench says.
Method: results by hand."""

import types
import unittest

from runner.side_by_side import entries, figures, met, spread, table


def result(seed, p50=100, ok=200, outcome="passed", **more):
    said = {"sent": 200, "ok": ok, "p50_us": p50, "p95_us": 2 * p50 if p50 else None, "max_us": 3 * p50 if p50 else None,
            "first_answer_us": p50, **more}
    return {"seed": seed, "outcome": outcome, "said": said, "relay": {"up": {"in_bytes": 1}, "down": {"in_bytes": 2}}}


def by_name(rows, results, truth):
    case = types.SimpleNamespace(truth=truth, rtt_us=100)
    return {each["name"]: each for each in entries(rows, {"weaknet/x": case}, results)}


class SideBySide(unittest.TestCase):
    def test_one_seed_that_lost_some_is_seen(self):
        row = figures([result(1), result(2), result(3, ok=100)])
        self.assertEqual((round(row["answered"], 3), row["everything"]), (0.833, False))
        self.assertTrue(figures([result(1), result(2)])["everything"])

    def test_the_maximum_is_the_longest_of_all(self):
        row = figures([result(1), result(2), result(3, max_us=9000)])
        self.assertEqual((row["p50"], row["max"], row["bytes"]), (100, 9000, 3))

    def test_without_an_answer_in_every_seed_there_is_no_latency(self):
        row = figures([result(1), result(2), result(3, p50=None, ok=0)])
        self.assertEqual((row["p50"], row["max"], row["first_answer"]), (None, None, None))

    def test_a_broken_run_is_counted_and_gives_no_figure(self):
        row = figures([result(1), {**result(2), "outcome": "broken"}, {"seed": 3, "outcome": "broken", "reasons": ["x"]}])
        self.assertEqual((row["broken"], row["everything"], row["answered"], row["p50"]), (2, False, 1.0, None))
        self.assertIn("2 broken", table({("weaknet/x", "stn"): row}))

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
                   ("weaknet/x", "quick"): [result(1, 10), result(2, 10), result(3, 10, ok=199)],
                   ("weaknet/x", "whole"): [result(1, 200), result(2, 200), result(3, 300)]}
        rows = {key: figures(those) for key, those in results.items()}
        made = by_name(rows, results, {"answered": 1.0, "p50": ("us", 150), "max": ("us", 2000)})
        against = made["x stn p50 against the best of the others"]
        self.assertEqual((against["value"], against["reference"], against["ratio"]), (200, 200, 1.0))
        self.assertIs(made["x stn answered"]["met"], True)
        self.assertEqual(made["x stn p50"]["met"], "undecided")
        self.assertIs(made["x stn max"]["met"], False)
        self.assertIsNone(made["x quick p50"]["met"])
