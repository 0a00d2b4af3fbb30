"""Programs of the lab begin with this: it goes on with the Python that has PyYAML."""

import importlib.util
import os
import sys

DEBIANS = "/usr/bin/python3"  # The one that script/bootstrap --lab has installed PyYAML for.


def find_yaml(program):
    if importlib.util.find_spec("yaml") is not None:
        return
    if os.path.realpath(sys.executable) == os.path.realpath(DEBIANS) or not os.path.exists(DEBIANS):
        sys.exit(f"{program}: PyYAML is missing; script/bootstrap --lab installs it")
    os.execv(DEBIANS, [DEBIANS, *sys.argv])
