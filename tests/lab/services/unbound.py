"""An honest resolver: plain over UDP and TCP, and encrypted as DoT and as DoH over HTTP/2."""

from runner.shapes import Bool, Group, OneOf

from .service import Service

# What makes a zone answer every question the same way.
SAME_ANSWERS = {"refused": "always_refuse", "nxdomain": "always_nxdomain", "nodata": "always_nodata", "silence": "always_deny"}


class Unbound(Service):
    about = "resolver with the truth of the case: UDP, TCP, DoT (853) and DoH (443, HTTP/2, /dns-query)"
    settings = Group({"udp": Bool(), "tcp": Bool(), "encrypted": Bool(), "answer": OneOf("servfail", *SAME_ANSWERS)}, what="unbound")
    programs = {"unbound": "unbound"}
    resolver = True

    @property
    def ports(self):
        ports = [(53, way) for way in ("udp", "tcp") if self.given.get(way, True)]
        return ports + ([(853, "tcp"), (443, "tcp")] if self.given.get("encrypted", True) else [])

    def start(self):
        self.run(["unbound", "-d", "-c", self.write("unbound.conf", self.configuration())])

    def configuration(self):
        # Addresses are named, so that an answer over UDP comes from the one that was asked.
        addresses = self.host.addresses[4] + self.host.addresses[6]
        lines = ["server:", 'username: ""', 'chroot: ""', 'pidfile: ""', 'logfile: ""', "use-syslog: no", f'directory: "{self.folder}"',
                 'module-config: "iterator"', "num-threads: 1", "access-control: 0.0.0.0/0 allow", "access-control: ::/0 allow",
                 "msg-cache-size: 1m", "rrset-cache-size: 1m", 'local-zone: "test." nodefault']  # Or it knows that test has no names.
        lines += [f"do-{way}: {'yes' if self.given.get(way, True) else 'no'}" for way in ("udp", "tcp")]
        lines += [f"interface: {address}@{port}" for address in addresses for port in sorted({port for port, _ in self.ports})]
        if self.given.get("encrypted", True):
            names = [*self.host.settings.get("name", []), *addresses]
            certificate, key = self.world.certificates.signed(names, stem=str(self.folder / "unbound"))
            lines += [f'tls-service-pem: "{certificate}"', f'tls-service-key: "{key}"', "tls-port: 853", "https-port: 443"]
        return "\n".join(lines + self.zone()) + "\n"

    def zone(self):
        answer = self.given.get("answer")
        if answer == "servfail":
            # There is nobody to ask but itself, which it will not.
            return ["stub-zone:", 'name: "."', "stub-addr: 127.0.0.1"]
        if answer:
            return [f'local-zone: "." {SAME_ANSWERS[answer]}']
        lines = ['local-zone: "." static', 'local-data: ". 60 IN SOA ns.test. admin.test. 1 60 60 60 60"']
        for name, addresses in self.world.zone().items():
            lines += [f'local-data: "{name}. 60 IN {"AAAA" if ":" in address else "A"} {address}"' for address in addresses]
        for name, authority in self.world.delegated().items():
            lines += [f'local-zone: "{name}." transparent', "stub-zone:", f'name: "{name}."', f"stub-addr: {authority}", "stub-no-cache: yes", "server:"]
        return lines
