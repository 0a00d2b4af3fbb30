"""The Python package against the real libtharsis, its plugins and a gateway. python_test.py PACKAGE BUILD STATE [unittest's words]

Cycles of start and stop: THARSIS_CYCLES of them, else 20."""
import asyncio
import gc
import logging
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

package, build, state = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
source = pathlib.Path(__file__).resolve().parents[2]
os.environ["THARSIS_LIB"] = str(build / "lib")
sys.path[:0] = [str(package), str(source / "tests/e2e")]

import ctypes  # noqa: E402

import loopback  # noqa: E402
import tharsis  # noqa: E402
from tharsis import _abi  # noqa: E402

ECHO, MESSAGE, UNKNOWN = 100, 3, 99  # Of the gateway.
FIXTURES = build / "tests/fixtures"
PATIENCE = 60  # Only a failing test waits so long.


def profile(plugins: str) -> str:
    return "tharsis: 1\nplugins:\n" + plugins


def message(sender: str, text: str) -> bytes:
    texts = ["", sender, "all", text, "0"]
    return b"".join(bytes([n << 3 | 2, len(t)]) + t.encode() for n, t in enumerate(texts, 1))


class Layout(unittest.TestCase):
    """What ctypes is told of the structs is what the compiler made of them."""

    def test_structs_are_as_the_contract_has_them(self):
        listed: dict[str, list[tuple[int, int, str]]] = {}
        sizes: dict[str, int] = {}
        for line in (source / "tests/abi/layout.txt").read_text().splitlines():
            if field := re.fullmatch(r"  (\d+) (\d+) (\w+)", line):
                listed[name].append((int(field[1]), int(field[2]), field[3]))
            elif struct := re.fullmatch(r"(tharsis_\w+) (\d+)", line):
                name = struct[1]
                listed[name], sizes[name] = [], int(struct[2])
        for name, mirror in {**_abi.MIRRORED, **_abi.PARTIAL}.items():
            ours = [(getattr(mirror, f).offset, getattr(mirror, f).size, f) for f, *_ in mirror._fields_]
            theirs = listed[name][:len(ours)] if name in _abi.PARTIAL else listed[name]
            self.assertEqual(ours, theirs, name)
            if name in _abi.MIRRORED:
                self.assertEqual(ctypes.sizeof(mirror), sizes[name], name)

    def test_status_and_why_have_the_contracts_numbers(self):
        numbers = dict(re.findall(r"^(THARSIS_\w+) (-?\d+)$", (source / "tests/abi/layout.txt").read_text(), re.M))
        for status in tharsis.Status:
            prefix = "THARSIS_" if status >= 0 else "THARSIS_E_"
            self.assertEqual(status, int(numbers[prefix + status.name]))
        for why in list(tharsis.Why)[:-1]:
            self.assertEqual(why, int(numbers["THARSIS_STN_" + why.name]))
        for flag in tharsis.Flag:
            self.assertEqual(flag, int(numbers["THARSIS_STN_" + flag.name]))


class Hosted(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True, mode=0o700)
        self.thread = __import__("threading").get_ident()

    def fixture(self, plugins: str, **options) -> tharsis.Runtime:
        return tharsis.Runtime(text=profile(plugins), plugins=[FIXTURES], state=state, **options)


