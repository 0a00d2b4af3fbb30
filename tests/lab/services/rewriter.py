"""A middlebox that changes HTTP on its way, as some operators do."""

import json
import pathlib

from runner.shapes import Group, ListOf, Text

from .middlebox import Middlebox
from .nginx import nginx_words

PORT = 8081


class Rewriter(Middlebox):
    about = "in the router: takes all HTTP on port 80, adds a header or words, and shows a page of its own for some hosts"
    settings = Group({"header": Text(), "words": Text(), "block": ListOf(Text())}, what="rewriter")
    programs = {"nginx": "nginx", "nft": "nftables"}
    ports = ((PORT, "tcp"),)

    def start(self):
        self.run(nginx_words(self, [*self.asking(), *self.passing_on(), *self.blocking()]))
        self.redirect([80], PORT)

    def asking(self):
        """nginx does not look into resolv.conf. Without a resolver the case has addresses only."""
        words = pathlib.Path("/etc/resolv.conf").read_text().split()
        return [f"resolver {words[1]} ipv6=off;"] if words else []

    def passing_on(self):
        lines = ["server {", f"listen {PORT} default_server;", f"listen [::]:{PORT} default_server;", "location / {",
                 "proxy_pass http://$http_host$request_uri;", "proxy_set_header Host $http_host;", "proxy_pass_header Server;"]
        if "header" in self.given:
            lines.append(f"add_header {self.given['header']} 1 always;")
        if "words" in self.given:
            # Before the first word of the page.
            lines += ["sub_filter_types *;", f"sub_filter 'this is' {json.dumps(self.given['words'] + ' this is')};"]
        return [*lines, "}", "}"]

    def blocking(self):
        """By name, as such boxes do: other names of the same server are not meant."""
        names = self.given.get("block", [])
        return [line for name in names for line in ("server {", f"listen {PORT};", f"listen [::]:{PORT};", f"server_name {name};",
                                                    "return 302 http://blocked.example/;", "}")]
