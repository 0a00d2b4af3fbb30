"""The server that belongs to each peer's client, started and killed as often as one likes."""
import os
import subprocess


class OwnServer:
    """lab_server_plain, lab_server_grpc."""

    def __init__(self, program, address, port):
        self.command = [program, "--listen", f"{address}:{port}"]
        self.endpoint = f"tcp://{address}:{port}"
        self.trust = []
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if not said.startswith('{"ready":true,'):
            raise AssertionError(f"{self.command[0]} is not ready: {said}")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


def echo_server(peer, programs, folder, address, port, tls):
    return OwnServer(os.path.join(programs, f"lab_server_{peer}"), address, port)
