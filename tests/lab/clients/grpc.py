"""gRPC: with its defaults, and as somebody would set it who has read its manual for bad networks."""

from services.peers import GrpcServer

from .client import Client


class Grpc(Client):
    program = "lab_client_grpc"
    server = GrpcServer
    tls = "able"


class GrpcTuned(Grpc):
    options = ("--tuned",)


class GrpcRoundRobin(Grpc):
    options = ("--round-robin",)
