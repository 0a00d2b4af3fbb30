"""A resolver that is slow, or overloaded, or lies: dnsdist without anything behind it."""

import json

from runner.shapes import DOMAIN, Address, Duration, Group, ListOf, MapOf, Number, OneOf

from .service import Service

CODES = {"refused": "REFUSED", "servfail": "SERVFAIL", "nxdomain": "NXDOMAIN"}


class Dnsdist(Service):
    about = "resolver that answers late (over UDP), lies about names, fails, or is silent above a rate"
    settings = Group({"delay": Duration(), "spoof": MapOf(ListOf(Address()), "spoof", DOMAIN), "answer": OneOf(*CODES),
                      "most": Number(1, 100_000)}, what="dnsdist")
    programs = {"dnsdist": "dnsdist"}
    ports = ((53, "udp"), (53, "tcp"))
    resolver = True

    def start(self):
        path = self.write("dnsdist.lua", "\n".join(self.rules()) + "\n")
        self.run(["dnsdist", "--supervised", "--disable-syslog", "-C", path])

    def rules(self):
        """The first that fits a question and answers it ends its way."""
        local = [f"{'set' if index == 0 else 'add'}Local('{f'[{address}]' if ':' in address else address}:53')"
                 for index, address in enumerate(self.host.addresses[4] + self.host.addresses[6])]
        lines = [*local, "setACL({'0.0.0.0/0', '::/0'})", "setSecurityPollSuffix('')"]
        if "most" in self.given:
            lines.append(f"addAction(NotRule(MaxQPSRule({self.given['most']})), DropAction())")
        if "delay" in self.given:
            lines.append(f"addAction(AllRule(), DelayAction({self.given['delay'] // 1000}))")
        if "answer" in self.given:
            return lines + [f"addAction(AllRule(), RCodeAction(DNSRCode.{CODES[self.given['answer']]}))"]
        for name, addresses in {**self.world.zone(), **self.given.get("spoof", {})}.items():
            listed = ", ".join(json.dumps(address) for address in addresses)
            lines.append(f"addAction(QNameRule('{name}.'), SpoofAction({{{listed}}}))")
        return lines + ["addAction(AllRule(), RCodeAction(DNSRCode.NXDOMAIN))"]
