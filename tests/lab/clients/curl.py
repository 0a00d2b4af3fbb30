"""libcurl: HTTP/1.1 over up to 64 connections, or one TLS connection of HTTP/2."""

from services.nginx_echo import NginxEcho

from .client import Client


class Curl(Client):
    program = "lab_client_curl"
    server = NginxEcho
    tls = "able"


class CurlHttp2(Curl):
    options = ("--http2",)
    tls = "always"
