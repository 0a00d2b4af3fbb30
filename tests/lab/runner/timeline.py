"""Carries out what a case says goes wrong, at its time. What the relay does by itself is in its plan instead."""

import threading
import time


class Timeline:
    def __init__(self, world, relay, services):
        self.world, self.relay, self.services = world, relay, services
        self.faults = sorted(world.case.faults, key=lambda fault: fault["at"])
        self.over = threading.Event()
        self.trouble = ""
        self.thread = threading.Thread(target=self.carry_out_later, daemon=True)

    def carry_out_first(self):
        for fault in self.faults:
            if fault["at"] == 0:
                self.carry_out(fault)

    def start(self):
        self.zero = time.monotonic()
        self.thread.start()

    def end(self):
        self.over.set()
        self.thread.join()

    def carry_out_later(self):
        try:
            for fault in self.faults:
                wait = self.zero + fault["at"] / 1e6 - time.monotonic()
                if fault["at"] > 0 and not self.over.wait(max(0, wait)):
                    self.carry_out(fault)
        except Exception as error:  # Told by the case's judgement; a thread's own words would be lost.
            self.trouble = str(error)

    def carry_out(self, fault):
        for name in fault.get("stop", []):
            for service in self.services[name]:
                service.stop()
        for name in fault.get("start", []):
            for service in self.services[name]:
                service.start()
        for place, commands in fault.get("shell", {}).items():
            for command in commands:
                self.world.run(place, ["sh", "-ec", self.world.fill(command)])
        if fault.get("forget"):
            self.relay.tell("forget")
