"""What a case stands on: namespaces, links, addresses, and the processes in them.

    client --eth0--lan-- router --wan=(relay)=cable-- internet --to-NAME--eth0-- each host

The client is 10.77.0.2, its gateway 10.77.0.1. Hosts have addresses that are kept for documentation, so that a packet
that ever got out would reach nobody."""

import signal
import subprocess
import time

from . import sandbox
from .certificates import Certificates

CLIENT = {4: "10.77.0.2", 6: "2001:db8:77::2"}
GATEWAY = {4: "10.77.0.1", 6: "2001:db8:77::1"}
WAN = {4: "100.64.1.1", 6: "2001:db8:a1::1"}
CABLE = {4: "100.64.1.2", 6: "2001:db8:a1::2"}
# As root it would change its user, which a user namespace of one user does not let it; so it is not root to itself.
TCPDUMP = "unshare --user --map-user=1 tcpdump -n"
COMMAND_MOST = 20.0  # Seconds for a command that changes something and ends.
FIRST_HOP = "100.64.0.1"  # What every host sees of the internet's side.
SWITCHES = {
    "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1, "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.router_solicitations": 0,
    "net.ipv4.tcp_no_metrics_save": 1,  # A case must not learn from the one before it on the same kernel.
    "net.ipv4.ping_group_range": "0 0",  # Ours: in a user namespace there may be no other.
}


class WorldError(Exception):
    """The case could not be set up; str() says what and why."""


class Host:
    """name, addresses {4: [...], 6: [...]}, settings as in the case file."""

    def __init__(self, number, name, settings):
        self.name, self.settings = name, settings
        count = settings.get("addresses", 1)
        self.addresses = {
            4: [f"198.51.100.{number * 10 + k}" for k in range(1, count + 1)],
            6: [f"2001:db8:{number}::{k}" for k in range(1, count + 1)],
        }
        if "address" in settings:
            self.addresses[6 if ":" in settings["address"] else 4][0] = settings["address"]

    def address(self, text):
        """"im", "im.2" or "im.v6" -> an address."""
        part = text.partition(".")[2]
        if part == "v6":
            return self.addresses[6][0]
        index = int(part or 1) - 1
        if index >= len(self.addresses[4]):
            raise WorldError(f"the host {self.name} has {len(self.addresses[4])} addresses; there is no '{text}'")
        return self.addresses[4][index]


class Router:
    """Where the services of the case's `router` run: a host to them."""

    name = "router"
    addresses = {4: [GATEWAY[4]], 6: [GATEWAY[6]]}

    def __init__(self, settings):
        self.settings = settings


