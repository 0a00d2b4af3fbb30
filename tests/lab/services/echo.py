"""Whatever server the load's client talks to: what is answered has the size of what was asked."""

from runner.shapes import Group

from .service import Service


class Echo(Service):
    about = "answers each request with as many bytes; the client of the case's load decides which server it is"
    settings = Group({}, what="echo")

    def __init__(self, world, host, settings):
        super().__init__(world, host, settings)
        from clients import CLIENTS  # The clients know their servers, which are services themselves.
        run = world.case.run
        client = CLIENTS[run.get("load", "stn")]
        self.server = client.server(world, host, client.wanted(run))
        self.programs = self.server.programs

    @property
    def port(self):
        return self.server.port

    def start(self):
        self.server.start()

    def stop(self):
        self.server.stop()

    def authority(self):
        return self.server.authority()
