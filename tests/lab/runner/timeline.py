"""Carries out what a case says goes wrong, at its time. What the relay does by itself is in its plan instead."""

import threading
import time

ENDING_MOST = 30.0  # Seconds for a fault that is being carried out when the command ends.


class Timeline:
    def __init__(self, world, relay, services):
        self.world, self.relay, self.services = world, relay, services
        self.faults = sorted(world.case.faults, key=lambda fault: fault["at"])
        self.over = threading.Event()
        self.troubles = []
        self.back_us = None  # When the services that a fault started last were ready, on the machine's monotonic clock.
        self.struck_us = None  # When the last fault that the command met was there, on the same clock.
        self.thread = threading.Thread(target=self.carry_out_later, daemon=True)

    def carry_out_first(self):
        for fault in self.faults:
            if fault["at"] == 0:
                self.carry_out(fault)

    def start(self):
        self.zero = time.monotonic()
        self.thread.start()

    def end(self):
        """Answers sentences on what did not go as the case says."""
        self.over.set()
        self.thread.join(ENDING_MOST)
        unfinished = ["a fault was still being carried out long after the command had ended"] if self.thread.is_alive() else []
        return self.troubles + unfinished

    def carry_out_later(self):
        try:
            for fault in self.faults:
                wait = self.zero + fault["at"] / 1e6 - time.monotonic()
                if fault["at"] == 0:
                    continue
                if self.over.wait(max(0, wait)):  # A case whose command ends before its faults shows nothing of them.
                    self.troubles.append(f"the fault at {fault['at'] / 1e6:g} s never struck: the command had ended before")
                else:
                    self.struck_us = round(time.monotonic() * 1e6)
                    self.carry_out(fault)
        except Exception as error:  # Told by the case's judgement; a thread's own words would be lost.
            self.troubles.append(str(error))

    def carry_out(self, fault):
        for name in fault.get("stop", []):
            for service in self.services[name]:
                service.stop()
        for name in fault.get("start", []):
            for service in self.services[name]:
                service.start()
            self.back_us = round(time.monotonic() * 1e6)
        for place, commands in fault.get("shell", {}).items():
            for command in commands:
                self.world.run(place, ["sh", "-ec", self.world.fill(command)])
        if fault.get("forget"):
            self.relay.tell("forget")
