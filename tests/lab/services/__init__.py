"""The services that a case can put on a host, by the name that a case file gives them."""

from .echo import Echo
from .gateway import Gateway

SERVICES = {
    "echo": Echo,
    "gateway": Gateway,
}
