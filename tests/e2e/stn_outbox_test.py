"""Goal: what an application was told is on the disk is sent, carried out once and answered, however often its process is killed;
an answer whose acknowledgement was written is not told again; and two processes do not share an outbox.
Method: a real gateway, and a plugin that sends durable messages (tests/plugins/stn/postman), killed with SIGKILL at any
moment; the last life is let live until the outbox is empty. The seed is printed.

usage: stn_outbox_test.py PROGRAM FOLDER PLUGINS TEST_PLUGINS DEATHS [SEED]
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from loopback import fail, free_port, listens, running, tell_where, wait_until

program, folder, plugins, test_plugins, deaths = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
seed = int(sys.argv[6]) if len(sys.argv) > 6 else random.SystemRandom().randrange(1 << 32)
chance = random.Random(seed)
tell_where(f"seed {seed}; {folder}")


def start(profile, state, output):
    with open(output, "ab") as out:
        process = subprocess.Popen([program, "run", str(profile), "--state", str(state), "--plugins", plugins], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT)
    running.append(process)
    return process


def lines(output):
    return output.read_text(errors="replace").splitlines() if output.exists() else []


def write_client(port, first, count, each):
    (folder / "client.yaml").write_text(f"""tharsis: 1
plugins:
  stn:
    links: {{ main: {{ endpoints: ["tcp://127.0.0.1:{port}"], user: ann, plain: allowed }} }}
    outbox: {{ use: on, key_file: {folder}/key }}
  postman: {{ path: {test_plugins}/postman, first: {first}, count: {count}, each: {each}ms }}
""")


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    (folder / "key").write_text("0123456789abcdef" * 4 + "\n")
    os.chmod(folder / "key", 0o600)
    (folder / "gateway.yaml").write_text(
        f'tharsis: 1\nplugins:\n  gateway: {{ listen: "tcp://127.0.0.1:{port}", plain: allowed, keep: {{ time: 1h }} }}\n')
    start(folder / "gateway.yaml", folder / "gateway", folder / "gateway.txt")
    wait_until("the gateway", lambda: listens(port))

    said = []  # What each life said.
    for number in range(deaths):
        output = folder / f"life{number}.txt"
        write_client(port, number * 1000, chance.choice([1, 20, 200]), chance.choice([1, 3]))
        client = start(folder / "client.yaml", folder / "client", output)
        time.sleep(chance.choice([0.05, 0.2, 0.5]) * (0.5 + chance.random()))
        client.send_signal(signal.SIGKILL)
        client.wait()
        running.remove(client)
        said.append(lines(output))

    write_client(port, deaths * 1000, 3, 1)
    output = folder / "last.txt"
    last = start(folder / "client.yaml", folder / "client", output)
    wait_until("a start", lambda: any(line.startswith(("safe", "counted", "told", "plugin 'postman' was not started")) for line in lines(output)))
    if any("is left out: the process died" in line for line in lines(output)):  # Death came while a plugin was loaded; the next start tries it again.
        last.terminate()
        last.wait()
        running.remove(last)
        last = start(folder / "client.yaml", folder / "client", output)
    wait_until("an empty outbox", lambda: any(line.startswith("counted") for line in lines(output)))
    second = folder / "second.txt"
    write_client(port, 999_000, 1, 1)
    other = start(folder / "client.yaml", folder / "client2", second)  # Another state folder, so another outbox: it may run.
    wait_until("the second process", lambda: any(line.startswith("told m999000") for line in lines(second)))
    other.terminate()
    other.wait()
    last.terminate()
    last.wait()
    said.append(lines(output))

    safe, told = {}, {}
    for life, all_lines in enumerate(said):
        for line in all_lines:
            word = line.split()
            if line.startswith("safe "):
                safe[word[1]] = word[2]
            if line.startswith("refused "):
                fail("life " + str(life) + ": " + line)
            if line.startswith("told "):
                if word[3] != "0" and word[2] != "0":
                    fail("life " + str(life) + ": " + line)
                if word[3] == "0":
                    told.setdefault(word[1], []).append((life, word[2]))
    lost = [key for key in safe if key not in told]
    if lost:
        fail(f"{len(lost)} messages were lost, such as {lost[0]}")
    for key, times in told.items():
        if len({life for life, _ in times}) != len(times):
            fail(f"{key} was told twice in one life: {times}")
        if len({entry for _, entry in times}) != 1:
            fail(f"{key} came back as another entry: {times}")
        if len(times) > 4:  # Each time death has to come within milliseconds.
            fail(f"{key} was told again and again: {times}")
    counted = [line.split() for line in said[-1] if line.startswith("counted")][0]
    if int(counted[1]) != len(told):
        fail(f"the server carried out {counted[1]} messages, and {len(told)} have an answer")
    if len(safe) < deaths:
        fail(f"only {len(safe)} messages were safe: nothing was tried")
    again = sum(1 for times in told.values() if len(times) > 1)

    held = subprocess.run([program, "stn", "outbox", "--state", str(folder / "client"), "--plugins", plugins,
                           "--set", f"outbox.key_file={folder}/key"], capture_output=True, text=True)
    if held.returncode != 0 or not held.stdout.startswith("0 tasks"):
        fail("tharsis stn outbox: " + held.stdout + held.stderr)
    none = subprocess.run([program, "stn", "outbox", "--discard", "5", "--state", str(folder / "never"), "--plugins", plugins], capture_output=True, text=True)
    if none.returncode != 1 or "no stn with an outbox has run with this state folder" not in none.stderr:
        fail("tharsis stn outbox --discard where there is none: " + none.stdout + none.stderr)
    if list(folder.glob("never/stn/outbox*")):
        fail("taking a task out of an outbox that is not there has made one")
    raw = (folder / "client" / "stn" / "outbox").read_bytes()
    if b"text of" in raw or b"main" in raw:
        fail("the outbox is sealed, and shows what is in it")
    for process in running:
        process.terminate()
        process.wait()
    print(f"{deaths} deaths, {len(safe)} messages safe, {len(told)} answered, {again} told again after a death, "
          f"{counted[2]} repeats at the server, none lost or carried out twice (seed {seed})")
    shutil.rmtree(folder)


main()