class Profiles(Hosted):
    def test_a_wrong_profile_is_refused_with_its_place_and_all_its_problems(self):
        with self.assertRaisesRegex(tharsis.ProfileError, r"wrong.yaml:3:10: .*linkz") as caught:
            tharsis.Runtime("wrong.yaml", text=profile("  stn: { linkz: {} }\n  dns: { timeuot: 1s }\n"), state=state)
        self.assertIn("timeuot", caught.exception.problems)
        self.assertIn("did you mean 'links'", caught.exception.problems)
        self.assertIsInstance(caught.exception, ValueError)

    def test_a_wrong_setting_of_the_host_is_refused_too(self):
        with self.assertRaisesRegex(tharsis.ProfileError, "nowhere"):
            tharsis.Runtime(sets={"stn.links.main.endpoints": ["nowhere"]}, state=state)

    async def test_the_desktop_profile_starts_without_a_server_and_says_why_there_is_none(self):
        async with tharsis.Runtime(state=state) as runtime:
            with runtime.events("sdt.verdict") as verdicts:
                verdict = await asyncio.wait_for(anext(verdicts), PATIENCE)
            self.assertIn("im.example.invalid", verdict.payload["headline"])

    async def test_a_plugin_that_does_not_start_is_an_error_with_its_reason(self):
        with self.assertRaisesRegex(tharsis.Error, "plugin 'start_fails' did not start: ."):
            async with self.fixture("  start_fails: {}\n"):
                self.fail("it started")

    async def test_a_runtime_runs_once(self):
        runtime = self.fixture("  quiet: {}\n")
        async with runtime:
            with self.assertRaisesRegex(tharsis.Error, "a runtime runs once"):
                await runtime.start()
        self.assertTrue(runtime.closed)
        await runtime.close()
        for call in (runtime.report, runtime.metrics, runtime.events, lambda: runtime.tell(account="")):
            with self.assertRaisesRegex(tharsis.Error, "was closed"):
                call()


