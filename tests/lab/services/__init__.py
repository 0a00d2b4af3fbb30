"""The services that a case can put on a host or into the router, by the name that a case file gives them."""

from .dnsdist import Dnsdist
from .dnsmasq import Dnsmasq
from .echo import Echo
from .gateway import Gateway
from .iperf import Iperf
from .nginx import Nginx
from .portal import Portal
from .rewriter import Rewriter
from .silent import Mirror, Silent
from .sslsplit import Sslsplit
from .tinyproxy import Tinyproxy
from .unbound import Unbound
from .whoami import Whoami

SERVICES = {
    "dnsdist": Dnsdist,
    "dnsmasq": Dnsmasq,
    "echo": Echo,
    "gateway": Gateway,
    "iperf": Iperf,
    "mirror": Mirror,
    "nginx": Nginx,
    "portal": Portal,
    "rewriter": Rewriter,
    "silent": Silent,
    "sslsplit": Sslsplit,
    "tinyproxy": Tinyproxy,
    "unbound": Unbound,
    "whoami": Whoami,
}
