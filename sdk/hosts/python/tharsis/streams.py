"""What comes by itself, events and pushes, as async iterators."""
from __future__ import annotations

import asyncio
import collections
import ctypes
import dataclasses
import json
import weakref
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from . import _abi
from ._library import library
from .errors import check, failure

if TYPE_CHECKING:
    from .runtime import Runtime

T = TypeVar("T")
_DROP_OLDEST = 0


@dataclasses.dataclass(frozen=True)
class Event:
    """Of the bus. `payload` has its fields by their names: durations in ns, bytes as hexadecimal digits."""
    topic: str
    sequence: int
    wall: int  # ns since 1970 UTC.
    snapshot: bool  # The value that stood before somebody asked.
    payload: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Push:
    """What a server sent without being asked."""
    link: str
    command: int
    body: bytes


class Stream(Generic[T]):
    """`async for x in stream`. It hears from the moment it is made, also before the runtime starts, and ends with the runtime or with
    close(); one that is forgotten is closed. At most `depth` wait; then the oldest gives way, and `dropped` counts it. One task reads a stream."""

    def __init__(self, runtime: Runtime, pattern: str, depth: int, take: Callable[[Any], T | None]):
        self._runtime, self._take, self._depth = runtime, take, depth
        self._waiting: collections.deque[T] = collections.deque()
        self._lost, self._ended = 0, False
        self._reader: asyncio.Future[None] | None = None
        why, inbox = failure(), ctypes.c_void_p()
        check(library.tharsis_runtime_subscribe(runtime._open(), pattern.encode(), _DROP_OLDEST, depth, inbox, why), why)
        self._inbox: ctypes.c_void_p | None = inbox
        # On any thread that collects garbage; the runtime closes it on its own.
        self._forgotten = weakref.finalize(self, runtime._left.append, inbox)
        self._forgotten.atexit = False
        runtime._streams.add(self)

    @property
    def dropped(self) -> int:
        """What was lost because nobody took it in time."""
        more: int = library.tharsis_inbox_dropped(self._inbox) if self._inbox else 0
        return self._lost + more

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._waiting.popleft()

    def close(self) -> None:
        """No more comes. What waits can still be read."""
        self._forgotten.detach()
        if self._inbox and not self._runtime.closed:
            self._drain()
            self._lost = self.dropped
            library.tharsis_inbox_close(self._inbox)
        self._runtime._streams.discard(self)
        self._inbox, self._ended = None, True
        self._wake()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drain(self) -> None:
        while (one := self._take(self._inbox)) is not None:
            if len(self._waiting) == self._depth:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(one)
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)


def next_event(inbox: Any) -> Event | None:
    line = library.tharsis_inbox_next_json(inbox).bytes()
    return Event(**json.loads(line)) if line else None


def next_push(inbox: Any) -> Push | None:
    event = library.tharsis_inbox_next(inbox)
    if not event:
        return None
    payload = ctypes.cast(event.contents.payload, ctypes.POINTER(_abi.Push)).contents
    return Push(payload.link.text(), payload.command, payload.body.bytes())
