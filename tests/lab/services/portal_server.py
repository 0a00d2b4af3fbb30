#!/usr/bin/env python3
"""portal_server.py PORT LOGIN_URL: the web server of a captive portal. Every page is a 302 to the login page; whoever posts
there is let through: its network card goes into the set `guests` of the table inet portal."""

import http.server
import socket
import subprocess
import sys

PAGE = b"<html><title>Guest network</title><form method=post action=/login><button>Connect</button></form></html>\n"


class Portal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/login":
            return self.answer(200, PAGE)
        self.answer(302, b"", Location=sys.argv[2])

    do_HEAD = do_GET

    def do_POST(self):
        if self.path != "/login":
            return self.answer(302, b"", Location=sys.argv[2])
        address = self.client_address[0].removeprefix("::ffff:")
        neighbour = subprocess.run(["ip", "neighbour", "show", address], capture_output=True, text=True, check=True).stdout.split()
        card = neighbour[neighbour.index("lladdr") + 1]
        subprocess.run(["nft", "add", "element", "inet", "portal", "guests", f"{{ {card} }}"], check=True)
        self.answer(200, b"You are connected.\n")

    def answer(self, code, body, **fields):
        self.send_response(code)
        for name, value in {"Content-Type": "text/html", "Content-Length": len(body), "Connection": "close", **fields}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


if __name__ == "__main__":
    Server(("::", int(sys.argv[1])), Portal).serve_forever()
