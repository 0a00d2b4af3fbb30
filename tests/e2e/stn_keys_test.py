"""Goal: where a gateway says that it carries each key out once (keep.told), tasks whose application gave them no key survive the loss of
their connection, and each is carried out once; where it does not say so, or the client does not listen, they are sent once, and what was lost
stays lost.
Method: a real gateway on loopback that resets every connection before the answers to what it has just carried out, and a client that has some
under way all the time. What was carried out the gateway counts itself.

usage: stn_keys_test.py PROGRAM FOLDER PLUGINS
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys

from loopback import fail, free_port, listens, running, tell_where, wait_until

program, folder, plugins = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
count, in_flight, before_outage = 60, 6, 30
tell_where(str(folder))


def message(text):
    """SendMessageRequest of Mars' sample: token, from, to, text, topic, each a string."""
    fields = ["", "ann", "all", text, "none"]
    return b"".join(bytes([(i + 1) << 3 | 2, len(f)]) + f.encode() for i, f in enumerate(fields))


def start_gateway(name, port, told):
    (folder / f"{name}.yaml").write_text(
        f'tharsis: 1\nplugins:\n  gateway: {{ listen: "tcp://127.0.0.1:{port}", work: 20ms, keep: {{ told: {told} }}, '
        f'outage: {{ after_messages: {before_outage}, lasts: 200ms, kind: reset }} }}\n')
    process = subprocess.Popen([program, "run", str(folder / f"{name}.yaml"), "--metrics", "--state", str(folder / name), "--plugins", plugins],
                               stdin=subprocess.DEVNULL, stdout=open(folder / f"{name}.txt", "ab"), stderr=subprocess.STDOUT)
    running.append(process)
    wait_until(f"gateway {name}", lambda: listens(port), within=30)
    return process


def send(name, port, *words):
    (folder / "body").write_bytes(message("hello"))
    process = subprocess.Popen([program, "stn", "send", f"tcp://127.0.0.1:{port}", "--user", "ann", "--command", "3", "--body-file", str(folder / "body"),
                                "--count", str(count), "--in-flight", str(in_flight), "--state", str(folder / f"{name}-client"), "--plugins", plugins, *words],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.append(process)
    try:
        out, err = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        fail(f"{name}: the client has not ended after 90 s")
    running.remove(process)
    if not out.strip():
        fail(f"{name}: the client said nothing: {err}")
    return json.loads(out.splitlines()[-1])


def stop(process):
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=30) != 0:
        fail("a gateway ended badly")
    running.remove(process)


def counted(name, metric):
    """What stands at zero is not told."""
    for line in reversed((folder / f"{name}.txt").read_text(errors="replace").splitlines()):
        words = line.split()
        if len(words) > 1 and words[0] == metric:
            return int(words[1])
    return 0


def one_case(name, told, words, believes):
    port = free_port()
    gateway = start_gateway(name, port, told)
    report = send(name, port, *words)
    stop(gateway)
    carried_out, again = counted(name, "messages"), counted(name, "repeats")
    print(f"{name}: {report['ok']} of {count} answered, {report['failed']} failed, {report['repeated']} sent again; "
          f"the gateway carried out {carried_out}, and was asked again for {again}")
    if report["connects"] < 2:
        fail(f"{name}: the connection was not lost")
    if believes:
        if report["ok"] != count or carried_out != count:
            fail(f"{name}: not each task was answered, and carried out, once: {report}")
        if again == 0 or report["repeated"] == 0:
            fail(f"{name}: nothing had to be sent again, so the test shows nothing: {report}")
    elif report["reasons"].get("network", 0) == 0 or report["repeated"] != 0 or again != 0:
        fail(f"{name}: what was under way should have been lost, and not been sent again: {report}")


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    one_case("told", "true", [], True)
    one_case("untold", "false", [], False)
    one_case("unheard", "true", ["--set", "links.main.deduplicated=off"], False)


main()
