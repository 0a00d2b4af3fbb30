"""An application that embeds Tharsis with stn, dns and sdt: what a fault costs it, with healing and without."""

import yaml

from services.gateway import Gateway

from .client import Client


class Application(Client):
    """The case gives it a profile; what sdt may do is said by the class."""

    program = "lab_application"
    server = Gateway
    tls = "able"
    heals = "act"

    def words(self, run):
        """PROFILE, STATE, and the words of all clients."""
        words = super().words(run)
        state = self.world.folder("client") / "state"
        return [words[0], self.profile(run), str(state), *words[1:]]

    def profile(self, run):
        plugins = {"stn": {}, "dns": {}, "sdt": {}, **(yaml.safe_load(self.world.fill(run["profile"])) or {})}
        sdt = plugins["sdt"] = {**(plugins["sdt"] or {})}
        sdt["heal"] = {**sdt.get("heal", {}), "policy": self.heals}
        link = plugins["stn"].setdefault("links", {}).setdefault("main", {})
        link |= {"tls": {"ca": self.service.authority()}} if self.over_tls(run) else {"plain": "allowed"}
        log = self.world.folder("client") / "log"
        path = self.world.folder("client") / "application.yaml"
        path.write_text(yaml.safe_dump({"tharsis": 1, "plugins": {"xlog": {"directory": str(log)}, **plugins}}), encoding="utf-8")
        return str(path)

    def endpoints(self, run):
        names = self.world.hosts[run["to"].partition(".")[0]].settings.get("name", [])
        return [self.endpoint(run, names[0])] if names else super().endpoints(run)


class ApplicationAdvised(Application):
    heals = "advise"


class ApplicationUnhealed(Application):
    heals = "off"
