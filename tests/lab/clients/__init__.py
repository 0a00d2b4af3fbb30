"""The clients that a case's load can name; `tests/lab/run --client NAME` puts another into its place."""

from .grpc import Grpc, GrpcRoundRobin, GrpcTuned
from .plain import Plain
from .stn import Stn

CLIENTS = {
    "stn": Stn,
    "plain": Plain,
    "grpc": Grpc,
    "grpc-tuned": GrpcTuned,
    "grpc-rr": GrpcRoundRobin,
}
