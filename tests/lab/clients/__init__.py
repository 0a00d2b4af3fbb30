"""The clients that a case's load can name; `tests/lab/run --client NAME` puts another into its place."""

from .stn import Stn

CLIENTS = {
    "stn": Stn,
}
