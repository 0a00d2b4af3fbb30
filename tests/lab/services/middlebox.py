"""What sits in the middle: a service of the case's `router` that takes connections which were meant for others."""

from .service import Service


class Middlebox(Service):
    def redirect(self, ports, to):
        """What the client sends to one of the ports, wherever to, arrives at the router's own port `to`."""
        listed = ", ".join(str(port) for port in ports)
        self.rules("chain from_client { type nat hook prerouting priority dstnat; "
                   f"iifname lan tcp dport {{ {listed} }} redirect to :{to}; }}")

    def rules(self, text):
        """The table of this service, for both IP families, holds these rules and no others."""
        table = f"inet {self.name}"
        path = self.write(f"{self.name}.nft", f"add table {table}\ndelete table {table}\ntable {table} {{\n{text}\n}}\n")
        self.world.run(self.host.name, ["nft", "-f", path])

    def stop(self):
        """Turned off: what it took goes its own way again."""
        super().stop()
        self.rules("")
