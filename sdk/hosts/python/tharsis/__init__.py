"""Tharsis inside Python: signalling over bad networks, logging, name resolution, diagnosis, for asyncio applications."""
from ._library import desktop_profile, library as _library
from .errors import Busy, Error, NetworkError, NotFound, ProfileError, Status, Timeout
from .logs import Level, Log, LogHandler
from .runtime import Runtime
from .services import Addresses, Channel, Depth, Diagnosis, Flag, TaskEnd, Why
from .streams import Event, Push, Stream

__version__: str = _library.tharsis_version().decode()
__all__ = ["Addresses", "Busy", "Channel", "Depth", "Diagnosis", "Error", "Event", "Flag", "Level", "Log", "LogHandler", "NetworkError", "NotFound",
           "ProfileError", "Push", "Runtime", "Status", "Stream", "TaskEnd", "Timeout", "Why", "desktop_profile"]
