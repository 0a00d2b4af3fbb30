"""Tharsis' own client: `tharsis stn send`."""

from services.gateway import Gateway

from .client import Client


class Stn(Client):
    program = "tharsis"
    options = ("stn", "send", "--command", "100", "--plain", "--keys", "--user", "lab")
    server = Gateway
    tls = "able"

    def words(self, run):
        words = super().words(run) + ["--state", str(self.world.folder("client") / "state")]
        for setting in run.get("set", []):
            words += ["--set", setting]
        return words


class StnDatagrams(Stn):
    """The same over TLS, with a server that takes small tasks in datagrams beside the connection."""

    tls = "always"

    @classmethod
    def wanted(cls, run):
        return {**super().wanted(run), "udp": True}
