"""A captive portal, as hotels have: until the guest has posted its form, HTTP ends at it and all else but DNS nowhere."""

import pathlib
import sys

from runner.shapes import Group

from .middlebox import Middlebox

PROGRAM = pathlib.Path(__file__).with_name("portal_server.py")
PORT = 8080

# A guest is a network card, whatever addresses it has.
RULES = """
set guests { type ether_addr; }
chain from_client {
  type nat hook prerouting priority dstnat;
  iifname lan ether saddr != @guests tcp dport 80 redirect to :8080
}
chain to_internet {
  type filter hook forward priority filter;
  iifname lan ether saddr != @guests udp dport != 53 drop
  iifname lan ether saddr != @guests tcp dport != 53 drop
  iifname lan ether saddr != @guests meta l4proto { icmp, icmpv6 } drop
}"""


class Portal(Middlebox):
    about = "in the router: captive portal; HTTP gets a 302 to http://10.77.0.1/login, a POST there lets the client through"
    settings = Group({}, what="portal")
    programs = {"nft": "nftables"}
    ports = ((PORT, "tcp"),)

    def start(self):
        self.rules(RULES)
        self.run([sys.executable, str(PROGRAM), str(PORT), f"http://{self.host.addresses[4][0]}/login"])
