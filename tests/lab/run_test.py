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
        path.parent.mkdir(exist_ok=True)
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
        text = ("not_yet: nobody says that\nhosts: {{ im: {{}} }}\nrun: 'true'\nevidence: ping -c 1 -W 1 {} \n"
                "truth: {{ prints: 'no such words' }}")
        code, said = self.run_case(text.format("203.0.113.9"))
        self.assertEqual(code, 1, said)
        self.assertIn("the network is not what the case says, for its evidence ended with 1", said)
        code, said = self.run_case(text.format("{im}"))
        self.assertEqual(code, 0, said)

    def test_a_crash_is_a_failure_whatever_is_expected(self):
        code, said = self.run_case("not_yet: it crashes\nrun: 'kill -SEGV $$'\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("it crashed: it was ended by signal 11", said)

    @unittest.skipUnless(os.geteuid() == 0, "tharsis takes its plugins from root's folders only")
    def test_a_load_that_prints_no_json_is_broken_whatever_cannot_pass_yet(self):
        for run, sentence in [("{ load: stn, to: im, count: 1, set: [no.such=1] }", "neither a result nor a failure"),
                              ("{ diagnose: 'tcp://nothing' }", "it ended with 2")]:
            with self.subTest(run):
                key = "answered: 100%" if "load" in run else "verdict: healthy"
                code, said = self.run_case(f"not_yet: not today\nhosts: {{ im: echo }}\nrun: {run}\ntruth: {{ {key} }}")
                self.assertEqual(code, 1, said)
                self.assertIn(sentence, said)

    def test_a_server_that_dies_is_told_whatever_it_ends_with(self):
        kill = 'kill "$(pgrep -f "/[s]mall_server.py mirror 7$")"; sleep 0.5'
        restart = "faults: [{ at: 700ms, stop: im }, { at: 800ms, start: im }]\n"
        for faults in ("", restart):
            code, said = self.run_case(f"not_yet: it dies\nhosts: {{ im: mirror }}\n{faults}"
                                       f"run: |\n  {kill}; sleep 1\ntruth: {{ prints: 'no such words' }}")
            self.assertEqual(code, 1, said)
            self.assertIn("im/mirror was ended by signal 15", said)

    def test_a_fault_that_never_struck_is_told(self):
        code, said = self.run_case("faults: [{ at: 60s, path: { loss: 100% } }]\nrun: 'true'\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("the fault at 60 s never struck", said)

    def test_evidence_hides_no_hang(self):
        code, said = self.run_case("limit: 300ms\nrun: sleep 60\nevidence: no_such_tool\ntruth: { exit: 0 }")
        self.assertEqual(code, 1, said)
        self.assertIn("it hung", said)
        self.assertIn("a tool that the evidence needs is not installed", said)

    def test_whatever_goes_wrong_files_are_kept(self):
        for run, sentence in [("mkfifo {lab}/pipe; ln -s nowhere {lab}/link; false", "the exit code is 1"),
                              ("exec yes", "the command says too much"),
                              ("printf '\\377\\376'; kill -9 $(pgrep lab_relay); sleep 0.3; exit 1", "router/relay was ended by signal 9"),
                              ("echo 'WARNING: ThreadSanitizer: race' >{lab}/client/other.txt", "complained in client/other.txt")]:
            with self.subTest(run):
                code, said = self.run_case(f"hosts: {{ im: {{}} }}\nrun: |\n  {run}\ntruth: {{ exit: 0 }}")
                self.assertEqual(code, 1, said)
                self.assertIn(sentence, said)
                self.assertTrue((self.out / "out/failed/case.1/client/client.pcap").exists())
        code, said = self.run_case("hosts: { im: {} }\nrun: 'true'\ntruth: { exit: 0 }")
        self.assertEqual(code, 0, said)
        self.assertFalse((self.out / "out/failed/case.1").exists(), "what passes now has no failure left")

    def test_a_link_that_goes_down_ends_no_capture(self):
        run = "ip link set eth0 down; sleep 0.2; ip link set eth0 up; ip route add default via {gateway}; ping -c 3 -i 0.2 {im}; false"
        code, said = self.run_case(f"hosts: {{ im: {{}} }}\nrun: '{run}'\ntruth: {{ exit: 0 }}")
        self.assertEqual(code, 1, said)
        self.assertNotIn("not whole", said)
        self.assertGreater((self.out / "out/failed/case.1/client/client.pcap").stat().st_size, 24 + 3 * 100)

    def test_the_network_stands_until_enter(self):
        path = self.case("hosts: { im: {} }\nrun: 'true'\ntruth: { exit: 0 }")
        done = subprocess.run(self.words("--keep", path), input="\n", capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--net=/run/netns/client", done.stderr)

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
        for no in ("", "false", "0"):
            code, said = self.run_case("run: 'true'\ntruth: { exit: 0 }", env={"PATH": "/nowhere", "CI": no})
            self.assertEqual(code, 0, f"CI={no} is no CI")

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
        text = ("hosts: { im: {} }\nfaults: [{ at: 0s, shell: { router: 'nft add table inet mine' } }]\n"
                "run: ping -c 3 -i 0.2 {im}\ntruth: { prints: ' 0% packet loss' }")
        runs = [subprocess.Popen(self.words(self.case(text, f"run_{each}")), stdout=subprocess.PIPE, text=True)
                for each in range(2)]
        for each in runs:
            said, _ = each.communicate(timeout=120)
            self.assertEqual(each.returncode, 0, said)

    def test_one_case_that_fails_in_two_runs_at_once_leaves_whole_files(self):
        path = self.case("hosts: { im: {} }\nrun: ping -c 2 -i 0.2 {im}\ntruth: { prints: 'no such words' }")
        runs = [subprocess.Popen(self.words("--seeds", "3", path), stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for each in runs:
            said, _ = each.communicate(timeout=120)
            self.assertEqual(each.returncode, 1, said)
            self.assertEqual(said.count("its logs and packets are in"), 3, said)
        kept = self.out / "out/failed"
        self.assertEqual(sorted(each.name for each in kept.iterdir()), ["case.1", "case.2", "case.3"], "a draft was left")
        for each in kept.iterdir():
            self.assertIn("2 received", (each / "client/command.txt").read_text())

    def test_a_fast_case_that_fails_has_one_more_turn(self):
        mark = self.out / "mark"
        code, said = self.run_case(f"fast: true\nrun: rm {mark} || {{ touch {mark}; false; }}\ntruth: {{ exit: 0 }}", "--fast")
        self.assertEqual(code, 0, said)
        self.assertIn("it has one more turn at the end, alone", said)
        self.assertIn("ran 1, failed 0, not possible here 0", said)
        code, said = self.run_case("fast: true\nrun: 'false'\ntruth: { exit: 0 }", "--fast")
        self.assertEqual(code, 1, said)
        self.assertIn("ran 1, failed 1, not possible here 0", said)

    def test_wrong_use_is_told(self):
        for words, sentence in [(["weaknet/loss_6"], "there is no case 'weaknet/loss_6'; did you mean 'weaknet/loss_5'?"),
                                (["--seeds", "0"], "'0' is no number from 1 on"), (["--client", "x"], "invalid choice"),
                                (["--keep"], "--keep is for one case at a time"), (["--out", "/run/x"], "--out /run/x is in /run"),
                                ([self.case("run: x\ntruth: { exit: 0 }"), "--fast"], "--fast leaves none to run"),
                                ([self.case("run: x\ntruth: { exit: 0 }", "one/same"),
                                  self.case("run: x\ntruth: { exit: 0 }", "two/same")], "would both be called 'same'")]:
            with self.subTest(words):
                done = subprocess.run(self.words(*words), capture_output=True, text=True)
                self.assertEqual(done.returncode, 2)
                self.assertIn(sentence, done.stderr)
