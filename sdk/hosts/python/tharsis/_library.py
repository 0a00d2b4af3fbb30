"""Finds libtharsis and says what its functions take."""
import ctypes
import os
import pathlib
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint32, c_uint64, c_void_p

from . import _abi

NAME = "libtharsis.so.1"  # The major of its interface.
_here = pathlib.Path(__file__).resolve().parent


def candidates() -> list[str]:
    """Where the library is looked for, the first that is there wins: what THARSIS_LIB says, beside this package in a wheel, in the prefix
    that this package was installed into, and where the system looks."""
    wished = os.environ.get("THARSIS_LIB")
    if wished:
        return [os.path.join(wished, NAME) if os.path.isdir(wished) else wished]
    found = [_here / "lib" / NAME]
    for prefix in list(_here.parents)[:5]:
        found += [prefix / "lib" / NAME, *sorted((prefix / "lib").glob("*-linux-*/" + NAME))]
    return [str(path) for path in found if path.exists()] + [NAME]


def load() -> ctypes.CDLL:
    tried = candidates()
    for path in tried:
        try:
            library = ctypes.CDLL(path)
            break
        except OSError as failure:
            last = failure
    else:
        raise ImportError(f"libtharsis is not found: {last}. Set THARSIS_LIB to {NAME} or to its folder; tried {', '.join(tried)}")
    _declare(library)
    return library


def _declare(library: ctypes.CDLL) -> None:
    failure = POINTER(_abi.Failure)
    handle, out = c_void_p, POINTER(c_void_p)
    for name, result, takes in [
        ("tharsis_version", c_char_p, []),
        ("tharsis_runtime_create", c_int32, [POINTER(_abi.Options), out, failure]),
        ("tharsis_runtime_problems", _abi.OwnedText, [POINTER(_abi.Options)]),
        ("tharsis_text_free", None, [_abi.OwnedText]),
        ("tharsis_runtime_start", c_int32, [handle, failure]),
        ("tharsis_runtime_run_once", c_int32, [handle, c_int64]),
        ("tharsis_runtime_wake_descriptor", c_int32, [handle]),
        ("tharsis_runtime_tell", c_int32, [handle, POINTER(_abi.Inputs), failure]),
        ("tharsis_runtime_bind", c_int32, [handle, c_char_p, out, failure]),
        ("tharsis_guard_enter", c_void_p, [handle]),
        ("tharsis_guard_leave", None, [handle]),
        ("tharsis_runtime_subscribe", c_int32, [handle, c_char_p, c_uint32, c_uint32, out, failure]),
        ("tharsis_runtime_log", POINTER(_abi.Log), [handle]),
        ("tharsis_inbox_next", POINTER(_abi.Event), [handle]),
        ("tharsis_inbox_next_json", _abi.Text, [handle]),
        ("tharsis_inbox_dropped", c_uint64, [handle]),
        ("tharsis_inbox_close", None, [handle]),
        ("tharsis_runtime_report", _abi.OwnedText, [handle]),
        ("tharsis_runtime_settled", c_int32, [handle]),
        ("tharsis_runtime_metrics_json", _abi.OwnedText, [handle]),
        ("tharsis_runtime_reload", c_int32, [handle, POINTER(_abi.Options), POINTER(_abi.OwnedText), failure]),
        ("tharsis_runtime_stop", c_int32, [handle, c_int64]),
        ("tharsis_runtime_destroy", None, [handle]),
    ]:
        function = getattr(library, name)
        function.restype, function.argtypes = result, takes


library = load()


def owned(text: _abi.OwnedText) -> str:
    try:
        return ctypes.string_at(text.data, text.size).decode("utf-8", "replace") if text.data else ""
    finally:
        library.tharsis_text_free(text)


def desktop_profile() -> str:
    """The path of desktop.yaml, the profile for desktop applications."""
    own = _here / "desktop.yaml"
    if own.exists():
        return str(own)
    for prefix in list(_here.parents)[:5]:
        for path in (prefix / "share/tharsis/configs/desktop.yaml", prefix / "configs/desktop.yaml"):
            if path.exists():
                return str(path)
    raise FileNotFoundError("desktop.yaml is not beside this package, nor in share/tharsis/configs of its prefix")
