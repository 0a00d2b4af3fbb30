"""The servers that the other clients talk to; peers/README.md tells what they are."""

from .service import Service


class PeerServer(Service):
    program = ""
    port = 7000
    ports = ((port, "tcp"),)

    def start(self):
        self.run([self.world.programs.path(self.program), "--listen", f"0.0.0.0:{self.port}"])


class PlainServer(PeerServer):
    program = "lab_server_plain"
    built = (program,)


class GrpcServer(PeerServer):
    program = "lab_server_grpc"
    built = (program,)
