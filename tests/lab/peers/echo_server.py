"""The server that belongs to each peer's client, started and killed as often as one likes."""
import os
import shutil
import subprocess


def certificate_for(address, folder):
    """Made on the spot: the files of a certificate that vouches for itself, and of its key."""
    certificate, key = (os.path.join(folder, name) for name in ("certificate.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-keyout", key, "-out", certificate, "-subj", "/CN=echo.test",
                    "-addext", f"subjectAltName=DNS:echo.test,IP:{address}"], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


class OwnServer:
    """lab_server_plain, lab_server_grpc."""

    def __init__(self, program, folder, address, port, tls):
        self.command = [program, "--listen", f"{address}:{port}"]
        self.port, self.process, self.trust = port, None, []
        self.endpoint = f"{'tcps' if tls else 'tcp'}://{address}:{port}"
        if tls:
            certificate, key = certificate_for(address, folder)
            self.command += ["--cert", certificate, "--key", key]
            self.trust = ["--ca", certificate]

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if not said.startswith('{"ready":true,'):
            raise AssertionError(f"{self.command[0]} is not ready: {said}")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Nginx:
    """As tests/lab/services/nginx_echo.conf describes it."""

    def __init__(self, folder, address, port, tls):
        self.folder, self.process, self.trust = folder, None, []
        certificate, key = certificate_for(address, folder)
        self.port = port + 1 if tls else port
        self.endpoint = f"{'tcps' if tls else 'tcp'}://{address}:{self.port}"
        if tls:
            self.trust = ["--ca", certificate]
        with open(os.path.join(os.path.dirname(__file__), "..", "services", "nginx_echo.conf")) as template:
            text = template.read()
        for name, value in {"FOLDER": folder, "ADDRESS": address, "PORT": str(port), "TLS_PORT": str(port + 1),
                            "CERTIFICATE": certificate, "KEY": key}.items():
            text = text.replace(f"@{name}@", value)
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            file.write(text)

    def start(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", os.path.join(self.folder, "nginx.conf"), "-e", "stderr"],
                                        stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if "OS: " in line:
                return
        raise AssertionError(f"nginx is not ready: {said}")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


def echo_server(peer, programs, folder, address, port, tls):
    if peer == "curl":
        return Nginx(folder, address, port, tls)
    return OwnServer(os.path.join(programs, f"lab_server_{peer}"), folder, address, port, tls)