class Telling(Hosted):
    async def test_what_is_told_arrives_and_nonsense_is_named(self):
        runtime = self.fixture("  tunable: {}\n")
        with self.assertRaisesRegex(tharsis.Error, "proxy: .*write it like http:"):
            runtime.tell(proxy="nowhere", account="ann")
        with self.assertRaisesRegex(ValueError, "no type of network 'wfi'; there are none, wired"):
            runtime.tell(type="wfi")
        runtime.tell(foreground=False, metered=True, type="cellular", network="home", account="ann", device="a phone")
        networks = runtime.events("runtime.network")
        async with runtime:
            async for event in networks:
                if event.payload["account"] == "ann":
                    break
        self.assertEqual((event.payload["metered"], event.payload["type"], event.payload["id"]), (1, "cellular", "home"))

    async def test_a_profile_is_changed_as_a_whole_or_not_at_all(self):
        async with self.fixture("  tunable: {}\n") as runtime:
            changed = runtime.events("tunable.settings")
            self.assertEqual(await runtime.reload(text=profile("  tunable: { live: 5 }\n")), "tunable: changed\n  live: 0 -> 5\n")
            async for event in changed:
                if event.payload["live"] == 5:
                    break
            self.assertEqual(await runtime.reload(), "nothing has changed\n")
            with self.assertRaisesRegex(tharsis.Error, "'tunable' refuses its new settings: it likes what it has"):
                await runtime.reload(text=profile("  tunable: { refuses: true }\n"))
            with self.assertRaisesRegex(tharsis.ProfileError, "'liv'") as caught:
                await runtime.reload(text=profile("  tunable: { liv: 5 }\n"))
            self.assertIn("'live'", caught.exception.problems)
            self.assertEqual(await runtime.reload(sets={"tunable.live": 6}), "tunable: changed\n  live: 5 -> 6\n")

    async def test_a_reload_lays_its_settings_over_those_from_before(self):
        async with tharsis.Runtime(sets={"stn.links.main.endpoints": ["tcp://127.0.0.1:1"], "stn.tasks.timeout": "8s"}, state=state) as runtime:
            changed = await runtime.reload(sets={"stn.tasks.timeout": "7s"})
            self.assertRegex(changed, r"tasks\.timeout: .* -> 7s\n$")
            self.assertNotIn("links", changed)
            await asyncio.gather(*[runtime.reload(sets=sets) for sets in ({"stn.tasks.timeout": "5s"}, {"stn.tasks.retries": 3})])
            self.assertEqual(await runtime.reload(sets={"stn.tasks.timeout": "5s"}), "nothing has changed\n")
            self.assertEqual(await runtime.reload(), "nothing has changed\n")

    async def test_python_s_own_log_lines_are_in_the_log(self):
        async with tharsis.Runtime(state=state) as runtime:
            logger = logging.getLogger("shop")
            logger.addHandler(tharsis.LogHandler(runtime))
            logger.setLevel(logging.INFO)
            logger.warning("only %d left", 3)
            runtime.log.info("from the application")
            runtime.log.debug("not kept")
        logger.error("after the end it is dropped")
        said = subprocess.run([build / "bin/tharsis", "xlog", "cat", state / "log"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(said, r"W \d+ host shop: only 3 left")
        self.assertRegex(said, r"I \d+ host from the application")
        self.assertNotRegex(said, "not kept|after the end")


class Closing(Hosted):
    """Goal: whatever is under way when a runtime is closed ends, and touches nothing that is freed. Method: each in a process of its own,
    where freed memory is overwritten. (Newer Pythons warn of a fork beside threads.)"""

    HEAD = """
import asyncio, os, sys, threading, time
import tharsis
def made(text="  dns: {}", lines=""):
    return tharsis.Runtime(text="tharsis: 1\\nplugins:\\n" + text + "\\n" + lines, state=sys.argv[1])
"""

    def alone(self, code: str) -> str:
        ran = subprocess.run([sys.executable, "-B", "-W", "ignore::DeprecationWarning", "-c", self.HEAD + code, state], capture_output=True, text=True, timeout=PATIENCE,
                             env={**os.environ, "PYTHONPATH": str(package), "MALLOC_PERTURB_": "165"})
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran.stdout)
        return ran.stdout

    def test_two_tasks_may_close_and_each_returns_when_it_is_over(self):
        self.assertEqual(self.alone("""
async def main():
    runtime = made()
    await runtime.start()
    async def close():
        await runtime.close()
        return runtime.closed
    print(await asyncio.gather(close(), close(), close()))
asyncio.run(main())
"""), "[True, True, True]\n")

    def test_start_and_a_question_hear_that_it_was_closed(self):
        self.assertEqual(self.alone("""
async def main():
    runtime = made()
    starts = asyncio.create_task(runtime.start())
    await asyncio.sleep(0)
    await runtime.close()
    print(*await asyncio.gather(starts, return_exceptions=True))
    runtime = made()
    await runtime.start()
    await runtime.resolve("127.0.0.1")
    await runtime.stop()  # So that the next one waits for a provider.
    asks = asyncio.create_task(runtime.resolve("127.0.0.1"))
    await asyncio.sleep(0.02)
    await runtime.close()
    print(*await asyncio.gather(asks, return_exceptions=True))
    try:
        await runtime.resolve("127.0.0.1")
    except tharsis.Error as error:
        print(error.status.name)
asyncio.run(main())
"""), "this runtime was closed\nthe runtime was closed\nGONE\n")

    def test_a_reload_comes_to_its_end_first_also_one_that_nobody_waits_for(self):
        self.assertEqual(self.alone("""
async def main():
    for forgotten in [False, True] * 4:
        runtime = made()
        await runtime.start()
        reloads = asyncio.create_task(runtime.reload(text="tharsis: 1\\nplugins:\\n  dns: {}\\n# " + "x" * 1_000_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if forgotten:
            reloads.cancel()
        await runtime.close()
    print(*[type(e).__name__ for e in await asyncio.gather(reloads, return_exceptions=True)])
asyncio.run(main())
"""), "CancelledError\n")

    def test_threads_log_while_it_is_closed(self):
        self.assertEqual(self.alone("""
over = False
def write(log):
    while not over:
        log.info("x")
async def main():
    global over
    threads = []
    for _ in range(3):
        runtime = made("  xlog: {}")
        await runtime.start()
        threads += [threading.Thread(target=write, args=[runtime.log]) for _ in range(2)]
        for thread in threads[-2:]:
            thread.start()
        await asyncio.sleep(0.02)
        await runtime.close()
    over = True
    for thread in threads:
        thread.join()
asyncio.run(main())
"""), "")

    def test_a_forked_child_ends_as_usual_and_logs_meanwhile(self):
        self.assertEqual(self.alone("""
loop = asyncio.new_event_loop()
runtime = made("  xlog: {}")
loop.run_until_complete(runtime.start())
over = False
def write():
    while not over:
        runtime.log.debug("x")
thread = threading.Thread(target=write)
thread.start()
children = []
for _ in range(5):
    children.append(os.fork())
    if children[-1] == 0:
        over = True
        runtime.log.info("of a child")
        sys.exit(0)
for child in children:
    ends = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < ends:
        time.sleep(0.005)
    print(ended[0] == child, ended[1])
    if ended[0] == 0:
        os.kill(child, 9)
over = True
thread.join()
loop.run_until_complete(runtime.close())
"""), "True 0\n" * 5)


class Streams(Hosted):
    async def test_who_does_not_read_loses_the_oldest_and_learns_how_many(self):
        runtime = self.fixture("  tunable: {}\n")
        slow, all_of_it = runtime.events("tunable.settings", depth=2), runtime.events("tunable.settings", depth=1000)
        async with runtime:
            for live in range(1, 6):
                await runtime.reload(sets={"tunable.live": live})
        seen, late = [e async for e in all_of_it], [e async for e in slow]
        self.assertEqual(seen[-1].payload["live"], 5)
        self.assertGreater(len(seen), 4)
        self.assertEqual(late, seen[-2:])
        self.assertEqual(slow.dropped, len(seen) - 2)
        self.assertEqual(all_of_it.dropped, 0)

    async def test_a_stream_that_was_left_is_closed(self):
        async with self.fixture("  tunable: {}\n") as runtime:
            for _ in range(20):
                async for event in runtime.events("tunable.settings"):
                    break
                del event
            kept = runtime.events("tunable.settings")
            gc.collect()
            self.assertEqual(list(runtime._streams), [kept])
            await runtime.reload(sets={"tunable.live": 3})
            async for event in kept:
                if event.payload["live"] == 3:
                    break
            self.assertEqual(runtime._left, [])

    async def test_a_reader_that_waits_ends_with_the_runtime_and_with_close(self):
        async with self.fixture("  quiet: {}\n") as runtime:
            closed, left = runtime.events("nobody.*"), runtime.events("nobody.*")
            readers = [asyncio.create_task(self.all_of(s)) for s in (closed, left)]
            await asyncio.sleep(0)
            closed.close()
            self.assertEqual(await readers[0], [])
        self.assertEqual(await asyncio.wait_for(readers[1], PATIENCE), [])

    @staticmethod
    async def all_of(stream):
        return [one async for one in stream]


class Tasks(Hosted):
    """A gateway in this process, and clients over TLS."""

    async def asyncSetUp(self):
        self.gateway = tharsis.Runtime(text=profile('  gateway: { listen: "tcps://127.0.0.1:0", certificate: { names: [im.tharsis.test] } }\n'),
                                       state=state)
        await self.gateway.start()
        endpoint = state / "gateway/endpoint"
        while not endpoint.exists():
            await asyncio.sleep(0.001)
        self.endpoint = "tcps://im.tharsis.test:" + endpoint.read_text().strip().rsplit(":", 1)[1]

    async def asyncTearDown(self):
        await self.gateway.close()

    def client(self, user: str = "ann") -> tharsis.Runtime:
        return tharsis.Runtime(state=state / user, sets={
            "stn.links.main": {"endpoints": [self.endpoint], "tls": {"ca": str(state / "gateway/ca.pem")}, "user": user},
            "dns.pins": {"im.tharsis.test": ["127.0.0.1"]}})

    async def test_each_task_gets_its_answer(self):
        async with self.client() as runtime:
            bodies = [os.urandom(n) for n in (0, 1, 1000, 100_000)]
            ends = await asyncio.gather(*[runtime.send(ECHO, body, key=os.urandom(8), timeout=PATIENCE) for body in bodies])
            self.assertEqual([end.body for end in ends], bodies)
            self.assertEqual({(end.status, end.why) for end in ends}, {(tharsis.Status.OK, tharsis.Why.ANSWERED)})
            self.assertGreater(ends[0].times["first_byte"], 0)
            done = next(m for m in runtime.metrics() if (m["plugin"], m["name"]) == ("stn", "tasks_done"))
            self.assertEqual(done["value"], len(bodies))

    async def test_failures_carry_the_runtimes_sentences(self):
        async with self.client() as runtime:
            with self.assertRaisesRegex(tharsis.Timeout, "link 'main' brought no answer") as late:
                await runtime.send(ECHO, timeout=PATIENCE)
                await runtime.send(UNKNOWN, b"x", timeout=0.2)
            self.assertIsInstance(late.exception, TimeoutError)
            self.assertEqual(late.exception.task.why, tharsis.Why.NO_TIME)
            with self.assertRaisesRegex(tharsis.NotFound, "mian"):
                await runtime.send(ECHO, link="mian")
            with self.assertRaisesRegex(tharsis.Error, "."):
                await runtime.send(0)
            with self.assertRaisesRegex(ValueError, "more than 0"):
                await runtime.send(ECHO, timeout=0)
            with self.assertRaisesRegex(TypeError, "body is bytes"):
                await runtime.send(ECHO, "hello")  # type: ignore[arg-type]
            with self.assertRaisesRegex(tharsis.ProfileError, "neither an IP address nor a name"):
                await runtime.resolve("127.1")

    async def test_names_are_resolved(self):
        async with self.client() as runtime:
            found = await runtime.resolve("im.tharsis.test")
            self.assertEqual(([str(a) for a in found.addresses], found.verdict), (["127.0.0.1"], "proven"))

    async def test_a_diagnosis_is_a_sentence_and_a_report(self):
        async with self.client() as runtime:
            found = await runtime.diagnose("tcp://127.0.0.1:1", timeout=5)
            self.assertIn("127.0.0.1", found.sentence)
            self.assertGreater(found.confidence, 0)
            self.assertEqual(found.status, tharsis.Status.OK)
            self.assertTrue(found.code and found.blame and found.report, found)
            with self.assertRaises(tharsis.ProfileError):
                await runtime.diagnose("what is that?")

    async def test_pushes_come_from_other_clients(self):
        async with self.client("ann") as ann, self.client("ben") as ben:
            pushes = ann.pushes()
            await ann.send(ECHO, b"", timeout=PATIENCE)  # Ann is there before Ben speaks.
            await ben.send(MESSAGE, message("ben", "good morning"), timeout=PATIENCE)
            push = await asyncio.wait_for(anext(pushes), PATIENCE)
            self.assertEqual((push.link, push.command), ("main", 10001))
            self.assertIn(b"good morning", push.body)

    async def test_whoever_stops_waiting_withdraws_the_task(self):
        async with self.client() as runtime:
            ends = runtime.events("stn.task")
            waits = asyncio.create_task(runtime.send(UNKNOWN, b"x", timeout=PATIENCE))
            await runtime.send(ECHO, b"", timeout=PATIENCE)
            waits.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waits
            async for end in ends:
                if end.payload["command"] == UNKNOWN:
                    break
            self.assertEqual(end.payload["why"], tharsis.Why.CANCELLED)

    async def test_a_timeout_counts_while_nobody_provides_the_service(self):
        async with self.client() as runtime:
            await runtime.send(ECHO, timeout=PATIENCE)
            await runtime.stop()
            began = time.monotonic()
            with self.assertRaisesRegex(tharsis.Timeout, "nobody provides tharsis.stn/1 now"):
                await runtime.send(ECHO, timeout=0.05)
            self.assertLess(time.monotonic() - began, 2.5)

    async def test_a_task_without_an_answer_ends_when_the_runtime_does(self):
        async with self.client() as runtime:
            waits = asyncio.create_task(runtime.send(UNKNOWN, b"x", timeout=PATIENCE))
            await runtime.send(ECHO, b"", timeout=PATIENCE)
        with self.assertRaisesRegex(tharsis.Error, "stop"):
            await waits

    async def test_a_profile_without_stn_says_what_is_missing(self):
        async with self.fixture("  quiet: {}\n") as runtime:
            with self.assertRaisesRegex(tharsis.NotFound, "no plugin of the profile provides 'tharsis.stn/1'"):
                await runtime.send(ECHO)

    async def test_no_callback_comes_on_a_foreign_thread(self):
        # Method: the only two functions of Python's that C knows say on which thread they ran.
        from tharsis import services
        threads = set()
        settle, services.settle = services.settle, lambda *words: (threads.add(__import__("threading").get_ident()), settle(*words))
        try:
            async with self.client() as runtime:
                await asyncio.gather(*[runtime.send(ECHO, b"x", timeout=PATIENCE) for _ in range(20)], runtime.resolve("im.tharsis.test"))
        finally:
            services.settle = settle
        self.assertEqual(threads, {self.thread})

    async def test_the_example_does_all_that_an_application_does(self):
        port = loopback.free_port()
        program, endpoint = build / "bin/tharsis", f"tcp://127.0.0.1:{port}"
        server = subprocess.Popen([program, "stn", "serve", endpoint, "--state", state / "served"], stdout=subprocess.DEVNULL)
        try:
            while not loopback.listens(port):
                await asyncio.sleep(0.01)
            example = subprocess.run([sys.executable, "-B", source / "sdk/hosts/python/examples/tour.py", endpoint], capture_output=True, text=True,
                                     env={**os.environ, "PYTHONPATH": str(package)}, timeout=PATIENCE)
        finally:
            server.terminate()
            server.wait()
        self.assertEqual(example.returncode, 0, example.stderr)
        for line in ("link main is up", "answer: hello", "localhost is ", "push: .*good morning", "no answer: link 'main' brought", "diagnosis: .*% sure", "metrics: 1 "):
            self.assertRegex(example.stdout, line)


# Of glibc's mallinfo2: what is in use, not what was fetched from the system.
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Heap


class Cycles(unittest.TestCase):
    def test_starts_and_stops_leave_nothing_behind(self):
        cycles = int(os.environ.get("THARSIS_CYCLES", "20"))

        async def live_once(folder: str) -> None:
            async with tharsis.Runtime(sets={"stn.links.main.endpoints": ["tcp://127.0.0.1:1"]}, state=folder) as runtime:
                runtime.events()
                with self.assertRaises(tharsis.Error):
                    await runtime.send(ECHO, b"x", timeout=0.001)

        def held() -> tuple[int, int, int, int, int]:
            gc.collect()
            heap = mallinfo2()
            with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
                mappings = sum(1 for _ in maps)
            return (len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), sys.getallocatedblocks(),
                    heap.uordblks + heap.hblkhd, mappings)

        async def live(times: int) -> None:
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(times):
                    await live_once(folder)

        asyncio.run(live(10))
        threads, descriptors, blocks, memory, mappings = held()
        asyncio.run(live(cycles))
        after = held()
        self.assertEqual(after[:2], (threads, descriptors))
        self.assertLess(after[2] - blocks, 500, "Python's objects")
        self.assertLess(after[3] - memory, 256 << 10, "bytes of the C heap")
        self.assertLess(after[4] - mappings, 100, "mappings")
        print(f"{cycles} cycles: {after[2] - blocks:+} objects of Python's, {(after[3] - memory) / 1024:+.0f} KiB of the C heap, "
              f"{after[4] - mappings:+} mappings")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
