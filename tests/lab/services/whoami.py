"""The authority of names whose address is that of whoever asks."""

import sys

from .service import Service
from .silent import PROGRAM


class Whoami(Service):
    about = "the authority of its host's `name`, which resolvers ask for it: the answer, A, is the address of whoever asked"
    ports = ((53, "udp"),)

    def start(self):
        self.run([sys.executable, str(PROGRAM), "whoami", "53"])
