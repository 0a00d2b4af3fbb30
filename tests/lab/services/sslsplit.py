"""An interceptor of TLS, as companies and some security software have: it shows its own certificate for every name."""

from runner.shapes import Bool, Group, ListOf, Number

from .middlebox import Middlebox

INTERCEPTOR = "interceptor"


class Sslsplit(Middlebox):
    about = "in the router: opens all TLS (443, or the ports given) with certificates of its own authority, which the client may trust"
    settings = Group({"ports": ListOf(Number(1, 65535)), "trusted": Bool()}, what="sslsplit")
    programs = {"sslsplit": "sslsplit", "nft": "nftables"}
    ports = ((8443, "tcp"),)

    def start(self):
        authority, key = self.world.certificates.authority_named(INTERCEPTOR)
        if self.given.get("trusted"):
            self.world.certificates.trust(INTERCEPTOR)
        words = ["sslsplit", "-D", "-u", "root", "-c", authority, "-k", key]
        for address in self.host.addresses[4] + self.host.addresses[6]:
            words += ["ssl", address, "8443"]
        self.run(words)
        self.redirect(self.given.get("ports", [443]), 8443)
