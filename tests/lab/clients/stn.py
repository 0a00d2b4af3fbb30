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
