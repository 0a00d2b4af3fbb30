"""What listens and says nothing, and what says back what it hears."""

import pathlib
import sys

from runner.shapes import Group, Number

from .service import Service

PROGRAM = pathlib.Path(__file__).with_name("small_server.py")


class Silent(Service):
    about = "takes connections on a port (443) and never answers"
    settings = Group({"port": Number(1, 65535)}, what="silent")
    usual_port = 443

    @property
    def ports(self):
        return ((self.given.get("port", self.usual_port), "tcp"),)

    def start(self):
        self.run([sys.executable, str(PROGRAM), self.name, str(self.ports[0][0])])


class Mirror(Silent):
    about = "says back what it hears on a port (7), over TCP and UDP"
    settings = Group({"port": Number(1, 65535)}, what="mirror")
    usual_port = 7
