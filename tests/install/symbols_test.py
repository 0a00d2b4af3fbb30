#!/usr/bin/env python3
"""What libtharsis and the plugins show the dynamic linker: nothing foreign, nothing that is one for the whole process; no path of the
machine that built them; and a table of their sizes. symbols_test.py BUILD LIBTHARSIS"""
import pathlib
import re
import subprocess
import sys


def defined_symbols(library):
    out = subprocess.run(["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True).stdout
    return [line.split()[-2:] for line in out.splitlines()]


def main():
    build, libtharsis = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    libraries = [libtharsis] + sorted(build.glob("plugins/*/*.so"))
    assert len(libraries) > 5, "the plugins were not found"
    wrong, rows = [], []
    for library in libraries:
        symbols = defined_symbols(library)
        if library == libtharsis:
            foreign = [name for _, name in symbols if not name.startswith("tharsis_")]
        else:
            foreign = [name for _, name in symbols if name != "tharsis_plugin_entry"]
        wrong += [f"{library.name} exports {name}" for name in foreign]
        wrong += [f"{library.name}: {name} is one for the whole process" for kind, name in symbols if kind == "u"]
        dynamic = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True).stdout
        needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
        if library == libtharsis and "SONAME" in dynamic and "[libtharsis.so.1]" not in dynamic:
            wrong.append("the soname of libtharsis is not libtharsis.so.1")
        if library == libtharsis and any("ssl" in n or "crypto" in n for n in needed):
            wrong.append("libtharsis brings OpenSSL into its hosts: " + ", ".join(needed))
        text = subprocess.run(["size", str(library)], capture_output=True, text=True, check=True).stdout.splitlines()[1].split()
        rows.append((library.name, int(text[0]), int(text[1]), int(text[2]), len(symbols)))
    print(f"{'LIBRARY':<18}{'CODE KiB':>10}{'DATA KiB':>10}{'ZEROED KiB':>12}{'EXPORTS':>9}")
    for name, code, data, zeroed, exports in rows:
        print(f"{name:<18}{code / 1024:>10.0f}{data / 1024:>10.1f}{zeroed / 1024:>12.1f}{exports:>9}")
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
