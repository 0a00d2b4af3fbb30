"""The wheel is made without a network, holds libtharsis and its plugins, and works in a virtual environment that has nothing else.
python_wheel_test.py PACKAGE BUILD FOLDER. Where no Python here can make wheels (script/bootstrap installs what it needs): 77."""
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

package, build, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
CODE = """
import asyncio, tharsis
async def main():
    async with tharsis.Runtime(state="state") as runtime:
        with runtime.events("sdt.verdict") as verdicts:
            print((await anext(verdicts)).payload["headline"])
asyncio.run(main())
print(tharsis.__file__)
"""


def run(*words, **options):
    environment = {k: v for k, v in os.environ.items() if k not in ("THARSIS_LIB", "PYTHONPATH")}
    done = subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**environment, **options.pop("env", {})}, **options)
    if done.returncode != 0:
        sys.exit(f"{words}: code {done.returncode}: {done.stdout}")
    return done.stdout


def python_with_wheel():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import setuptools, wheel, venv, ensurepip"], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    print("no Python here has setuptools, wheel and venv")
    sys.exit(77)


python = python_with_wheel()
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(mode=0o700)
run("cmake", "--install", build, "--strip", "--prefix", folder / "prefix")
source = folder / "tree/sdk/hosts/python"
shutil.copytree(package, source)
shutil.copytree(package.parents[2] / "configs", folder / "tree/configs")
run(python, "setup.py", "-q", "bdist_wheel", "-d", folder, cwd=source, env={"THARSIS_PREFIX": str(folder / "prefix")})
[wheel] = folder.glob("*.whl")
assert wheel.name.startswith("tharsis-0.1.0-py3-none-linux_"), wheel.name
names = zipfile.ZipFile(wheel).namelist()
for wanted in ("tharsis/py.typed", "tharsis/desktop.yaml", "tharsis/lib/libtharsis.so.1", "tharsis/lib/tharsis/plugins/stn/stn.so",
               "tharsis/lib/tharsis/plugins/stn/plugin.yaml"):
    assert wanted in names, wanted
shutil.rmtree(folder / "prefix")
run(python, "-m", "venv", folder / "venv")
run(folder / "venv/bin/pip", "install", "-q", "--no-index", "--disable-pip-version-check", wheel)
said = run(folder / "venv/bin/python", "-c", CODE, cwd=folder)
assert "im.example.invalid" in said and str(folder / "venv") in said, said

shutil.rmtree(source / "build")
run(python, "setup.py", "-q", "bdist_wheel", "-d", folder / "pure", cwd=source)
[pure] = (folder / "pure").glob("*.whl")
names = zipfile.ZipFile(pure).namelist()
assert "tharsis/desktop.yaml" in names and not any("lib/" in name for name in names), names
print("python_wheel: passed with", wheel.name, f"({wheel.stat().st_size >> 10} KiB) and", pure.name)
