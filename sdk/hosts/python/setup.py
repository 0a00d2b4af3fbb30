"""A wheel of this package: the Python files alone, or with THARSIS_PREFIX=DIR also the libtharsis and the plugins installed there."""
import os
import pathlib
import shutil

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

prefix = os.environ.get("THARSIS_PREFIX")


def desktop_profile():
    """Of the checkout that these files are a part of."""
    found = pathlib.Path(__file__).resolve().parents[2].parent / "configs/desktop.yaml"
    if not found.exists():
        raise SystemExit(f"setup.py: {found} is not there; make the wheel in a checkout of Tharsis, or with THARSIS_PREFIX")
    return found


class build_with_library(build_py):
    def run(self):
        super().run()
        if not prefix:
            shutil.copyfile(desktop_profile(), pathlib.Path(self.build_lib) / "tharsis/desktop.yaml")
            return
        library = next(pathlib.Path(prefix).glob("lib*/**/libtharsis.so.1"), None)
        if library is None:
            raise SystemExit(f"setup.py: no libtharsis.so.1 is in THARSIS_PREFIX, {prefix}")
        here = pathlib.Path(self.build_lib) / "tharsis"
        (here / "lib/tharsis").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, here / "lib/libtharsis.so.1")
        shutil.copytree(library.parent / "tharsis/plugins", here / "lib/tharsis/plugins", dirs_exist_ok=True)
        shutil.copyfile(pathlib.Path(prefix) / "share/tharsis/configs/desktop.yaml", here / "desktop.yaml")


class Native(Distribution):
    def has_ext_modules(self):  # Then the wheel is for this platform only.
        return bool(prefix)


try:
    from wheel.bdist_wheel import bdist_wheel

    class any_python(bdist_wheel):  # What is native in it is loaded by ctypes, whichever Python that is.
        def get_tag(self):
            return ("py3", "none", super().get_tag()[2])

    commands = {"build_py": build_with_library, "bdist_wheel": any_python}
except ImportError:
    commands = {"build_py": build_with_library}

setup(cmdclass=commands, distclass=Native)
