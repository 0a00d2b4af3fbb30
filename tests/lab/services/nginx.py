"""A web server: the pages, the answers and the certificate that a case wants."""

import json

from runner.shapes import URL_PATH, Bool, Group, ListOf, MapOf, Number, OneOf, Text

from .service import Service


def nginx_words(service, http):
    """The command line for a server with these lines in its http part, all of whose files are in the service's folder."""
    folders = [f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    # One process, so that ending it ends the server.
    lines = ["daemon off;", "master_process off;", "user root;", f"pid {service.name}.pid;", "error_log stderr;",
             "events { worker_connections 1024; }",
             "http {", f"access_log {service.name}_access.txt;", *folders, *http, "}"]
    return ["nginx", "-e", "stderr", "-p", str(service.folder), "-c", service.write(f"{service.name}.conf", "\n".join(lines) + "\n")]


class Nginx(Service):
    about = "web server: http on 80, https on 443 with a certificate that is good unless the case says otherwise"
    settings = Group({
        "pages": MapOf(Text(), "pages", URL_PATH), "status": Number(200, 599), "redirect": Text(), "http2": Bool(),
        "tls": Group({"off": Bool(), "names": ListOf(Text()), "expired": Bool(), "authority": OneOf("lab", "unknown"),
                      "newest": OneOf("TLSv1.2", "TLSv1.3")}, what="tls"),
    }, what="nginx")
    programs = {"nginx": "nginx"}

    @property
    def tls(self):
        return not self.given.get("tls", {}).get("off", False)

    @property
    def ports(self):
        return ((80, "tcp"), (443, "tcp")) if self.tls else ((80, "tcp"),)

    def start(self):
        self.run(nginx_words(self, self.server()))

    def server(self):
        lines = ["default_type text/plain;", "keepalive_requests 1000000;", "keepalive_timeout 600s;",
                 "server {", "listen 80;", "listen [::]:80;"]
        if self.tls:
            certificate, key = self.certificate()
            kind = "ssl http2" if self.given.get("http2", True) else "ssl"
            newest = self.given.get("tls", {}).get("newest", "TLSv1.3")
            lines += [f"listen 443 {kind};", f"listen [::]:443 {kind};", f"ssl_certificate {certificate};", f"ssl_certificate_key {key};",
                      "ssl_protocols TLSv1.2" + (" TLSv1.3;" if newest == "TLSv1.3" else ";")]
        return lines + self.locations() + ["}"]

    def locations(self):
        if "redirect" in self.given:
            return [f"return 302 {json.dumps(self.given['redirect'])};"]
        if "status" in self.given:
            return [f"return {self.given['status']} \"the lab says {self.given['status']}\\n\";"]
        pages = {"/": f"this is {self.host.name}", **self.given.get("pages", {})}
        lines = ["location = /generate_204 { return 204; }"]
        return lines + [f"location {'=' if path != '/' else ''} {path} {{ return 200 {json.dumps(text + chr(10))}; }}"
                        for path, text in pages.items()]

    def certificate(self):
        tls = self.given.get("tls", {})
        names = tls.get("names") or [*self.host.settings.get("name", []), *self.host.addresses[4], *self.host.addresses[6]]
        authority = "lab authority" if tls.get("authority", "lab") == "lab" else "an authority that nobody trusts"
        days = -1 if tls.get("expired") else 2
        return self.world.certificates.signed(names, authority, days=days, stem=str(self.folder / "nginx"))

    def authority(self):
        return self.world.certificates.authority[0]