class World:
    def __init__(self, case, programs):
        self.case, self.programs = case, programs
        self.certificates = Certificates(self)
        self.router = Router(case.router)
        self.hosts = {name: Host(number, name, settings) for number, (name, settings) in enumerate(case.hosts.items(), 1)}
        self.processes = {}
        self.died = []  # Sentences on processes that ended by themselves and are forgotten.

    # Addresses

    def resolve(self, text):
        """What a case calls an address: "im.2" or "203.0.113.9/24"."""
        name = text.split(".")[0]
        return self.hosts[name].address(text) if name in self.hosts else text

    def delegated(self):
        """{name: address} of those that have an authority of their own, who is to be asked for them."""
        return {name: host.addresses[4][0] for host in self.hosts.values() if "whoami" in host.settings for name in host.settings.get("name", [])}

    def zone(self):
        """{name: addresses} of all other names that the case gives: what an honest resolver answers."""
        names = {}
        for host in self.hosts.values():
            for name in [] if "whoami" in host.settings else host.settings.get("name", []):
                names.setdefault(name, []).extend(host.addresses[4] + host.addresses[6])
        return {**names, **{name: [self.resolve(target) for target in targets] for name, targets in self.case.zone.items()}}

    def fill(self, text):
        """{im}, {im.2}, {im.v6}, {client}, {gateway}, {lab}, {tcpdump}, {tharsis} and {pin}, the lab authority's key, in a command."""
        if "{pin}" in text:
            text = text.replace("{pin}", self.certificates.pin())
        for name, host in self.hosts.items():
            for part in [""] + [f".{k}" for k in range(1, len(host.addresses[4]) + 1)] + [".v6"]:
                text = text.replace("{" + name + part + "}", host.address(name + part))
        others = {"tcpdump": TCPDUMP, "client": CLIENT[4], "gateway": GATEWAY[4], "lab": str(sandbox.FOLDER),
                  "tharsis": self.programs.path("tharsis")}
        for name, value in others.items():
            text = text.replace("{" + name + "}", value)
        return text

    # Namespaces

    def make_namespaces(self):
        for name in ["client", "router", "internet", *self.hosts]:
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
            switches = "".join(f"echo '{value}' >/proc/sys/{key.replace('.', '/')};" for key, value in SWITCHES.items())
            self.run(name, ["sh", "-ec", switches])
        self.join("client", "eth0", "router", "lan")
        for family, length in ((4, 24), (6, 64)):
            self.ip("-n", "client", "addr", "add", f"{CLIENT[family]}/{length}", "dev", "eth0")
            self.ip("-n", "router", "addr", "add", f"{GATEWAY[family]}/{length}", "dev", "lan")
            self.ip("-n", "client", f"-{family}", "route", "add", "default", "via", GATEWAY[family])
        for host in self.hosts.values():
            self.plug_in(host)

    def plug_in(self, host):
        port = f"to-{host.name}"
        self.join(host.name, "eth0", "internet", port)
        self.ip("-n", "internet", "addr", "add", f"{FIRST_HOP}/32", "dev", port)
        self.ip("-n", "internet", "addr", "add", "fe80::1/64", "dev", port)
        for family, addresses in host.addresses.items():
            for address in addresses:
                self.ip("-n", host.name, "addr", "add", address, "dev", "eth0")
                self.ip("-n", "internet", f"-{family}", "route", "add", address, "dev", port)
        self.ip("-n", host.name, "route", "add", FIRST_HOP, "dev", "eth0")
        self.ip("-n", host.name, "route", "add", "default", "via", FIRST_HOP, "src", host.addresses[4][0])
        self.ip("-n", host.name, "-6", "route", "add", "default", "via", "fe80::1", "dev", "eth0")

    def join(self, left, left_link, right, right_link):
        """A cable between two namespaces that carries packets as they are: no offloads, or a rule that drops long
        packets would drop what the kernel glued together."""
        self.ip("link", "add", left_link, "netns", left, "type", "veth", "peer", right_link, "netns", right)
        for place, link in ((left, left_link), (right, right_link)):
            self.ip("-n", place, "link", "set", link, "gso_max_segs", "1", "up")
            self.run(place, ["ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off"])

    def plug_in_relay(self):
        """The relay has opened `wan` and `cable`; they get addresses and routes."""
        for place, link, own in (("router", "wan", WAN), ("internet", "cable", CABLE)):
            self.ip("-n", place, "link", "set", link, "addrgenmode", "none", "mtu", "1500", "txqueuelen", "10000", "up")
            other = CABLE if own is WAN else WAN
            self.ip("-n", place, "addr", "add", own[4], "peer", other[4], "dev", link)
            self.ip("-n", place, "addr", "add", f"{own[6]}/64", "dev", link)
        self.ip("-n", "router", "route", "add", "default", "via", CABLE[4])
        self.ip("-n", "router", "-6", "route", "add", "default", "via", CABLE[6])
        self.ip("-n", "internet", "route", "add", "10.77.0.0/24", "via", WAN[4])
        self.ip("-n", "internet", "-6", "route", "add", "2001:db8:77::/64", "via", WAN[6])

    # Processes

    def ip(self, *words):
        self.must(["ip", *words])

    def run(self, place, words):
        return self.must(self.inside(place, words))

    def must(self, words):
        try:
            done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=COMMAND_MOST)
        except subprocess.TimeoutExpired:
            raise WorldError(f"`{' '.join(words)}` had not ended within {COMMAND_MOST:g} s") from None
        if done.returncode != 0:
            raise WorldError(f"`{' '.join(words)}` failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    @staticmethod
    def inside(place, words):
        return ["nsenter", f"--net=/run/netns/{place}", *words]

    def folder(self, place):
        """A folder of the case for files of `place`; gone with the case, kept when it fails."""
        path = sandbox.FOLDER / place
        path.mkdir(mode=0o755, exist_ok=True)
        return path

    def start(self, place, name, words, ready=None, within=15.0, **options):
        """A process that goes on beside the case. Its output is in the folder of `place` as NAME.txt. `ready` is
        asked until it answers true."""
        key = f"{place}/{name}"
        if self.forget(key):
            raise WorldError(f"{key} is to be started and runs already")
        with open(self.folder(place) / f"{name}.txt", "ab") as said:
            given = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, **options}
            process = self.processes[key] = subprocess.Popen(self.inside(place, words), **given)
        self.wait_until(process, place, name, ready, within)
        return process

    def wait_until(self, process, place, name, ready, within):
        until = time.monotonic() + within
        while ready and not ready():
            if process.poll() is not None:
                raise WorldError(f"{name} on {place} ended with {process.returncode} before it was ready:\n"
                                 + self.said(place, name))
            if time.monotonic() > until:
                raise WorldError(f"{name} on {place} was not ready within {within:g} s:\n{self.said(place, name)}")
            time.sleep(0.02)

    def said(self, place, name, lines=15):
        path = self.folder(place) / f"{name}.txt"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def stop(self, place, name, how=signal.SIGKILL):
        if process := self.forget(f"{place}/{name}"):
            process.send_signal(how)
            process.wait()

    def forget(self, key):
        """Answers the process where it runs; where it had ended by itself that is noted."""
        process = self.processes.get(key)
        self.died += self.ended(key)
        self.processes.pop(key, None)
        return process if process and process.returncode is None else None

    def ended(self, key):
        process = self.processes.get(key)
        if process is None or process.poll() is None:
            return []
        code = process.returncode
        return [f"{key} was ended by signal {-code}" if code < 0 else f"{key} ended by itself with {code}"]

    def crashed(self):
        """Sentences on processes that are gone although nobody here stopped them."""
        return self.died + [sentence for key in self.processes for sentence in self.ended(key)]

    def listens(self, place, port, protocol="tcp"):
        """A test for start(): something in `place` listens on the port."""
        wanted = f":{port:04X} "
        listening = " 0A " if protocol == "tcp" else " 07 "

        def asked():
            # /proc/net is that of the reader's namespace, so one is sent in to read it.
            tables = subprocess.run(self.inside(place, ["cat", f"/proc/net/{protocol}", f"/proc/net/{protocol}6"]),
                                    capture_output=True, text=True, errors="replace", timeout=COMMAND_MOST).stdout
            return any(wanted in f"{line.split()[1]} " and listening in line for line in tables.splitlines()[1:] if ":" in line)

        return asked
