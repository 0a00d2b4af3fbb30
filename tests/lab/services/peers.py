"""The servers that the other clients talk to; peers/README.md tells what they are."""

from runner.certificates import OTHER_NAMES

from .service import Service


class PeerServer(Service):
    program = ""
    port = 7000
    ports = ((port, "tcp"),)

    def start(self):
        self.run([self.world.programs.path(self.program), "--listen", f"0.0.0.0:{self.port}", *self.more_words()])

    def more_words(self):
        return []


class PlainServer(PeerServer):
    program = "lab_server_plain"
    built = (program,)


class GrpcServer(PeerServer):
    program = "lab_server_grpc"
    built = (program,)

    def more_words(self):
        if not self.given.get("tls"):
            return []
        certificate, key = self.world.certificates.signed([*self.host.addresses[4], "localhost", "echo.test", *OTHER_NAMES],
                                                         stem=str(self.folder / "grpc"))
        return ["--cert", certificate, "--key", key]

    def authority(self):
        return self.world.certificates.authority[0]
