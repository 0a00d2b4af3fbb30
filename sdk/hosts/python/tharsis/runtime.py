"""A runtime of Tharsis inside an asyncio application."""
from __future__ import annotations

import asyncio
import ctypes
import json
import os
import weakref
from typing import Any, Mapping, Sequence, TypeAlias

from . import _abi
from ._library import desktop_profile, library, owned
from .errors import Error, ProfileError, Status, check, error_of, failure
from .logs import Gate, Log
from .services import DNS, SDT, STN, Addresses, Channel, Depth, Diagnosis, Flag, Questions, TaskEnd, dns_done, sdt_done, task_done
from .streams import Event, Push, Stream, next_event, next_push

_TURN = 5_000_000  # ns between two looks at what else the loop has to do.
_NETWORKS = ["unknown", "none", "wired", "wifi", "cellular", "other"]
Path: TypeAlias = "str | os.PathLike[str]"


def _destroy(handle: ctypes.c_void_p, process: int, gate: Gate) -> None:
    if os.getpid() != process:  # A fork's child has none of the threads that would have to end.
        return
    gate.shut()
    library.tharsis_runtime_destroy(handle)


class Runtime:
    """The plugins of a profile, running beside an application:

        async with tharsis.Runtime(sets={"stn.links.main.endpoints": ["tcps://im.example.com:443"]}) as runtime:
            answer = await runtime.send(3, b"hello")

    profile: a file; without one the profile for desktop applications. text: the profile itself. sets: settings by their full name,
    stronger than the profile. plugins: more folders with plugins. state: where they keep files; without one the user's data folder.

    All methods belong to the thread of the event loop that started it; only log may be used on any. The runtime has threads of its
    own, and none of them ever calls Python. The child of a fork has none of these threads: there only log works."""

    def __init__(self, profile: Path | None = None, *, text: str | None = None, sets: Mapping[str, Any] = {},
                 plugins: Sequence[Path] = (), state: Path | None = None, threads: int = 0):
        if profile is None and text is None:
            profile = desktop_profile()
        self._given: dict[str, Any] = dict(profile=profile, text=text, sets=dict(sets), plugins=list(plugins), state=state, threads=threads)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: weakref.WeakSet[Stream[Any]] = weakref.WeakSet()
        self._left: list[ctypes.c_void_p] = []  # Inboxes of streams that nobody has any more.
        self._turns: set[asyncio.Future[None]] = set()
        self._reloads: set[asyncio.Future[int]] = set()
        self._one_reload = asyncio.Lock()
        options, why, handle = _options(**self._given), failure(), ctypes.c_void_p()
        _check_profile(library.tharsis_runtime_create(options, handle, why), why, options)
        self._handle = handle
        gate = Gate()
        self._end = weakref.finalize(self, _destroy, handle, os.getpid(), gate)  # Also when the interpreter ends.
        self._questions = Questions(self)
        self.log = Log(self, library.tharsis_runtime_log(handle), gate)

    # Life

    async def start(self) -> None:
        """Returns when everything that can start has started. A plugin that cannot is an Error with its reason; the others run on
        until close(), which `async with` calls."""
        why = failure()
        check(library.tharsis_runtime_start(self._open(), why), why)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(library.tharsis_runtime_wake_descriptor(self._handle), self._turn)
        while not library.tharsis_runtime_settled(self._open()):
            await self._next_turn()
        failed = [p for p in self.report()["plugins"] if p["state"] == "failed"]
        if failed:
            raise error_of(Status.INTERNAL, "\n".join(f"plugin '{p['id']}' did not start: {p['reason']}" for p in failed))

    async def stop(self, timeout: float | None = None) -> None:
        """Stops the plugins, in the time that they ask for themselves, or in `timeout` seconds.
        Timeout: one of them has not stopped; its name is in the sentence."""
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        ended = False
        while (status := library.tharsis_runtime_stop(self._open(), 0)) == Status.TIMEOUT:
            left = None if end is None else end - loop.time()
            if ended or (left is not None and left <= 0):
                stuck = [p["id"] for p in self.report()["plugins"] if p["stuck"] or p["state"] == "stopping"]
                raise error_of(status, "these plugins have not stopped: " + (", ".join(stuck) or "all"))
            ended = self.report()["state"] == "stopped"  # Then it is asked once more: what still holds on is stuck.
            if not ended:
                await self._next_turn(left)
        if status < 0:
            raise error_of(status, "a runtime is stopped on the thread that started it, and not inside a callback")
        self._drain()

    async def close(self) -> None:
        """Stops the plugins, and gives everything back, once no reload is under way. Whatever waits for this runtime ends: streams as if
        there were no more, start() and questions with an Error. May be called by several tasks; each returns when it is over."""
        if self.closed:
            return
        try:
            await self._no_reload()
            if self._loop is not None:
                await self.stop()
        except Error:
            if not self.closed:  # By another task, meanwhile.
                raise
        finally:
            await self._no_reload()
            self._give_back()

    async def __aenter__(self) -> Runtime:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        return not self._end.alive

    # What it does

    async def send(self, command: int, body: bytes = b"", *, link: str = "", timeout: float | None = None, key: bytes | str = b"",
                   priority: int = 0, retries: int = 0, flags: Flag = Flag(0), user: str = "", order: int = 0,
                   channels: Channel = Channel(0), path: str = "", headers: Mapping[str, str] = {}, host: str = "") -> TaskEnd:
        """One task of stn, and its answer. A failure raises with the sentence why; its `task` has the rest.

        key names the work: with one the task is sent again when its connection dies, and the server does it once. timeout in seconds
        counts everything, also while nobody provides stn. The other wishes are those of tharsis_stn_task in sdk/abi/stn.h. Cancelling the awaiting task withdraws it."""
        if timeout is not None and timeout <= 0:
            raise ValueError("a task's timeout is more than 0 seconds")
        if isinstance(body, str):
            raise TypeError("a task's body is bytes; of a text: text.encode()")
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        texts = [link.encode(), bytes(body), key.encode() if isinstance(key, str) else bytes(key), user.encode(), path.encode(), host.encode()]
        views = [_abi.view(t) for t in texts]
        head = (_abi.Header * len(lines))(*[_abi.Header(_abi.view(n), _abi.view(v)) for n, v in lines])
        task = _abi.Task(size=ctypes.sizeof(_abi.Task), command=command, flags=int(flags), link=views[0],
                         body=views[1], key=views[2], done=task_done, priority=priority, retries=retries, user=views[3], order=order,
                         channels=int(channels), header_count=len(lines), path=views[4], headers=head, host=views[5])

        def begin(stn: _abi.Stn, context: int, handle: ctypes.c_uint64, why: _abi.Failure, left: float | None) -> int:
            task.context, task.timeout_ms = context, _milliseconds(left)
            status: int = stn.start(stn.self, task, handle, why)
            return status

        end: TaskEnd = await self._questions.ask(STN, _abi.Stn, begin, timeout)
        return end

    async def resolve(self, name: str, family: int = 0) -> Addresses:
        """The addresses of a name, asked of dns. family: 4, 6 or 0 for both."""
        data = name.encode()

        def begin(dns: _abi.Dns, context: int, handle: ctypes.c_uint64, why: _abi.Failure, _: float | None) -> int:
            status: int = dns.resolve(dns.self, _abi.view(data), family, dns_done, context, handle, why)
            return status

        found: Addresses = await self._questions.ask(DNS, _abi.Dns, begin)
        return found

    async def diagnose(self, target: str = "", depth: Depth = Depth.LIGHT, timeout: float | None = None) -> Diagnosis:
        """What is wrong with the network, or with the way to one target: a name, IP:PORT, or an endpoint like "tcps://im.example.com:443".
        Ends by itself, after `timeout` seconds or what the profile says."""
        data = target.encode()
        wish = _abi.Wish(size=ctypes.sizeof(_abi.Wish), depth=int(depth), target=_abi.view(data))

        def begin(sdt: _abi.Sdt, context: int, handle: ctypes.c_uint64, why: _abi.Failure, left: float | None) -> int:
            wish.deadline = round((left or 0) * 1e9)
            status: int = sdt.diagnose(sdt.self, wish, sdt_done, context, handle, why)
            return status

        diagnosis: Diagnosis = await self._questions.ask(SDT, _abi.Sdt, begin, timeout or None)
        return diagnosis

    def events(self, pattern: str = "**", depth: int = 256) -> Stream[Event]:
        """Events of the bus: "stn.link", "stn.*", or "**" for all."""
        return Stream(self, pattern, depth, next_event)

    def pushes(self, depth: int = 256) -> Stream[Push]:
        """What servers send without being asked, over any link."""
        return Stream(self, "stn.push", depth, next_push)

    def tell(self, *, foreground: bool | None = None, metered: bool | None = None, type: str | None = None, network: str | None = None,
             account: str | None = None, proxy: str | None = None, device: str | None = None) -> None:
        """What only the application knows; what is left out stays as it was told before. Before start() too. type: "none", "wired",
        "wifi", "cellular", "other". proxy: "http://user:password@host:port", "" for none; account: who is logged in, "" for nobody."""
        if type is not None and type not in _NETWORKS[1:]:
            raise ValueError(f"there is no type of network {type!r}; there are {', '.join(_NETWORKS[1:])}")
        answer = {None: 0, True: 1, False: -1}
        texts = [t if t is None else t.encode() for t in (network, account, proxy, device)]
        why, inputs = failure(), _abi.Inputs(ctypes.sizeof(_abi.Inputs), answer[foreground], answer[metered], _NETWORKS.index(type or "unknown"), *texts)
        check(library.tharsis_runtime_tell(self._open(), inputs, why), why)

    async def reload(self, profile: Path | None = None, *, text: str | None = None, sets: Mapping[str, Any] | None = None) -> str:
        """Changes to another profile as a whole, or raises and leaves all as it was; without arguments the same file is read again.
        sets are laid over those from before. One reload after the other; one that nobody waits for any more comes to its end too.
        Answers what has changed, for a person."""
        return await asyncio.shield(self._reload(profile, text, sets or {}))

    async def _reload(self, profile: Path | None, text: str | None, sets: Mapping[str, Any]) -> str:
        async with self._one_reload:
            return await self._change(profile, text, sets)

    async def _change(self, profile: Path | None, text: str | None, sets: Mapping[str, Any]) -> str:
        next_given = dict(self._given)
        if profile is not None or text is not None:
            next_given.update(profile=profile, text=text)
        # What is new comes last, also where it is a part of what was there, or has such a part.
        next_given["sets"] = {name: value for name, value in self._given["sets"].items() if name not in sets} | dict(sets)
        options, why, difference = _options(**next_given), failure(), _abi.OwnedText()

        def wait() -> int:  # On a thread of asyncio's, while this one goes on pumping.
            answer: int = library.tharsis_runtime_reload(handle, options, difference, why)
            return answer

        handle = self._open()
        under_way = asyncio.get_running_loop().run_in_executor(None, wait)
        self._reloads.add(under_way)
        under_way.add_done_callback(self._reloaded)  # Until then this runtime is kept, whoever forgets it.
        status = await asyncio.shield(under_way)
        changed = owned(difference)
        _check_profile(status, why, options)
        self._given = next_given
        return changed

    # What it knows

    def report(self) -> dict[str, Any]:
        """{"state": "running", "plugins": [{"id", "state", "reason", ...}]}"""
        report: dict[str, Any] = json.loads(owned(library.tharsis_runtime_report(self._open())))
        return report

    def metrics(self) -> list[dict[str, Any]]:
        """[{"plugin", "name", "kind", "unit", "help", "value"}]; a histogram has count, sum, mean, p50, p95, p99, at_most instead."""
        metrics: list[dict[str, Any]] = json.loads(owned(library.tharsis_runtime_metrics_json(self._open())))
        return metrics

    # Inside

    def _open(self) -> ctypes.c_void_p:
        if self.closed:
            raise error_of(Status.GONE, "this runtime was closed")
        return self._handle

    def _turn(self) -> None:
        library.tharsis_runtime_run_once(self._handle, _TURN)
        self._drain()
        self._wake_turns()

    def _wake_turns(self) -> None:
        turns, self._turns = self._turns, set()
        for turn in turns:
            if not turn.done():
                turn.set_result(None)

    def _drain(self) -> None:
        while self._left:
            library.tharsis_inbox_close(self._left.pop())
        for stream in list(self._streams):
            stream._drain()

    async def _next_turn(self, within: float | None = None) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._turns.add(turn)
        await asyncio.wait([turn], timeout=within)

    def _reloaded(self, one: asyncio.Future[int]) -> None:
        self._reloads.discard(one)

    async def _no_reload(self) -> None:
        while self._reloads:
            await asyncio.wait(set(self._reloads))

    def _give_back(self) -> None:
        if self.closed:
            return
        for stream in list(self._streams):
            stream.close()
        if self._loop is not None:
            self._loop.remove_reader(library.tharsis_runtime_wake_descriptor(self._handle))
        self._end()
        self._questions.end()
        self._wake_turns()


def _milliseconds(seconds: float | None) -> int:
    if seconds is None:
        return 0
    return max(1, round(seconds * 1000))


def _options(profile: Path | None, text: str | None, sets: Mapping[str, Any], plugins: Sequence[Path], state: Path | None,
             threads: int) -> _abi.Options:
    def path(value: Any) -> bytes | None:
        return None if value is None else os.fsencode(value)

    lines = [f"{name}={json.dumps(value, ensure_ascii=False)}".encode() for name, value in sets.items()]
    folders = [os.fsencode(folder) for folder in plugins]
    return _abi.Options(size=ctypes.sizeof(_abi.Options), threads=threads, profile=path(profile), text=None if text is None else text.encode(),
                        sets=(ctypes.c_char_p * len(lines))(*lines), sets_count=len(lines),
                        plugin_folders=(ctypes.c_char_p * len(folders))(*folders), plugin_folders_count=len(folders), state=path(state))


def _check_profile(status: int, why: _abi.Failure, options: _abi.Options) -> None:
    try:
        check(status, why)
    except ProfileError as error:
        error.problems = owned(library.tharsis_runtime_problems(options))
        raise
