"""What goes wrong, with the runtime's own sentence."""
from __future__ import annotations

import ctypes
import enum
from typing import TYPE_CHECKING

from . import _abi

if TYPE_CHECKING:
    from .services import TaskEnd


class Status(enum.IntEnum):
    """As in sdk/abi/abi.h; a number keeps its meaning for ever."""
    OK = 0
    PENDING = 1
    INVALID = -1
    BUSY = -2
    TIMEOUT = -3
    NETWORK = -4
    CANCELLED = -5
    PROTOCOL = -6
    GONE = -7
    DENIED = -8
    UNSUPPORTED = -9
    NOT_FOUND = -10
    IO = -11
    INTERNAL = -12
    REFUSED = -13
    RESET = -14
    UNREACHABLE = -15
    IN_USE = -16
    UNTRUSTED = -17
    FULL = -18

    @classmethod
    def _missing_(cls, value: object) -> Status:
        return cls.INTERNAL  # Of a runtime that is newer than this package.


class Error(Exception):
    """`status` says what kind of failure it is; str() is the runtime's sentence. `task` is there when a task of stn ended so."""

    status = Status.INTERNAL
    task: TaskEnd | None = None


class ProfileError(Error, ValueError):
    """The profile, or something told, is wrong. `problems` has all of them, as a compiler prints them."""

    problems = ""


class Timeout(Error, TimeoutError):
    """It was not over in time."""


class NetworkError(Error, ConnectionError):
    """No path leads there, it broke, or nobody listens."""


class Busy(Error):
    """A limit was reached; the same may succeed later."""


class NotFound(Error, LookupError):
    """No such link, service or name."""


_kinds: dict[Status, type[Error]] = {
    Status.INVALID: ProfileError,
    Status.TIMEOUT: Timeout,
    Status.NETWORK: NetworkError,
    Status.REFUSED: NetworkError,
    Status.RESET: NetworkError,
    Status.UNREACHABLE: NetworkError,
    Status.BUSY: Busy,
    Status.NOT_FOUND: NotFound,
}


def error_of(status: int, sentence: str) -> Error:
    known = Status(status)
    made = _kinds.get(known, Error)(sentence or known.name.lower().replace("_", " "))
    made.status = known
    return made


def failure() -> _abi.Failure:
    """A place for a sentence."""
    return _abi.Failure(size=ctypes.sizeof(_abi.Failure))


def check(status: int, why: _abi.Failure) -> None:
    if status < 0:
        raise error_of(status, why.text.decode("utf-8", "replace"))
