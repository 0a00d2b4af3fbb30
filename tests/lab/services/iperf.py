"""The other end of a measurement with iperf3."""

from runner.shapes import Group

from .service import Service


class Iperf(Service):
    about = "iperf3 -s, on its port 5201"
    settings = Group({}, what="iperf")
    programs = {"iperf3": "iperf3"}
    ports = ((5201, "tcp"),)

    def start(self):
        self.run(["iperf3", "--server"])
