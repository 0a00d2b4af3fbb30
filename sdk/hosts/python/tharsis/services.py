"""Questions to plugins, and their one answer each: tasks of stn, names of dns, diagnoses of sdt."""
from __future__ import annotations

import asyncio
import ctypes
import dataclasses
import enum
import ipaddress
import itertools
import json
import time
from typing import TYPE_CHECKING, Any, Mapping

from . import _abi
from ._library import library
from .errors import Error, Status, check, error_of, failure

if TYPE_CHECKING:
    from .runtime import Runtime

STN, DNS, SDT = b"tharsis.stn/1", b"tharsis.dns/1", b"tharsis.sdt/1"
# While a provider changes (a reload, a restart) nobody provides its service for a moment.
_LOOK_AGAIN, _LOOK_FOR = 0.01, 5.0  # Seconds.

Why = enum.IntEnum("Why", """ANSWERED NO_TIME NO_FIRST_BYTE STALLED NOT_WHOLE LOST SERVER_REFUSED CANCELLED CLEARED STOPPING NO_NETWORK
    OTHER_CONNECTION REPEATED_TOO_OFTEN FLOOD NOT_ENCODED ENDED DROPPED STOPPED_COMMAND NOT_CARRIED NOT_ROUTED HTTP_STATUS NO_ANSWER
    LINK_REMOVED MINOR_BUSY NOT_KEPT BUSY NO_BUDGET BODY_NOT_KEPT
    UNKNOWN""", start=0)
Why.__doc__ = "Why a task ended: THARSIS_STN_ANSWERED ... of sdk/abi/stn.h."


class Flag(enum.IntFlag):
    """Wishes of a task: THARSIS_STN_SEND_ONLY ... of sdk/abi/stn.h."""
    SEND_ONLY = 1
    SENSITIVE = 2
    ANY_REPEATS = 4
    ANY_FLOW = 8
    PARK = 16
    LONG_POLL = 32
    FAST = 64
    DURABLE = 128
    IMPATIENT = 256


class Channel(enum.IntFlag):
    """Over which kinds of links of a name a task may go."""
    LONG = 1
    SHORT = 2
    MINOR = 4


@dataclasses.dataclass(frozen=True)
class TaskEnd:
    """How a task ended. `times` tells in seconds what its time went to."""
    status: Status
    why: Why
    body: bytes
    reason: str
    sends: int
    connection: int
    http_status: int
    times: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Addresses:
    """Of a name, in the order to try. `verdict`: "proven", "agreed", "single", "disputed", "hijack", "injection"; see dns' README."""
    addresses: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]
    verdict: str


