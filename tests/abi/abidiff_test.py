#!/usr/bin/env python3
"""Goal: libabigail, which reads what a compiler made of the headers, says too that who was compiled against the first
version is served by this one. Method: all headers of tests/abi/first, and all of the same names today, each compiled into a
library with a function for every struct; abidiff compares them. Members that were appended are what growing means.

    abidiff_test.py SOURCE FOLDER [CC]
"""
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77  # There is no libabigail here.


def library_of(headers_folder, names, structs, folder, name, cc):
    lines = [f'#include "sdk/abi/{n}"' for n in names]
    lines += [f"void use_{s}(const {s}* it) {{ (void)it; }}" for s in structs]
    source, library = folder / f"{name}.c", folder / f"lib{name}.so"
    source.write_text("\n".join(lines) + "\n")
    subprocess.run([cc, "-g", "-shared", "-fPIC", "-std=gnu11", f"-I{headers_folder}", str(source), "-o", str(library)], check=True)
    return library


def broken(report):
    """The lines that speak of anything but members that were appended, functions that came, or sizes that grew by that."""
    wrong = re.compile(r"deletion|removed|changed from|offset changed|Removed functions: [1-9]|enumerator change|has been renamed")
    grown = re.compile(r"type size changed from|type size hasn't changed|data member insertion|array type size")
    return [line for line in report.splitlines()
            if wrong.search(line) and not grown.search(line) and not re.search(r"summary|^Functions changes", line)
            and not re.search(r"offset changed from (\d+) to \1 ", line)]


def main():
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    cc = sys.argv[3] if len(sys.argv) > 3 else "cc"
    if shutil.which("abidiff") is None:
        print("abidiff is not here: apt install abigail-tools")
        return SKIPPED
    folder.mkdir(parents=True, exist_ok=True)
    first = source / "tests/abi/first"
    names = sorted(p.name for p in (first / "sdk/abi").glob("*.h"))
    text = "\n".join(p.read_text() for p in (first / "sdk/abi").glob("*.h"))
    structs = sorted(set(re.findall(r"^typedef struct \w+ \{.*?^\} (\w+);", text, re.M | re.S)))
    assert len(structs) > 40, structs
    before = library_of(first, names, structs, folder, "first", cc)
    now = library_of(source, names, structs, folder, "now", cc)
    done = subprocess.run(["abidiff", "--no-added-syms", str(before), str(now)], capture_output=True, text=True)
    if done.returncode & 3:
        print(done.stdout, done.stderr)
        return 1
    wrong = broken(done.stdout)
    # That it would find something: a member that is gone, one of another type.
    member = "  int64_t (*wall)(void* self);\n"
    for instead in ("", "  int32_t (*wall)(void* self);\n"):
        spoilt = folder / "spoilt"
        shutil.rmtree(spoilt, ignore_errors=True)
        shutil.copytree(first, spoilt)
        loop = spoilt / "sdk/abi/loop.h"
        loop.write_text(loop.read_text().replace(member, instead))
        other = library_of(spoilt, names, structs, folder, "spoilt", cc)
        found = subprocess.run(["abidiff", "--no-added-syms", str(before), str(other)], capture_output=True, text=True)
        if not broken(found.stdout):
            print(f"that '{member}' became '{instead}' was not found:\n" + found.stdout)
            return 1
    print(f"{len(structs)} structs: " + ("\n".join(wrong) + "\n" + done.stdout if wrong else "what was promised holds"))
    return 1 if wrong else 0


sys.exit(main())
