"""What a service of a host is to the runner."""

from runner.shapes import Group


class Service:
    """One server in one host's namespace. A subclass says what it needs and how it starts; `world` gives it addresses
    (world.hosts, self.host.addresses), files (self.folder), processes (self.run) and certificates (world.certificates)."""

    about = ""                   # One line for README's table and --services.
    settings = Group({}, what="this service")
    programs = {}                # Program -> Debian package that has it.
    built = ()                   # Programs of the build that it runs.
    ports = ()                   # (port, "tcp" | "udp"): it is ready when it listens there.
    resolver = False             # Whether the client's resolv.conf should name this host.

    def __init__(self, world, host, settings):
        self.world, self.host, self.given = world, host, settings
        self.started = []

    @property
    def folder(self):
        return self.world.folder(self.host.name)

    @property
    def name(self):
        return type(self).__name__.lower()

    def start(self):
        raise NotImplementedError

    def stop(self):
        """At once and without a word. The kernel of its machine closes its connections and refuses new ones; a machine that
        loses its power would be silent, which is a matter of the path (`block`)."""
        while self.started:
            self.world.stop(self.host.name, self.started.pop())

    def run(self, words, name=None, **options):
        """Starts a process of the service and waits until it listens on self.ports."""
        tests = [self.world.listens(self.host.name, port, protocol) for port, protocol in self.ports]
        self.started.append(name or self.name)
        return self.world.start(self.host.name, name or self.name, words, ready=lambda: all(test() for test in tests), **options)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)
