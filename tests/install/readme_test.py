#!/usr/bin/env python3
"""Goal: each kind of reader comes from README's first screen to a working result in five minutes. Method: the commands of its table
"Where to begin", as they stand there, in an empty home, against the server that it starts, with a stopwatch. readme_test.py SOURCE BUILD

Skipped where the build is not build/release, or something else has the server's port. Windows on a screen are left to hosts.qt, packages
to script/package --check."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
FIVE_MINUTES, SKIPPED = 300, 77
# What of a row's output shows that it has worked; a row that is not here is a new one, which wants to be tried too.
RESULTS = {
    "C, C++": r"diagnosis: ",
    "Qt 6": None,
    "Node, Electron": r"metrics: \d+ .*\n(link main is down .*\n)?stopped",
    "Python": r"diagnosis: ",
    "a plugin": r"100% tests passed",
    "nothing, you read logs": r"",
    "packages": None,
    "with Mars so far": r"mars-compat\.yaml:\d+",
}


def skip(why):
    print(f"not here: {why}")
    sys.exit(SKIPPED)


def first_screen():
    text = (SOURCE / "README.md").read_text(encoding="utf-8").split("## Where to begin", 1)[1].split("\n## ", 1)[0]
    block = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    return block, {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in rows[1:]}


def port_is_free(endpoint):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(endpoint.rsplit(":", 1)[1]))) != 0


def follow(reader, commands, environment):
    # A word without a program is a part of the command before it.
    lines = [c for c in commands if not c.startswith("xlog ")]
    began = time.monotonic()
    ran = subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=SOURCE, env=environment, capture_output=True, text=True, timeout=FIVE_MINUTES)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, f"{reader}: {lines}\n{said[-3000:]}"
    assert re.search(RESULTS[reader], said), f"{reader}: what was hoped for is not said:\n{said[-3000:]}"
    print(f"{reader}: {time.monotonic() - began:.0f} s")


def main():
    if BUILD != SOURCE / "build/release":
        skip("README builds in build/release")
    block, rows = first_screen()
    assert set(rows) == set(RESULTS), sorted(set(rows) ^ set(RESULTS))
    serve = next(command for command in block if " serve " in command)
    endpoint = re.search(r"tcp://\S+", serve)[0]
    if not port_is_free(endpoint):
        skip(f"somebody has {endpoint}")
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home}
        for name in [n for n in environment if n.startswith(("XDG_", "THARSIS", "CMAKE_PREFIX"))]:
            del environment[name]
        for left in ["build/served", "build/tour", "build/app", "build/hello", "build/installed"]:  # By whoever followed it before.
            shutil.rmtree(SOURCE / left, ignore_errors=True)
        server = subprocess.Popen(serve.split(), cwd=SOURCE, env=environment, stdout=subprocess.DEVNULL)
        try:
            ends = time.monotonic() + 60
            while port_is_free(endpoint):
                assert server.poll() is None and time.monotonic() < ends, "the server does not listen"
                time.sleep(0.05)
            for reader, commands in rows.items():
                if RESULTS[reader] is None:
                    continue
                missing = {"npm", "node"} & {c.split()[0] for c in commands} - {n for n in ("npm", "node") if shutil.which(n)}
                if missing or ("build/demo" in " ".join(commands) and not (SOURCE / "build/demo/log").exists()):
                    print(f"{reader}: not here ({', '.join(missing) or 'script/run makes its log'})")
                    continue
                follow(reader, commands, environment)
        finally:
            server.terminate()
            server.wait()


main()
