"""The structs of sdk/abi that a host touches, as ctypes. tests/hosts/python_test.py holds them against tests/abi/layout.txt."""
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p


class Text(Structure):  # tharsis_text and tharsis_bytes: a borrowed view.
    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def bytes(self) -> bytes:
        return ctypes.string_at(self.data, self.size) if self.size else b""

    def text(self) -> str:
        return self.bytes().decode("utf-8", "replace")


def view(data: bytes) -> Text:
    """Valid as long as `data` is."""
    return Text(ctypes.cast(c_char_p(data), c_void_p), len(data))


class OwnedText(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]


class Failure(Structure):  # tharsis_error
    _fields_ = [("size", c_uint32), ("status", c_int32), ("text", c_char * 504)]


class Options(Structure):  # tharsis_runtime_options
    _fields_ = [("size", c_uint32), ("threads", c_uint32), ("profile", c_char_p), ("text", c_char_p), ("sets", POINTER(c_char_p)),
                ("sets_count", c_uint32), ("plugin_folders_count", c_uint32), ("plugin_folders", POINTER(c_char_p)),
                ("state", c_char_p), ("platform", c_void_p)]


class Inputs(Structure):  # tharsis_runtime_inputs
    _fields_ = [("size", c_uint32), ("foreground", c_int32), ("metered", c_int32), ("type", c_uint32), ("network", c_char_p),
                ("account", c_char_p), ("proxy", c_char_p), ("device", c_char_p)]


class Topic(Structure):
    _fields_ = [("size", c_uint32), ("kind", c_uint32), ("name", c_char_p), ("fields", c_void_p), ("fields_count", c_uint32),
                ("payload_size", c_uint32), ("depth", c_uint32), ("flags", c_uint32)]


class Event(Structure):
    _fields_ = [("size", c_uint32), ("snapshot", c_uint32), ("topic", POINTER(Topic)), ("sequence", c_uint64), ("wall", c_int64),
                ("payload", c_void_p)]


class Push(Structure):  # tharsis_stn_push
    _fields_ = [("link", Text), ("command", c_uint32), ("reserved", c_uint32), ("body", Text)]


LogWrite = CFUNCTYPE(None, c_void_p, c_uint32, Text)


class Log(Structure):  # As far as a host needs it.
    _fields_ = [("size", c_uint32), ("self", c_void_p), ("level", POINTER(c_uint32)), ("write", LogWrite)]


class Times(Structure):  # tharsis_stn_times
    _fields_ = [("size", c_uint32), ("reserved", c_uint32), ("queued", c_int64), ("resolve", c_int64), ("connect", c_int64),
                ("tls", c_int64), ("prove", c_int64), ("first_byte", c_int64), ("rest", c_int64), ("lost", c_int64)]


class Result(Structure):  # tharsis_stn_result
    _fields_ = [("size", c_uint32), ("status", c_int32), ("sends", c_uint32), ("why", c_uint32), ("body", Text), ("reason", Text),
                ("times", POINTER(Times)), ("code", c_int32), ("connection", c_uint32), ("http_status", c_uint32),
                ("http_reserved", c_uint32), ("entry", c_uint64)]


class Header(Structure):
    _fields_ = [("name", Text), ("value", Text)]


TaskDone = CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Result))


class Task(Structure):  # tharsis_stn_task
    _fields_ = [("size", c_uint32), ("command", c_uint32), ("timeout_ms", c_uint32), ("flags", c_uint32), ("link", Text),
                ("body", Text), ("key", Text), ("context", c_void_p), ("done", TaskDone), ("priority", c_int32),
                ("retries", c_int32), ("encode", c_void_p), ("decode", c_void_p), ("user", Text), ("order", c_uint64),
                ("connection", c_uint32), ("server_ms", c_uint32), ("channels", c_uint32), ("header_count", c_uint32),
                ("path", Text), ("headers", POINTER(Header)), ("host", Text), ("on_disk", c_void_p)]


class Stn(Structure):  # As far as a host needs it.
    _fields_ = [("size", c_uint32), ("self", c_void_p),
                ("start", CFUNCTYPE(c_int32, c_void_p, POINTER(Task), POINTER(c_uint64), POINTER(Failure))),
                ("cancel", CFUNCTYPE(None, c_void_p, c_uint64))]


class Address(Structure):
    _fields_ = [("family", c_uint8), ("reserved", c_uint8), ("port", c_uint16), ("scope", c_uint32), ("ip", c_uint8 * 16)]


class Answer(Structure):  # tharsis_dns_answer, as far as a host needs it.
    _fields_ = [("size", c_uint32), ("status", c_int32), ("source", c_uint32), ("count", c_uint32), ("addresses", POINTER(Address)),
                ("reason", Text), ("candidates", c_void_p), ("refused", c_void_p), ("refused_count", c_size_t), ("verdict", Text)]


DnsDone = CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Answer))


class Dns(Structure):  # As far as a host needs it.
    _fields_ = [("size", c_uint32), ("self", c_void_p),
                ("resolve", CFUNCTYPE(c_int32, c_void_p, Text, c_uint32, DnsDone, c_void_p, POINTER(c_uint64), POINTER(Failure))),
                ("cancel", CFUNCTYPE(None, c_void_p, c_uint64))]


class Wish(Structure):  # tharsis_sdt_wish
    _fields_ = [("size", c_uint32), ("depth", c_uint32), ("target", Text), ("deadline", c_int64), ("budget", c_uint64)]


class Report(Structure):  # tharsis_sdt_report
    _fields_ = [("target", Text), ("why", c_uint32), ("status", c_int32), ("code", Text), ("blame", Text), ("certainty", Text),
                ("confidence", c_uint32), ("reserved", c_uint32), ("sentence", Text), ("detail", Text), ("action", Text), ("json", Text),
                ("took", c_int64), ("bytes", c_uint64)]


SdtDone = CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Report))


class Sdt(Structure):  # As far as a host needs it.
    _fields_ = [("size", c_uint32), ("self", c_void_p),
                ("diagnose", CFUNCTYPE(c_int32, c_void_p, POINTER(Wish), SdtDone, c_void_p, POINTER(c_uint64), POINTER(Failure))),
                ("cancel", CFUNCTYPE(None, c_void_p, c_uint64))]


# Each by its name in tests/abi/layout.txt; of PARTIAL only the beginning is here.
MIRRORED = {"tharsis_text": Text, "tharsis_bytes": Text, "tharsis_owned_text": OwnedText, "tharsis_error": Failure,
            "tharsis_runtime_options": Options, "tharsis_runtime_inputs": Inputs, "tharsis_topic": Topic, "tharsis_event": Event,
            "tharsis_stn_push": Push, "tharsis_stn_times": Times, "tharsis_stn_result": Result, "tharsis_stn_header": Header,
            "tharsis_stn_task": Task, "tharsis_address": Address, "tharsis_sdt_wish": Wish, "tharsis_sdt_report": Report}
PARTIAL = {"tharsis_log": Log, "tharsis_stn": Stn, "tharsis_dns": Dns, "tharsis_dns_answer": Answer, "tharsis_sdt": Sdt}
