"""nginx as the server of libcurl: what is posted to it comes back."""

import pathlib

from runner.certificates import OTHER_NAMES

from .service import Service


class NginxEcho(Service):
    programs = {"nginx": "nginx", "/usr/lib/nginx/modules/ngx_http_echo_module.so": "libnginx-mod-http-echo"}

    @property
    def port(self):
        return 7443 if self.given.get("tls") else 7000

    @property
    def ports(self):
        return ((7000, "tcp"), (7443, "tcp"))

    def start(self):
        certificate, key = self.world.certificates.signed([*self.host.addresses[4], "localhost", "echo.test", *OTHER_NAMES],
                                                         stem=str(self.folder / "nginx"))
        text = (pathlib.Path(__file__).parent / "nginx_echo.conf").read_text()
        given = {"FOLDER": self.folder, "ADDRESS": "0.0.0.0", "PORT": 7000, "TLS_PORT": 7443, "CERTIFICATE": certificate, "KEY": key}
        for word, value in given.items():
            text = text.replace(f"@{word}@", str(value))
        self.run(["nginx", "-e", "stderr", "-p", str(self.folder), "-c", self.write("nginx.conf", text)])

    def authority(self):
        return self.world.certificates.authority[0]
