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

    def test_every_mistake_has_its_place_and_its_cure(self):
        for change, sentence in [
            (("rtt", "rrt"), "x.yaml:2:9: error: path has no 'rrt'; did you mean 'rtt'?\n  path: { rrt: 100ms"),
            (("100ms", "100"), "x.yaml:2:14: error: must be a duration such as 250ms, 3s or 2m, not '100'"),
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
