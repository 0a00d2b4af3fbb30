"""Keeps what a link carries as a pcap file. tcpdump cannot: it insists on changing its user, which a user namespace of one
user does not let it."""

import ctypes
import errno
import os
import socket
import struct
import threading

from .sandbox import LIBC

ETH_P_ALL, SO_TIMESTAMPNS, SO_RCVBUFFORCE, CLONE_NEWNET = 3, 35, 33, 0x40000000
SOL_PACKET, PACKET_STATISTICS = 263, 6
ETHERNET, NO_HARDWARE = 1, 65534
LINK_TYPES = {ETHERNET: 1, NO_HARDWARE: 101}  # A TUN device has packets of IP, and nothing before them.
KEPT_BYTES = 200
FILE_MOST = 24 << 20  # Of the memory that a case's files lie in.
BACKLOG = 16 << 20


class Capture(threading.Thread):
    """Goes on until the process ends; every packet is in the file at once. Times are the kernel's."""

    def __init__(self, place, link, path):
        super().__init__(daemon=True)
        self.place, self.link = place, link
        self.ready, self.trouble = threading.Event(), None
        self.length = self.left_out = 0
        self.file = open(path, "wb", buffering=0)
        self.start()
        self.ready.wait()
        if self.trouble:
            raise self.trouble

    def run(self):
        try:
            self.listener = self.listen()
        except OSError as error:
            self.trouble = error
            return
        finally:
            self.ready.set()
        try:
            while True:
                self.take()
        except OSError as error:
            self.trouble = error

    def take(self):
        try:
            packet, extra, _, _ = self.listener.recvmsg(1 << 16, 64)
        except OSError as error:
            if error.errno == errno.ENETDOWN:  # Said once when the link goes down; it may come up again.
                return
            raise
        if self.length >= FILE_MOST:
            self.left_out += 1
            return
        seconds, nanoseconds = struct.unpack("qq", extra[0][2])
        kept = packet[:KEPT_BYTES]
        self.length += self.file.write(struct.pack("=IIII", seconds, nanoseconds, len(kept), len(packet)) + kept)

    def said(self):
        """What the file lacks, in words; "" where it has everything."""
        _, dropped = struct.unpack("=II", self.listener.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        words = [f"{dropped} packets came too fast to be kept"] if dropped else []
        words += [f"{self.left_out} packets came after the file was full"] if self.left_out else []
        return "; ".join(words + ([f"it ended early: {self.trouble}"] if self.trouble else []))

    def listen(self):
        """This thread, and it alone, is in the place's namespace from here on."""
        namespace = os.open(f"/run/netns/{self.place}", os.O_RDONLY)
        if LIBC.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"entering {self.place}")
        os.close(namespace)
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BACKLOG)
        except PermissionError:  # In a user namespace there is only what the machine allows everybody.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BACKLOG)
        listener.bind((self.link, ETH_P_ALL))
        kind = listener.getsockname()[3]
        self.file.write(struct.pack("=IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, KEPT_BYTES, LINK_TYPES[kind]))
        return listener
