"""Goal: whatever becomes of a case's inner runner, its servers or its faults, the run goes on and says it.
Method: the parts by themselves, without namespaces."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest

from run_test import LAB, processes, wait_for
from runner.case_run import keep_files, limited
from runner.programs import missing
from runner.timeline import Timeline
from runner.turns import Turn
from runner.world import World, WorldError


def timeline(faults, run=lambda *_: None):
    world = types.SimpleNamespace(case=types.SimpleNamespace(faults=faults), run=run, fill=str)
    return Timeline(world, None, {})


class Turns(unittest.TestCase):
    def test_a_cut_line_is_no_result(self):
        self.assertEqual(Turn.result_of(b'a word\n{"outcome": "passed"}\n'), {"outcome": "passed"})
        for said in (b"", b'{"outcome": "pas', b"[1]", b"{}", b"\xff\n", b"7"):
            self.assertIsNone(Turn.result_of(said))

    def test_whatever_hangs_ends(self):
        with self.assertRaisesRegex(WorldError, "its set-up had not ended within 0.1 s"):
            with limited(0.1, "its set-up"):
                time.sleep(30)

    def test_only_what_can_be_copied_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder, "from/client")
            place.mkdir(parents=True)
            (place / "said.txt").write_text("words")
            (place / "state").mkdir()
            (place / "link").symlink_to("nowhere")
            os.mkfifo(place / "pipe")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(place / "socket"))
                keep_files(pathlib.Path(folder, "from"), pathlib.Path(folder, "to"))
            self.assertEqual([each.name for each in pathlib.Path(folder, "to/client").iterdir()], ["said.txt"])

    def test_a_program_that_is_missing_may_be_a_file(self):
        self.assertEqual(missing({"sh": "dash", "/etc/passwd": "base", "/no/such.so": "a-module", "no-such": "b"}), ["a-module", "b"])

    def test_a_fault_that_came_too_late_or_failed_is_told(self):
        late = timeline([{"at": 0}, {"at": 60_000_000}])
        late.start()
        self.assertEqual(late.end(), ["the fault at 60 s never struck: the command had ended before"])

        def fails(*_):
            raise WorldError("it failed")

        wrong = timeline([{"at": 1, "shell": {"router": ["x"]}}], fails)
        wrong.start()
        wait_for(lambda: not wrong.thread.is_alive())
        self.assertEqual(wrong.end(), ["it failed"])

    def test_a_process_that_ended_by_itself_is_noted_also_when_it_is_stopped_or_started_anew(self):
        world = World(types.SimpleNamespace(router={}, hosts={}), None)

        def ended(code):
            process = world.processes["im/x"] = subprocess.Popen(["sh", "-c", f"exit {code}"])
            process.wait()

        ended(0)
        self.assertEqual(world.crashed(), ["im/x ended by itself with 0"])
        self.assertIsNone(world.forget("im/x"))
        ended(3)
        world.stop("im", "x")
        self.assertEqual(world.crashed(), ["im/x ended by itself with 0", "im/x ended by itself with 3"])
        with subprocess.Popen(["sleep", "60"]) as alive:
            world.processes["im/x"] = alive
            world.stop("im", "x")
        self.assertEqual(len(world.crashed()), 2, "what was stopped did not end by itself")

    def test_what_ends_a_build_ends_its_compilers(self):
        mark = f"33.{os.getpid()}"
        program = (f"import signal, sys; sys.path.insert(0, {str(LAB)!r}); from runner.main import with_all_its_children; "
                   f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); with_all_its_children(['sh', '-c', 'sleep {mark}; true'])")
        with subprocess.Popen([sys.executable, "-B", "-c", program]) as build:
            wait_for(lambda: processes(f"sleep\0{mark}"))
            build.send_signal(signal.SIGTERM)
            self.assertEqual(build.wait(timeout=30), 143)
            wait_for(lambda: not processes(f"sleep\0{mark}"))
