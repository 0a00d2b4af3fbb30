"""Tharsis' own client: `tharsis stn send`."""

from services.gateway import Gateway

from .client import Client


class Stn(Client):
    """As it is shipped. Without a hello, unless the case wants one: what is asked leaves with the first ping then."""

    program = "tharsis"
    options = ("stn", "send", "--command", "100", "--plain")
    server = Gateway
    tls = "able"
    says_hello = False
    settings = ()  # Beside those of the case.

    def words(self, run):
        words = super().words(run) + ["--state", str(self.world.folder("client") / "state")]
        words += ["--keys"] if run.get("keys", True) else []
        words += ["--user", "lab"] if run.get("hello", self.says_hello) else []
        for setting in [*self.settings, *run.get("set", [])]:
            words += ["--set", setting]
        return words

    def endpoints(self, run):
        """By its name, where it has one: that is one server with several addresses, and not several servers."""
        host, _, one = run["to"].partition(".")
        names = [] if one else self.world.hosts[host].settings.get("name", [])
        return [self.endpoint(run, names[0])] if names else super().endpoints(run)


class StnAlone(Stn):
    """Nothing goes twice, and no second connection: what the help of others is worth, and what it costs."""

    settings = ("links.main.second_way.when=never", "links.main.lanes.use=off", "links.main.hedge.use=off")


class StnDatagrams(Stn):
    """The same over TLS, with a server that takes small tasks in datagrams beside the connection."""

    tls = "always"
    says_hello = True  # The server's answer to it says where datagrams go.

    @classmethod
    def wanted(cls, run):
        return {**super().wanted(run), "udp": True}
