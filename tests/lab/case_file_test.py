"""Goal: a mistake in a case file is told with its place, all of them in one pass, with what to write instead.
Method: texts with one mistake each, and one with many."""

import pathlib
import tempfile
import unittest

from runner.case_file import read_case
from runner.diagnostics import CaseError
from runner.main import LAB, case_files
from runner.turns import commands_of
from services import SERVICES

GOOD = """\
case: One address is dead
path: { rtt: 100ms, loss: 5%, block: [im.1] }
hosts: { im: { addresses: 2, echo: {} } }
faults: [{ at: 3s, stop: im }]
run: { load: stn, to: im, rate: 5/s, count: 20, size: 64 }
truth: { answered: 100%, first_answer: 4.5 rtt }
"""


class CaseFile(unittest.TestCase):
    def test_the_readme_tells_every_service(self):
        readme = (LAB / "README.md").read_text()
        for name in SERVICES:
            with self.subTest(name):
                self.assertIn(f"| `{name}` |", readme)

    def test_the_programs_that_a_case_needs_are_known(self):
        case = self.read("case: x\nhosts: { im: {} }\nfaults: [{ at: 0s, shell: { router: nft list tables } }]\nrun: kdig @{im}\n"
                         "evidence: '{tcpdump} -r x'\ntruth: { exit: 0 }\n")
        self.assertEqual(commands_of(case), {"kdig": "knot-dnsutils", "nft": "nftables", "tcpdump": "tcpdump"})

    def read(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            try:
                return read_case(file.name, "a/case")
            except CaseError as error:
                self.path = file.name
                return str(error).replace(file.name, "x.yaml")

    def refused(self, change, sentence):
        """GOOD with one replacement is refused with a text that begins so."""
        wrong = GOOD.replace(*change)
        self.assertNotEqual(wrong, GOOD)
        said = self.read(wrong)
        self.assertIsInstance(said, str, "nothing was said against it")
        self.assertIn(sentence, said)

    def test_a_good_case_is_read_into_plain_units(self):
        case = self.read(GOOD)
        self.assertEqual((case.rtt_us, case.path["loss"], case.kind), (100_000, 0.05, "load"))
        self.assertEqual(case.faults, [{"at": 3_000_000, "stop": ["im"]}])
        self.assertEqual(case.truth, {"answered": 1.0, "first_answer": ("rtt", 4.5)})
        self.assertEqual(case.limit_us, 4_000_000 + 15_000_000 + 30_000_000)

    def test_what_an_earlier_process_learns_takes_its_time_too(self):
        case = self.read(GOOD.replace("count: 20", "count: 20, remembered: 10"))
        self.assertEqual(case.limit_us, 4_000_000 + 2_000_000 + 2 * 15_000_000 + 30_000_000)
        self.assertEqual(case.shortened(5).run["remembered"], 5)

    def test_a_shortened_load_still_meets_its_faults(self):
        case = self.read(GOOD.replace("count: 20", "count: 200"))
        self.assertEqual(case.shortened(5).run["count"], 25, "two seconds more than to the one at 3 s, 5 a second")
        self.assertEqual(case.shortened(150).run["count"], 150)
        self.assertEqual(self.read(GOOD).shortened(5).run["count"], 20, "it has no more")

    def test_every_mistake_has_its_place_and_its_cure(self):
        for change, sentence in [
            (("rtt", "rrt"), "x.yaml:2:9: error: path has no 'rrt'; did you mean 'rtt'?\n  path: { rrt: 100ms"),
            (("100ms", "100"), "x.yaml:2:14: error: must be a duration such as 250ms, 3s or 2m, at most 2m, not '100'"),
            (("5%", "5"), "x.yaml:2:27: error: must be a share such as 5% or 0.5%, not '5'"),
            (("5%", "105%"), "must be a share"),
            (("5/s", "5"), "must be how often: 5/s, or 1/65s for every 65 seconds, not '5'"),
            (("5/s", "0/s"), "must be how often"),
            (("echo", "ehco"), "a host has no 'ehco'; did you mean 'echo'?"),
            (("addresses: 2", "addresses: 0"), "a whole number from 1 to 9"),
            (("load: stn", "load: snt"), "must be one of"),
            (("to: im", "to: imm"), "x.yaml:5:23: error: there is no host 'imm'; did you mean 'im'?"),
            (("stop: im", "stop: mi"), "x.yaml:4:26: error: there is no host 'mi'; there are: im"),
            (("block: [im.1]", "block: [om.1]"), "there is no host 'om'"),
            (("at: 3s, ", ""), "x.yaml:4:10: error: a fault needs 'at'"),
            (("case: One address is dead\n", ""), "a case needs 'case'"),
            (("answered: 100%", "verdict: healthy"), "'verdict' is seen in a diagnosis only"),
            (("answered: 100%", "recovery: 1s"), "'recovery' counts from when a fault starts a host again, and none does"),
            (("truth:", "beside: { clients: [pain] }\ntruth:"), "must be one of"),
            (("answered: 100%", "answered: 100%, answered: 90%"), "'answered' stands twice; it is in line 6 too"),
            (("hosts: { im:", "hosts: { router:"), "'router' is a place of every case"),
            (("hosts: { im:", "hosts: { im-1:"), "'im-1' is no name"),
            (("truth: { answered: 100%, first_answer: 4.5 rtt }", "truth: {}"), "a case without a truth proves nothing"),
            (("truth: { answered", "truth: { answered: [1"), "this is not YAML"),
            (("path: {", "path: [1,"), "this is not YAML"),
            (("path: { rtt: 100ms, loss: 5%, block: [im.1] }", "path: fast"), "path must be a group of 'key: value'"),
        ]:
            with self.subTest(sentence):
                self.refused(change, sentence)

    def test_what_cannot_be_run_is_told_before_it_is(self):
        run = "run: { load: stn, to: im, rate: 5/s, count: 20, size: 64 }"
        echo = GOOD.replace(run, "run: RUN").replace("answered: 100%, first_answer: 4.5 rtt", "exit: 0")

        def shell(text):
            return ((GOOD, echo.replace("RUN", text)))

        for change, sentence in [
            (("to: im", "to: im.0"), "x.yaml:5:23: error: there is no 'im.0': the host im has 2 of IPv4, from im.1 on"),
            (("to: im", "to: im.3"), "there is no 'im.3'"),
            (("to: im", "to: im.v6"), "the loads go over IPv4"),
            (("to: im", "to: 198.51.100.11"), "a load talks to a host of the case, not to '198.51.100.11'"),
            (("block: [im.1]", "block: [im.7]"), "there is no 'im.7'"),
            (("block: [im.1]", "block: [1.2.3]"), "must be a host, one of its addresses"),
            (("block: [im.1]", "block: [10.0.0.0/33]"), "must be a host, one of its addresses"),
            (("rtt: 100ms", "rtt: 121s"), "at most 2m, not '121s'"),
            (("rtt: 100ms", "jitter: 61s"), "at most 60s, not '61s'"),
            (("rtt: 100ms", "reset_every: 500us"), "of at least 1ms, or 0s for never"),
            (("rtt: 100ms", "rate: 0kbit/s"), "must be a rate"),
            (("rtt: 100ms", "rtt: " + "9" * 400 + "s"), "must be a duration"),
            (("at: 3s", "at: " + "9" * 12 + "m"), "must be a duration"),
            ((run, "run: {}"), "run needs 'shell'"),
            ((run, "run: ''"), "must be a text that is not empty"),
            (("stop: im", "shell: { ruoter: x }"), "x.yaml:4:29: error: there is no place 'ruoter'"),
            (("stop: im", "stop: []"), "an empty list says nothing"),
            (("answered: 100%, first_answer: 4.5 rtt", "exit: 126"), "a whole number from 0 to 125"),
            (("answered: 100%, ", "answered: 0%, "), "must be a share such as 5% or 0.5%, above 0, not '0%'"),
            (("answered: 100%, ", "prints: [], "), "an empty list says nothing"),
            (("answered: 100%, ", "prints: '', "), "does not fit an empty text, not ''"),
            (("answered: 100%, ", "prints: 'x*', "), "does not fit an empty text"),
            (("answered: 100%, ", "numbers: [{ find: lost, between: [1, 2] }], "), "with a (group) for the number"),
            (("answered: 100%, ", "action: x, "), "x.yaml:6:10: error: 'action' is seen in a diagnosis only"),
            (shell("ping {imm}"), "x.yaml:5:6: error: '{imm}' stands for nothing; did you mean '{im}'?"),
            (shell("ping {im.3}"), "'{im.3}': there is no 'im.3'"),
            (shell("ping {mi.v6}"), "'{mi.v6}': there is no host 'mi'"),
            (shell("ping {gatway}"), "did you mean '{gateway}'?"),
            (("hosts: {", "hosts: { lab: {},"), "'{lab}' stands for something else in commands"),
            (("hosts: {", "hosts: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.1 },"), "the host a has this address too"),
            (("hosts: {", "hosts: {" + "".join(f" h{n}: {{}}," for n in range(24))), "there are addresses for 24 hosts, not for 25"),
        ]:
            with self.subTest(sentence):
                self.refused(change, sentence)

    def test_braces_that_are_not_the_labs_stay(self):
        text = "echo ${X} ${im} | awk '{print} {print $1} END { print }'; curl -w '%{http_code}' {im.2} {lab} x{2} {a,b} {one}"
        case = self.read("case: x\nhosts: { im: { addresses: 2 } }\nrun: |\n  " + text + "\ntruth: { exit: 0 }\n")
        self.assertEqual(case.run["shell"].strip(), text)

    def test_what_is_hardly_yaml_is_told_too(self):
        for text, sentence in [("case: x\n? [a, b]\n: 1\n", "x.yaml:2:3: error: a key of a case must be a single word"),
                               ("? {a: b}\n: 1\n", "a key of a case must be a single word"),
                               ("case: x\nrun: a\x01b\n", "x.yaml:2:7: error: this is not YAML: special characters are not allowed (U+0001)"),
                               ("case: " + "[" * 3000, "too deep in one another"),
                               ("case: x\nrun: a\ntruth: &a { prints: [*a] }\n", "error: ")]:
            with self.subTest(sentence):
                self.assertIn(sentence, self.read(text))

    def test_a_diagnosis_is_one_of_those_that_there_are(self):
        said = self.read("case: x\nhosts: { im: {} }\nrun: { diagnose: im }\ntruth: { verdict: helthy }\n")
        self.assertIn("x.yaml:4:19: error: 'helthy' is no diagnosis; did you mean 'healthy'?", said)

    def test_one_pass_tells_all(self):
        said = self.read(GOOD.replace("rtt: 100ms", "rrt: 100ms").replace("5/s", "5").replace("addresses: 2", "addresses: 99"))
        self.assertEqual(said.count("error: "), 3)
        self.assertLess(said.index("x.yaml:2"), said.index("x.yaml:3"))

    def test_an_empty_file_is_told(self):
        self.assertIn("the file is empty", self.read("# nothing\n"))

    def test_no_cut_of_a_good_case_breaks_the_reader(self):
        for length in range(len(GOOD)):
            self.read(GOOD[:length])  # Told or read; an exception of another kind fails the test.

    def test_the_shipped_cases_are_in_order(self):
        for name, path in case_files().items():
            with self.subTest(name):
                read_case(path, name)
        self.assertTrue((pathlib.Path(LAB) / "README.md").exists())
