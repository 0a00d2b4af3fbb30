"""Where the built programs are, and which of the others are missing."""

import os
import shutil

SEARCHED = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Programs:
    def __init__(self, build):
        self.build = build

    def path(self, name):
        folder = "bin" if name == "tharsis" else "lab"
        return str(self.build / folder / name)

    def missing_build(self, names):
        return [name for name in names if not os.path.exists(self.path(name))]


def missing(programs):
    """{program: package} -> the packages whose program is not there; a path stands for that file, run or not."""
    return sorted({package for program, package in programs.items() if not is_there(program)})


def is_there(program):
    return os.path.exists(program) if "/" in program else shutil.which(program, path=SEARCHED) is not None
