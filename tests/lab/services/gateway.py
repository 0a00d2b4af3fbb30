"""The reference server of stn, as `tharsis run` starts it."""

import json

from runner.certificates import OTHER_NAMES
from runner.shapes import Bool, Duration, Group, Number

from .service import Service


class Gateway(Service):
    about = "Tharsis' own gateway: stn's long link over TCP, or TLS with tls: true, and datagrams with udp: true; over IPv6 as well with v6: true, at a second port with also: 443; pages for sdt with canary: 8080, at that port, marked with the key `lab`"
    settings = Group({"tls": Bool(), "udp": Bool(), "v6": Bool(), "also": Number(1, 65535), "work": Duration(), "canary": Number(1, 65535)}, what="gateway")
    port = 7000
    ports = ((port, "tcp"),)

    def start(self):
        tls = self.given.get("tls", False)
        names = [*self.host.settings.get("name", []), *self.host.addresses[4], "localhost", *OTHER_NAMES]
        profile = {
            "tharsis": 1,
            "plugins": {
                "gateway": {"listen": f"{'tcps' if tls else 'tcp'}://0.0.0.0:{self.port}", "open": True, "plain": "allowed",
                            "work": f"{self.given.get('work', 0)}us", "certificate": {"names": names}},
            },
        }
        if "canary" in self.given:
            profile["plugins"]["gateway"]["canary"] = {"listen": f"http://0.0.0.0:{self.given['canary']}", "key": "lab"}
        if self.given.get("udp"):
            profile["plugins"]["gateway"]["udp"] = f"udp://0.0.0.0:{self.port}"
        state = self.folder / "state"
        state.mkdir(mode=0o700, exist_ok=True)  # Kept over a restart, as a server's disk is.
        self.begin("gateway", profile, state)
        others = {"6": f"[::]:{self.port}"} if self.given.get("v6") else {}
        others |= {"2": f"0.0.0.0:{self.given['also']}"} if "also" in self.given else {}
        for number, place in others.items():  # One gateway listens in one place.
            profile["plugins"]["gateway"]["listen"] = f"{'tcps' if tls else 'tcp'}://{place}"
            profile["plugins"]["gateway"].pop("udp", None)
            profile["plugins"]["gateway"].pop("canary", None)
            own = self.folder / f"state{number}"
            own.mkdir(mode=0o700, exist_ok=True)
            self.begin(f"gateway{number}", profile, own)

    def begin(self, name, profile, state):
        path = self.write(f"{name}.yaml", json.dumps(profile))
        self.run([self.world.programs.path("tharsis"), "run", path, "--state", str(state)], name)

    def authority(self):
        return str(self.folder / "state/gateway/ca.pem")
