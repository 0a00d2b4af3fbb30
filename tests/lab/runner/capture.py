"""Keeps what a link carries as a pcap file. tcpdump cannot: it insists on changing its user, which a user namespace of one
user does not let it."""

import ctypes
import os
import socket
import struct
import threading

from .sandbox import LIBC

ETH_P_ALL, SO_TIMESTAMPNS, CLONE_NEWNET = 3, 35, 0x40000000
ETHERNET, NO_HARDWARE = 1, 65534
LINK_TYPES = {ETHERNET: 1, NO_HARDWARE: 101}  # A TUN device has packets of IP, and nothing before them.
KEPT_BYTES = 200
BACKLOG = 16 << 20


class Capture(threading.Thread):
    """Goes on until the process ends; every packet is in the file at once. Times are the kernel's."""

    def __init__(self, place, link, path):
        super().__init__(daemon=True)
        self.place, self.link = place, link
        self.ready, self.trouble = threading.Event(), None
        self.file = open(path, "wb", buffering=0)
        self.start()
        self.ready.wait()
        if self.trouble:
            raise self.trouble

    def run(self):
        try:
            listener = self.listen()
        except OSError as error:
            self.trouble = error
            return
        finally:
            self.ready.set()
        while True:
            packet, extra, _, _ = listener.recvmsg(1 << 16, 64)
            seconds, nanoseconds = struct.unpack("qq", extra[0][2])
            self.file.write(struct.pack("=IIII", seconds, nanoseconds, len(packet[:KEPT_BYTES]), len(packet)) + packet[:KEPT_BYTES])

    def listen(self):
        """This thread, and it alone, is in the place's namespace from here on."""
        namespace = os.open(f"/run/netns/{self.place}", os.O_RDONLY)
        if LIBC.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"entering {self.place}")
        os.close(namespace)
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BACKLOG)
        listener.bind((self.link, ETH_P_ALL))
        kind = listener.getsockname()[3]
        self.file.write(struct.pack("=IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, KEPT_BYTES, LINK_TYPES[kind]))
        return listener
