"""What an engineer writes in an afternoon: one TCP connection and a poll loop."""

from services.peers import PlainServer

from .client import Client


class Plain(Client):
    program = "lab_client_plain"
    server = PlainServer
