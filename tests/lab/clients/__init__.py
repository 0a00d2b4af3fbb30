"""The clients that a case's load can name; `tests/lab/run --client NAME` puts another into its place."""

from .application import Application, ApplicationAdvised, ApplicationUnhealed
from .curl import Curl, CurlHttp2
from .grpc import Grpc, GrpcRoundRobin, GrpcTuned
from .plain import Plain
from .stn import Stn, StnAlone, StnDatagrams

CLIENTS = {
    "stn": Stn,
    "stn-alone": StnAlone,
    "stn-udp": StnDatagrams,
    "application": Application,
    "application-advised": ApplicationAdvised,
    "application-unhealed": ApplicationUnhealed,
    "plain": Plain,
    "curl-h1": Curl,
    "curl-h2": CurlHttp2,
    "grpc": Grpc,
    "grpc-tuned": GrpcTuned,
    "grpc-rr": GrpcRoundRobin,
}
