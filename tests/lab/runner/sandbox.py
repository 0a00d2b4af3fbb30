"""A case's own world: mount, process and network namespaces in which nothing of it can outlive it.

The case runs as process 1 of a process namespace. When that process ends, or is killed, or its parent is, the kernel
ends everything that was started in it, and with the last process go the network namespaces, the links and the files,
which lie in a tmpfs that only this world sees. So there is no clean-up that could be forgotten."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
SIZE = "256m"  # Of all files of a case: they are in memory.
FOLDER = pathlib.Path("/run/lab")
# What would lead programs out of the case's world, by its names of files or hosts.
REACHING_OUT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                "ALL_PROXY", "no_proxy", "NO_PROXY")


def dying_with(parent):
    """For a child, before it becomes its program: it ends when the process `parent` does, or has already."""
    def set_up():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return set_up


def command(words):
    """`words` as process 1 of a new world: as root where we are root, else through a user namespace."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", *words]


def obstacle():
    """Why no such world can be made here, or ""."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "the programs unshare and ip are missing (script/bootstrap --lab installs them)"
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"/dev/net/tun cannot be opened ({error.strerror}); modprobe tun, or give this user access"
    tried = subprocess.run(command(["sh", "-c", "mount -t tmpfs tmpfs /run"]), capture_output=True, text=True)
    if tried.returncode != 0:
        why = tried.stderr.strip().splitlines()
        return f"namespaces cannot be made ({why[-1] if why else 'no reason given'}); as root they can"
    return ""


def furnish(nameserver, names):
    """Called inside, first: our own /run, name server and hosts file. `nameserver` may be None; `names`: {name: addresses}
    that the hosts file has beside localhost."""
    for name in REACHING_OUT:
        os.environ.pop(name, None)
    mount("tmpfs", "/run", "tmpfs", data=f"size={SIZE}")
    for folder in ("netns", "lab"):
        pathlib.Path("/run", folder).mkdir(mode=0o755)
    put_over("/etc/resolv.conf", f"nameserver {nameserver}\noptions timeout:2 attempts:2\n" if nameserver else "")
    lines = ["127.0.0.1 localhost", "::1 localhost", *(f"{address} {name}" for name, those in names.items() for address in those)]
    put_over("/etc/hosts", "\n".join(lines) + "\n")


def own_store():
    """The folder of the authorities that are trusted in this world: none yet, whatever the machine trusts."""
    folder = FOLDER / "certs"
    folder.mkdir()
    mount(str(folder), "/etc/ssl/certs", None, bind=True)
    return folder


def put_over(path, text):
    ours = FOLDER / pathlib.Path(path).name
    ours.write_text(text, encoding="utf-8")
    target = os.path.realpath(path)  # Often a link into /run, which is ours and empty now.
    if not os.path.exists(target):
        if not target.startswith("/run/"):
            raise OSError(f"{path} does not exist; an empty file is enough")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        pathlib.Path(target).touch()
    mount(str(ours), target, None, bind=True)


def mount(source, target, kind, bind=False, data=""):
    MS_BIND = 4096
    kind, flags = kind.encode() if kind else None, MS_BIND if bind else 0
    if LIBC.mount(source.encode(), target.encode(), kind, flags, data.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mounting {target}: {os.strerror(number)}")
