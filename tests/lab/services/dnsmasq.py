"""A resolver that lies about some names, or all, and tells the truth about the others."""

from runner.shapes import DOMAIN, Address, Group, ListOf, MapOf, Text

from .service import Service


class Dnsmasq(Service):
    about = "resolver that lies: other addresses for some names, for all, or for those that do not exist"
    settings = Group({"address": MapOf(ListOf(Address()), "address", DOMAIN), "everything": Address(), "unknown": Address(),
                      "nxdomain": ListOf(Text())}, what="dnsmasq")
    programs = {"dnsmasq": "dnsmasq-base"}
    ports = ((53, "udp"), (53, "tcp"))
    resolver = True

    def start(self):
        # --no-daemon is also what keeps it from changing its user, which a user namespace may not let it.
        words = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-dynamic", "--log-queries",
                 "--local-ttl=60"]
        lies = self.given.get("address", {})
        for name, addresses in lies.items():
            words += [f"--address=/{name}/{address}" for address in addresses]
        words += [f"--address=/{name}/" for name in self.given.get("nxdomain", [])]
        words += [f"--server=/{name}/{authority}" for name, authority in self.world.delegated().items()]
        if "everything" in self.given:
            words.append(f"--address=/#/{self.given['everything']}")
        else:
            words += [f"--host-record={','.join([name, *addresses])}" for name, addresses in self.truth(lies).items()]
            words.append(f"--address=/#/{self.given.get('unknown', '')}")  # Without an address: it does not exist.
        self.run(words)

    def truth(self, lies):
        lied_about = [*lies, *self.given.get("nxdomain", [])]
        return {name: addresses for name, addresses in self.world.zone().items()
                if not any(name == lie or name.endswith("." + lie) for lie in lied_about)}
