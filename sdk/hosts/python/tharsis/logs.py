"""The application's own lines in the log that the plugins write, as "host"."""
from __future__ import annotations

import ctypes
import enum
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING

from . import _abi

if TYPE_CHECKING:
    from .runtime import Runtime


class Level(enum.IntEnum):
    VERBOSE = 0
    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4
    FATAL = 5


class Gate:
    """Lets lines through until the runtime ends: it is not destroyed while one of them is being written."""

    def __init__(self) -> None:
        self.lock, self.over = threading.RLock(), False
        _gates.add(self)

    def shut(self) -> None:
        with self.lock:
            self.over = True


_gates: weakref.WeakSet[Gate] = weakref.WeakSet()


def _renew_locks() -> None:  # A thread that did not come along with a fork may have held one.
    for gate in list(_gates):
        gate.lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_locks)


class Log:
    """runtime.log.info("signed in"). From any thread, until the runtime is closed; what comes later is dropped."""

    def __init__(self, runtime: Runtime, table: ctypes._Pointer[_abi.Log], gate: Gate):
        self._runtime, self._table, self._gate = runtime, table, gate

    def write(self, level: Level, text: str) -> None:
        data = text.encode()
        with self._gate.lock:
            if self._gate.over:
                return
            table = self._table.contents
            if level >= table.level.contents.value:
                table.write(table.self, level, _abi.view(data))

    def debug(self, text: str) -> None:
        self.write(Level.DEBUG, text)

    def info(self, text: str) -> None:
        self.write(Level.INFO, text)

    def warning(self, text: str) -> None:
        self.write(Level.WARNING, text)

    def error(self, text: str) -> None:
        self.write(Level.ERROR, text)


class LogHandler(logging.Handler):
    """Takes what Python's own logging says: logging.getLogger().addHandler(tharsis.LogHandler(runtime))."""

    def __init__(self, runtime: Runtime, level: int = logging.NOTSET):
        super().__init__(level)
        self._log = runtime.log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record) if self.formatter else f"{record.name}: {logging.Formatter().format(record)}"
            self._log.write(_level_of(record.levelno), text)
        except Exception:
            self.handleError(record)


def _level_of(number: int) -> Level:
    steps = [(logging.CRITICAL, Level.FATAL), (logging.ERROR, Level.ERROR), (logging.WARNING, Level.WARNING), (logging.INFO, Level.INFO),
             (logging.DEBUG, Level.DEBUG)]
    return next((level for least, level in steps if number >= least), Level.VERBOSE)
