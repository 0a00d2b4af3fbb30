"""A proxy for HTTP: one that is asked to, or one that nobody sees."""

from runner.shapes import Bool, Group

from .middlebox import Middlebox


class Tinyproxy(Middlebox):
    about = "HTTP proxy on 8888; transparent: true (in the router) takes all HTTP on port 80; quiet: true says nothing of itself (Via)"
    settings = Group({"transparent": Bool(), "quiet": Bool()}, what="tinyproxy")
    programs = {"tinyproxy": "tinyproxy", "nft": "nftables"}
    ports = ((8888, "tcp"),)

    def start(self):
        path = self.write("tinyproxy.conf", "Port 8888\nListen 0.0.0.0\nListen ::\nTimeout 60\nMaxClients 50\nConnectPort 443\n"
                                            + ("DisableViaHeader Yes\n" if self.given.get("quiet") else "ViaProxyName \"tinyproxy\"\n"))
        self.run(["tinyproxy", "-d", "-c", path])
        if self.given.get("transparent"):
            self.redirect([80], 8888)
