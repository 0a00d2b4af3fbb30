"""What makes the load of a case: an open loop of requests, one JSON object at its end."""


TIMES_MOST = 10_000  # Requests of which each one's time is kept.


class Client:
    """A subclass names its program and the service that it talks to. All understand the words of `tharsis stn send`."""

    program = ""
    options = ()
    server = None   # A Service.
    tls = "never"   # Or "able", or "always".

    def __init__(self, world, service):
        self.world, self.service = world, service

    @classmethod
    def over_tls(cls, run):
        return cls.tls == "always" or run.get("tls", False)

    @classmethod
    def wanted(cls, run):
        """What the server is told."""
        return {"tls": True} if cls.over_tls(run) else {}

    def words(self, run):
        """The command line for a case's `run`."""
        tls = self.over_tls(run)
        body = self.world.folder("client") / "body"
        body.write_bytes(b"x" * run.get("size", 64))
        words = [self.world.programs.path(self.program), *self.options]
        words += self.endpoints(run)
        words += ["--body-file", str(body), "--count", str(run.get("count", 200)), "--rate", f"{run.get('rate', 5.0):.9g}",
                  "--deadline", f"{run.get('deadline', 15_000_000)}us", "--json"]
        if run.get("count", 200) <= TIMES_MOST:
            words += ["--times"]
        if tls:
            words += ["--ca", self.service.authority()]
        return words

    def endpoint(self, run, host):
        return f"{'tcps' if self.over_tls(run) else 'tcp'}://{host}:{self.service.port}"

    def endpoints(self, run):
        """The words that say where the server is."""
        return [self.endpoint(run, address) for address in self.addresses(run)]

    def addresses(self, run):
        """One address where the case names one ("im.2"), all of the host's otherwise, in the case's order."""
        host, _, one = run["to"].partition(".")
        return [self.world.resolve(run["to"])] if one else self.world.hosts[host].addresses[4]