class Depth(enum.IntEnum):
    """How much a diagnosis may send."""
    PASSIVE = 0
    LIGHT = 1
    MEDIUM = 2
    HEAVY = 3


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What is broken, where, how surely, and what to do. str() is the sentence for a person; plugins/sdt/README.md has the codes."""
    target: str
    code: str
    blame: str      # "device", "lan", "isp", "path", "dns_provider", "server", "middlebox", "unknown", "nobody"
    certainty: str  # "proven", "likely", "possible"
    confidence: int  # 0 to 100
    sentence: str
    detail: str     # For an engineer.
    action: str     # For a program; may be empty.
    took: float     # Seconds.
    sent: int       # Bytes, both ways.
    report: Mapping[str, Any]  # All of it, as `tharsis sdt diagnose --json` prints it.
    status: Status  # OK, or why it ended before its end.

    def __str__(self) -> str:
        return self.sentence


class Questions:
    """Those of one runtime that have no answer yet. The C side holds their number only, so an answer that comes late finds nobody."""

    _all: dict[int, tuple[Questions, asyncio.Future[Any]]] = {}
    _numbers = itertools.count(1)

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._guards: dict[bytes, ctypes.c_void_p] = {}
        self._mine: set[int] = set()

    async def ask(self, service: bytes, table: type[ctypes.Structure], begin: Any, timeout: float | None = None) -> Any:
        """begin(table, context, handle, why, what is left of timeout) answers a status; the answer is what settle() gets."""
        context, handle, answer = next(self._numbers), ctypes.c_uint64(), asyncio.get_running_loop().create_future()
        self._all[context] = (self, answer)
        self._mine.add(context)
        try:
            await self._with(service, table, lambda t, why, left: begin(t, context, handle, why, left), answer, timeout)
            try:
                return await answer
            except asyncio.CancelledError:
                if not self._runtime.closed:
                    self._try(service, table, lambda t, why, _: t.cancel(t.self, handle) or 0)
                raise
        finally:
            self._all.pop(context, None)
            self._mine.discard(context)

    async def _with(self, service: bytes, table: type[ctypes.Structure], use: Any, answer: asyncio.Future[Any], timeout: float | None) -> None:
        patience = _LOOK_FOR if timeout is None else min(_LOOK_FOR, timeout)
        began, took = time.monotonic(), 0.0
        while took <= patience:
            left = None if timeout is None else max(timeout - took, 0.001)
            if self._try(service, table, use, left):
                return
            await asyncio.wait([answer], timeout=_LOOK_AGAIN)
            if answer.done():  # The runtime was closed.
                return
            took = time.monotonic() - began
        late = timeout is not None and timeout < _LOOK_FOR
        raise error_of(Status.TIMEOUT if late else Status.GONE, f"nobody provides {service.decode()} now: its plugin does not run; report() says why")

    def _try(self, service: bytes, table: type[ctypes.Structure], use: Any, left: float | None = None) -> bool:
        """False: nobody provides the service at this moment."""
        runtime, why = self._runtime._open(), failure()
        if service not in self._guards:
            guard = ctypes.c_void_p()
            check(library.tharsis_runtime_bind(runtime, service, guard, why), why)
            self._guards[service] = guard
        guard = self._guards[service]
        entered = library.tharsis_guard_enter(guard)
        if not entered:
            return False
        try:
            check(use(ctypes.cast(entered, ctypes.POINTER(table)).contents, why, left), why)
        finally:
            library.tharsis_guard_leave(guard)
        return True

    def end(self) -> None:
        """The runtime is closed: no answer comes any more."""
        for context in list(self._mine):
            settle(context, error_of(Status.CANCELLED, "the runtime was closed"))


def settle(context: int, answer: Any) -> None:
    _, future = Questions._all.get(context, (None, None))
    if future is None or future.done():
        return
    if isinstance(answer, Error):
        future.set_exception(answer)
    else:
        future.set_result(answer)


# One of each for all runtimes, and for ever: C may hold them longer than any object here.
@_abi.TaskDone
def task_done(context: int, task: int, result: Any) -> None:
    r = result.contents
    parts = [name for name, _ in _abi.Times._fields_[2:]]
    times = {name: getattr(r.times.contents, name) / 1e9 for name in parts} if r.times else {}
    why = Why(r.why) if r.why < Why.UNKNOWN else Why.UNKNOWN
    end = TaskEnd(Status(r.status), why, r.body.bytes(), r.reason.text(), r.sends, r.connection, r.http_status, times)
    if r.status >= 0:
        return settle(context, end)
    error = error_of(r.status, end.reason)
    error.task = end
    settle(context, error)


@_abi.DnsDone
def dns_done(context: int, query: int, answer: Any) -> None:
    a = answer.contents
    if a.status < 0:
        return settle(context, error_of(a.status, a.reason.text()))
    found = tuple(ipaddress.ip_address(bytes(a.addresses[i].ip[:4 if a.addresses[i].family == 4 else 16])) for i in range(a.count))
    settle(context, Addresses(found, a.verdict.text()))


@_abi.SdtDone
def sdt_done(context: int, diagnosis: int, report: Any) -> None:
    r = report.contents
    whole = r.json.text()
    settle(context, Diagnosis(r.target.text(), r.code.text(), r.blame.text(), r.certainty.text(), r.confidence, r.sentence.text(),
                              r.detail.text(), r.action.text(), r.took / 1e9, r.bytes, json.loads(whole) if whole else {}, Status(r.status)))
