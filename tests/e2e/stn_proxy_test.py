"""Goal: `tharsis stn send --proxy` reaches a gateway through proxies that others wrote: tinyproxy where it is installed,
and a SOCKS5 server of Python's sockets; with and without a password, and with a sentence where they refuse.

usage: stn_proxy_test.py PROGRAM FOLDER
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

from loopback import free_port, listens, wait_until


def exactly(wire, size):
    data = b""
    while len(data) < size:
        piece = wire.recv(size - len(data))
        if not piece:
            raise OSError("the peer has gone")
        data += piece
    return data


def pump(source, target):
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Socks5:
    """RFC 1928 and 1929, the parts that a client needs."""

    def __init__(self, login=None):
        self.login = login
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            wire, _ = self.listener.accept()
            threading.Thread(target=self.guarded, args=(wire,), daemon=True).start()

    def guarded(self, wire):
        try:
            self.serve(wire)
        except OSError:
            wire.close()

    def serve(self, wire):
        if exactly(wire, 1) != b"\5":
            return wire.close()
        methods = exactly(wire, exactly(wire, 1)[0])
        method = 2 if self.login else 0
        if method not in methods:
            wire.sendall(b"\5\xff")
            return wire.close()
        wire.sendall(bytes([5, method]))
        if self.login:
            user = exactly(wire, exactly(wire, 2)[1]).decode()
            password = exactly(wire, exactly(wire, 1)[0]).decode()
            right = (user, password) == self.login
            wire.sendall(b"\1\0" if right else b"\1\1")
            if not right:
                return wire.close()
        kind = exactly(wire, 4)[3]
        if kind == 3:
            host = exactly(wire, exactly(wire, 1)[0]).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, exactly(wire, 4)) if kind == 1 else (socket.AF_INET6, exactly(wire, 16))))
        port = struct.unpack("!H", exactly(wire, 2))[0]
        self.asked.append((kind, host))
        try:
            server = socket.create_connection((host, port), 10)
        except OSError:
            wire.sendall(b"\5\5\0\1\0\0\0\0\0\0")
            return wire.close()
        wire.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        threading.Thread(target=pump, args=(server, wire), daemon=True).start()
        pump(wire, server)


class Stage:
    def __init__(self, program, folder):
        self.program, self.folder, self.running = program, folder, []
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        profile = self.write("gateway.yaml", 'tharsis: 1\nplugins:\n  gateway: { listen: "tcps://localhost:0" }\n')
        self.start([program, "run", profile, "--state", folder + "/state"])
        where = folder + "/state/gateway/endpoint"
        wait_until("the gateway", lambda: os.path.exists(where) and os.path.getsize(where) > 0)
        self.port = int(open(where).read().strip().rsplit(":", 1)[1])

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, words):
        self.running.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop(self):
        for child in self.running:
            child.send_signal(signal.SIGINT)
        for child in self.running:
            child.wait(60)

    def send(self, proxy, host="localhost", count=20, more=()):
        words = [self.program, "stn", "send", f"tcps://{host}:{self.port}", "--ca", self.folder + "/state/gateway/ca.pem",
                 "--command", "100", "--body", "hello", "--count", str(count), "--in-flight", "4", "--proxy", proxy, "--json",
                 "--state", self.folder + "/send", *more]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        assert "hidden" not in done.stdout + done.stderr, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    def works(self, proxy, host="localhost"):
        report, errors = self.send(proxy, host)
        assert report["ok"] == 20, (proxy, report, errors)

    def fails(self, proxy, words):
        report, errors = self.send(proxy, count=4, more=("--deadline", "2s"))  # As many as are in flight: one deadline.
        assert report["ok"] == 0 and words in errors, (proxy, report, errors)


def socks(stage):
    free, guarded = Socks5(), Socks5(("ann", "hidden"))
    stage.works(f"socks5://127.0.0.1:{free.port}")
    stage.works(f"socks5://127.0.0.1:{free.port}", "127.0.0.1")
    assert (3, "localhost") in free.asked and (1, "127.0.0.1") in free.asked, free.asked
    stage.works(f"socks5://ann:hidden@127.0.0.1:{guarded.port}")
    stage.fails(f"socks5://ann:hidden2@127.0.0.1:{guarded.port}", "does not accept this name and password")
    stage.fails(f"socks5://127.0.0.1:{guarded.port}", "wants a name and a password")
    stage.fails(f"http://127.0.0.1:{free.port}", "the proxy http://127.0.0.1:")


def tinyproxy(stage):
    found = shutil.which("tinyproxy")
    if not found:
        return print("tinyproxy is not installed; HTTP's CONNECT was tried in the simulation only")
    for login in ("", "BasicAuth ann hidden\n"):
        port = free_port()
        stage.start([found, "-d", "-c", stage.write(f"tinyproxy{port}.conf", f"Port {port}\nListen 127.0.0.1\nTimeout 60\n{login}")])
        wait_until("tinyproxy", lambda: listens(port))
        if not login:
            stage.works(f"http://127.0.0.1:{port}")
            stage.works(f"http://127.0.0.1:{port}", "127.0.0.1")
            continue
        stage.works(f"http://ann:hidden@127.0.0.1:{port}")
        stage.fails(f"http://ann:hidden2@127.0.0.1:{port}", "the proxy http://127.0.0.1:")
        stage.fails(f"http://127.0.0.1:{port}", "wants a name and a password")


def main():
    stage = Stage(sys.argv[1], os.path.abspath(sys.argv[2]))
    try:
        socks(stage)
        tinyproxy(stage)
    finally:
        stage.stop()
    print("ok")


if __name__ == "__main__":
    main()
