#!/usr/bin/env python3
"""small_server.py silent|mirror|whoami PORT: a server for what no package has a simple one. Over TCP it takes every connection, over
UDP (not silent) every packet. `silent` never says a word, `mirror` says back what it hears, and `whoami` (UDP alone) answers
every question for a name with the address of whoever asked it."""

import asyncio
import socket
import sys


async def keep_silent(reader, writer):
    while await reader.read(65536):
        pass
    writer.close()


async def mirror(reader, writer):
    while said := await reader.read(65536):
        writer.write(said)
        await writer.drain()
    writer.close()


class PacketMirror(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.transport.sendto(data, sender)


class WhoAsked(PacketMirror):
    def datagram_received(self, data, sender):
        end = data.index(0, 12) + 5  # The question: a name, a type, a class.
        is_a = data[end - 4:end - 2] == b"\x00\x01"
        head = data[:2] + bytes([0x84, 0, 0, 1, 0, 1 if is_a else 0, 0, 0, 0, 0])
        record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + socket.inet_aton(sender[0])
        self.transport.sendto(head + data[12:end] + (record if is_a else b""), sender)


async def main(behaviour, port):
    if behaviour == "whoami":
        await asyncio.get_running_loop().create_datagram_endpoint(WhoAsked, local_addr=("0.0.0.0", port))
        await asyncio.Event().wait()
    if behaviour == "mirror":
        await asyncio.get_running_loop().create_datagram_endpoint(PacketMirror, local_addr=("::", port), family=socket.AF_INET6)
    # Both families on one socket.
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=100)
    server = await asyncio.start_server(mirror if behaviour == "mirror" else keep_silent, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
