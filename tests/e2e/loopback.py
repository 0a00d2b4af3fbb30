"""Processes that a test has started on loopback, and what it waits for of them. When it fails, they die with it."""
import socket
import sys
import time

running = []  # To be killed when the test fails.
_where = ""


def tell_where(text):
    """What stands behind each failure: the seed, the folder."""
    global _where
    _where = f" ({text})"


def fail(text):
    for process in running:
        process.kill()
    sys.exit(text + _where)


def wait_until(what, done, within=60):
    end = time.monotonic() + within
    while not done():
        if time.monotonic() > end:
            fail("waited in vain for " + what)
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
