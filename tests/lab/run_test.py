"""Goal: tests/lab/run leaves nothing behind whatever happens to it, two runs do not meet, and a hang, a crash or a missing
tool is told as what it is.
Method: the program itself, on cases written here; LAB_BUILD is the folder of the built programs."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

LAB = pathlib.Path(__file__).resolve().parent
BUILD = os.environ.get("LAB_BUILD")


def processes(word):
    """The processes that have `word` in their command line, anywhere on the machine."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def wait_for(what, within=60):
    until = time.monotonic() + within
    while not what():
        if time.monotonic() > until:
            raise AssertionError("it did not come to pass within a minute")
        time.sleep(0.05)


@unittest.skipUnless(BUILD, "LAB_BUILD is not set; CTest sets it")
class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="lab.")
        self.out = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def case(self, text, name="case"):
        path = self.out / f"{name}.yaml"
        path.write_text(f"case: x\n{text}\n")
        return str(path)

    def words(self, *words):
        return [sys.executable, str(LAB / "run"), "--build", BUILD, "--out", str(self.out / "out"), *words]

    def run_case(self, text, *words, **options):
        done = subprocess.run(self.words(self.case(text), *words), capture_output=True, text=True, timeout=120, **options)
        return done.returncode, done.stdout + done.stderr

    def test_a_case_passes_and_is_told_as_json(self):
        code, said = self.run_case("hosts: { im: {} }\nrun: ping -c 1 {im}\ntruth: { prints: ' 0% packet loss' }", "--json", "--seeds", "2")
        self.assertEqual(code, 0, said)
        self.assertEqual([each["outcome"] for each in json.loads(said)["cases"]], ["passed", "passed"])
        self.assertTrue((self.out / "out/case.json").exists())

    def test_a_failure_is_told_and_kept(self):
        code, said = self.run_case("hosts: { im: {} }\nrun: ping -c 1 {im}\ntruth: { prints: 'no such words' }")
        self.assertEqual(code, 1, said)
        self.assertIn("the output has nothing like /no such words/", said)
        self.assertIn("ran 1, failed 1, not possible here 0", said)
        kept = self.out / "out/failed/case.1"
        self.assertTrue((kept / "client/client.pcap").stat().st_size > 24, "no packet was kept")
        self.assertIn("1 received", (kept / "client/command.txt").read_text())

    def test_a_case_that_cannot_pass_yet_is_no_failure_but_a_hang_is(self):
        code, said = self.run_case("not_yet: nobody says that\nrun: 'true'\ntruth: { prints: 'no such words' }")
        self.assertEqual(code, 0, said)
        self.assertIn("1 fail as their files say", said)
        code, said = self.run_case("not_yet: nobody says that\nlimit: 500ms\nrun: sleep 60\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("it hung", said)

    def test_a_network_that_is_not_what_the_case_says_is_a_failure_even_of_what_cannot_pass_yet(self):
        text = "not_yet: nobody says that\nhosts: {{ im: {{}} }}\nrun: 'true'\nevidence: ping -c 1 -W 1 {} \ntruth: {{ prints: 'no such words' }}"
        code, said = self.run_case(text.format("203.0.113.9"))
        self.assertEqual(code, 1, said)
        self.assertIn("the network is not what the case says, for its evidence ended with 1", said)
        code, said = self.run_case(text.format("{im}"))
        self.assertEqual(code, 0, said)

    def test_a_crash_is_a_failure_whatever_is_expected(self):
        code, said = self.run_case("not_yet: it crashes\nrun: 'kill -SEGV $$'\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("it crashed: it was ended by signal 11", said)

    def test_a_shell_fault_that_is_wrong_says_what_went_wrong(self):
        code, said = self.run_case("faults: [{ at: 0s, shell: { router: no_such_program } }]\nrun: 'true'\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("no_such_program", said)

    def test_a_missing_tool_is_named_with_the_command_that_installs_it(self):
        code, said = self.run_case("run: 'true'\ntruth: { exit: 0 }", env={"PATH": "/nowhere"})
        self.assertEqual(code, 0, said)
        self.assertIn("not possible here 1 (the programs unshare and ip are missing (script/bootstrap --lab installs them))", said)
        code, said = self.run_case("run: 'true'\ntruth: { exit: 0 }", env={"PATH": "/nowhere", "CI": "true"})
        self.assertEqual(code, 1, "where CI runs nothing may be impossible")

    def test_an_interrupted_run_leaves_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                mark = f"31.{int(number):03}{os.getpid()}"
                path = self.case(f"hosts: {{ im: {{}} }}\nrun: exec sleep {mark}\ntruth: {{ exit: 0 }}", f"leaves_{int(number)}")
                run = subprocess.Popen(self.words(path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                wait_for(lambda: [each for each in processes(f"sleep\0{mark}")])
                run.send_signal(number)
                run.wait(timeout=30)
                wait_for(lambda: not processes(mark) and not processes(path))

    def test_two_runs_at_once_do_not_meet(self):
        text = "hosts: { im: {} }\nfaults: [{ at: 0s, shell: { router: 'nft add table inet mine' } }]\nrun: ping -c 3 -i 0.2 {im}\ntruth: { prints: ' 0% packet loss' }"
        runs = [subprocess.Popen(self.words(self.case(text, f"run_{each}")), stdout=subprocess.PIPE, text=True) for each in range(2)]
        for each in runs:
            said, _ = each.communicate(timeout=120)
            self.assertEqual(each.returncode, 0, said)

    def test_wrong_use_is_told(self):
        for words, sentence in [(["weaknet/loss_6"], "there is no case 'weaknet/loss_6'; did you mean 'weaknet/loss_5'?"),
                                (["--seeds", "0"], "'0' is no number from 1 on"), (["--client", "x"], "invalid choice"),
                                (["--keep"], "--keep is for one case at a time")]:
            with self.subTest(words):
                done = subprocess.run(self.words(*words), capture_output=True, text=True)
                self.assertEqual(done.returncode, 2)
                self.assertIn(sentence, done.stderr)
