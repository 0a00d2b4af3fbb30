"""Goal: what was seen is compared with the truth to the letter, and a crash is never "as expected".
Method: cases and outcomes by hand."""

import json
import re
import unittest

from runner.case_file import Case
from runner.case_run import last_object
from runner.judge import broken, judge, summary
from runner.report import calibration, calibration_text, confusion, confusion_markdown, confusion_text

SAID = {"sent": 200, "ok": 199, "failed": 1, "reasons": {"timeout": 1}, "p50_us": 101_000, "p95_us": 400_000, "p99_us": 600_000,
        "max_us": 1_200_000, "first_answer_us": 205_000, "connects": 2, "bytes_sent": 1, "bytes_received": 1}


def case(run, truth, rtt_us=100_000):
    return Case(name="a/case", title="", about="", fast=False, not_yet="", limit_us=1, path={"rtt": rtt_us}, hosts={}, router={},
                zone={}, evidence="", faults=[], run=run, truth=truth)


class Judge(unittest.TestCase):
    def of_load(self, truth, said=None, rtt_us=100_000):
        return judge(case({"load": "stn"}, truth, rtt_us), 0, 40_000_000, SAID if said is None else said, "")

    def test_a_load_within_its_limits_passes(self):
        self.assertEqual(self.of_load({"answered": 0.99, "p50": ("rtt", 1.1), "p95": ("us", 400_000), "connects": 2}), [])

    def test_each_limit_is_told_with_what_was_seen(self):
        self.assertEqual(self.of_load({"answered": 1.0}), ["answered 99.5% of 200, not 100.0% (1 timeout)"])
        self.assertEqual(self.of_load({"p95": ("rtt", 2.5)}), ["p95 is 4 RTT, not at most 2.5 RTT"])
        self.assertEqual(self.of_load({"max": ("us", 1_000_000)}, rtt_us=0), ["max is 1.20 s, not at most 1.00 s"])
        self.assertEqual(self.of_load({"connects": 1}), ["2 connects, not at most 1"])
        self.assertEqual(self.of_load({"repeated": 0}, {**SAID, "repeated": 3}), ["3 repeated, not at most 0"])
        self.assertEqual(self.of_load({"recovery": ("us", 500_000)}), ["recovery is none, not at most 5 RTT"])

    def test_a_machine_with_other_work_is_not_judged_by_latencies(self):
        busy = case({"load": "stn"}, {"answered": 1.0, "p95": ("rtt", 1.1), "connects": 1}).without_latencies()
        self.assertEqual(judge(busy, 0, 1, SAID, ""), ["answered 99.5% of 200, not 100.0% (1 timeout)", "2 connects, not at most 1"])

    def test_nothing_answered_has_no_latency(self):
        none = {**SAID, "ok": 0, "p50_us": None, "first_answer_us": None}
        self.assertEqual(self.of_load({"p50": ("rtt", 9)}, none), ["p50 is none, not at most 9 RTT"])
        self.assertEqual(self.of_load({"answered": 1.0}, {"sent": 0, "ok": 0}), ["answered 0.0% of 0, not 100.0%", "it sent 0, not 200"])

    def test_a_diagnosis_is_right_wrong_or_a_false_accusation(self):
        def of(truth, said):
            return judge(case({"diagnose": "x"}, truth), 1, 1, said, "")

        self.assertEqual(of({"verdict": "host_down"}, {"code": "host_down"}), [])
        self.assertEqual(of({"verdict": "host_down"}, {"code": "healthy"}), ["the verdict is healthy, not host_down"])
        self.assertEqual(of({"never": ["ip_blocked"]}, {"code": "ip_blocked"}), ["the verdict is ip_blocked, which is a false accusation"])
        self.assertEqual(of({"action": "use_doh"}, {"code": "healthy"}), ["the action is none, not use_doh"])

    def test_numbers_are_read_from_the_output(self):
        truth = {"numbers": [{"find": re.compile(r"(\d+)% packet loss"), "between": (3, 7)}]}
        shell = case({"shell": "ping"}, truth)
        self.assertEqual(judge(shell, 0, 1, None, "5% packet loss"), [])
        self.assertEqual(len(judge(shell, 0, 1, None, "9% packet loss")), 1)
        self.assertEqual(len(judge(shell, 0, 1, None, "nothing")), 1)
        self.assertEqual(len(judge(shell, 3, 1, None, "5% packet loss")), 1, "a shell command has to end with 0")

    def test_a_hang_or_a_crash_is_neither_expected_nor_overlooked(self):
        self.assertIn("hung", broken("shell", None, None, ""))
        self.assertIn("signal 11", broken("shell", -11, None, ""))
        self.assertIn("signal 6", broken("load", 134, SAID, ""))
        for words in ("==1==ERROR: AddressSanitizer: heap-use-after-free", "WARNING: ThreadSanitizer: data race",
                      "x.cpp:1:2: runtime error: signed overflow", "ERROR: UndefinedBehaviorSanitizer: SEGV"):
            self.assertIn("sanitizer", broken("shell", 1, None, words))
        self.assertEqual(broken("shell", 1, None, "an error"), "")

    def test_a_load_or_a_diagnosis_ends_with_0_or_1_and_with_its_json(self):
        self.assertEqual(broken("load", 0, SAID, ""), "")
        self.assertEqual(broken("diagnose", 1, {"code": "host_down"}, ""), "")
        self.assertEqual(broken("load", 2, SAID, "usage:\nno option '--x'\n"),
                         "it ended with 2, which is neither a result nor a failure: no option '--x'")
        for kind, said, lack in [("load", None, "no JSON"), ("diagnose", None, "no JSON"), ("diagnose", {}, "no 'code'"),
                                 ("load", {"sent": 3}, "no number 'ok'"), ("load", {"ok": 3}, "no number 'sent'"),
                                 ("load", {**SAID, "p50_us": "1"}, "'p50_us' that is no number"),
                                 ("load", {**SAID, "reasons": []}, "'reasons' that are no group")]:
            with self.subTest(lack):
                self.assertIn(lack, broken(kind, 0, said, ""))
                self.assertEqual(summary(case({"load" if kind == "load" else "diagnose": "x"}, {}), said), "")

    def test_what_is_found_may_be_no_number(self):
        for find, said in [(r"is (.*)", "is 1.2.3"), (r"is( \\d+)?", "is")]:
            truth = {"numbers": [{"find": re.compile(find), "between": (0, 9)}]}
            self.assertIn("is no number", judge(case({"shell": "x"}, truth), 0, 1, None, said)[0])

    def test_the_last_object_is_the_answer(self):
        self.assertEqual(last_object("a line\n{\"ok\":1}\n{\"ok\":2}\n"), {"ok": 2})
        self.assertIsNone(last_object("{\"ok\":\n"))
        self.assertIsNone(last_object(""))
        self.assertEqual(last_object(json.dumps(SAID) + "\nwarning: x\n"), SAID)

    def test_the_table_says_it_in_round_trips(self):
        self.assertEqual(summary(case({"load": "stn"}, {}), SAID),
                         "99.5% answered, p50 1.01 RTT, p95 4 RTT, p99 6 RTT, max 12 RTT, first_answer 2.05 RTT")
        self.assertIn("all answered", summary(case({"load": "stn"}, {}), {**SAID, "ok": 200}))

    def test_the_confusion_matrix_counts_what_was_said_for_each_truth(self):
        cases = {"a": case({"diagnose": "x"}, {"verdict": "healthy"}), "b": case({"diagnose": "x"}, {"verdict": "host_down"})}
        results = [{"case": "a", "outcome": "passed", "said": {"code": "healthy"}},
                   {"case": "a", "outcome": "failed", "said": {"code": "host_down"}},
                   {"case": "b", "outcome": "failed", "said": None}, {"case": "b", "outcome": "impossible", "said": None},
                   {"case": "b", "outcome": "broken", "said": {"code": "healthy"}}]
        self.assertEqual(confusion(cases, results), {"healthy": {"healthy": 1, "host_down": 1}, "host_down": {"nothing": 1}})
        self.assertIn("healthy  ", confusion_text(confusion(cases, results)))

    def test_the_matrix_as_a_table_shows_what_is_wrong(self):
        text = confusion_markdown({"a": {"a": 5}, "b": {"a": 1, "b": 4}, "c": {"c": 5}, "d": {"d": 5}}, 3)
        self.assertIn("| `a` | 5 | `c` | 5 |", text)
        self.assertIn("`b` | 4, **1 a**", text)
        self.assertEqual({line.count("|") for line in text.strip().split("\n")}, {7})

    def test_sureness_is_held_against_what_is_true(self):
        cases = {"a": case({"diagnose": "x"}, {"verdict": "healthy"}), "b": case({"load": "stn"}, {"answered": 1})}
        said = [("healthy", 0.9, "proven"), ("host_down", 0.95, "proven"), ("host_down", 0.5, "possible")]
        results = [{"case": "a", "outcome": "passed", "said": {"code": code, "confidence": sure, "label": label}} for code, sure, label in said]
        results.append({"case": "b", "outcome": "passed", "said": {"code": "healthy", "confidence": 0.9}})
        found = calibration(cases, results)
        self.assertEqual(found, {"runs": 3, "right": 1, "brier": round((0.01 + 0.9025 + 0.25) / 3, 4), "falsely_proven": 1})
        self.assertIn("headline right in 1 of 3 (33.3%), falsely proven 1", calibration_text(found))
        self.assertIsNone(calibration(cases, results[3:]))
