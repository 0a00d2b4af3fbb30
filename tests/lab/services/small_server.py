#!/usr/bin/env python3
"""small_server.py silent|mirror PORT: a server for what no package has a simple one. Over TCP it takes every connection, over
UDP (mirror only) every packet, and `silent` never says a word, while `mirror` says back what it hears."""

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


async def main(behaviour, port):
    if behaviour == "mirror":
        await asyncio.get_running_loop().create_datagram_endpoint(PacketMirror, local_addr=("::", port), family=socket.AF_INET6)
    # Both families on one socket.
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=100)
    server = await asyncio.start_server(mirror if behaviour == "mirror" else keep_silent, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
