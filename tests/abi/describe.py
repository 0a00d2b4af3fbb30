#!/usr/bin/env python3
"""Writes C++ that describes the contract: for every struct of sdk/abi its size and its fields' offsets,
for every enumerator its number, for every id its text. describe.py OUTPUT HEADER...

The headers are plain C with a fixed form (typedef struct NAME { ... } NAME;), so a few expressions read
them; a field that they miss would be a gap between two offsets, which the test looks for.
"""
import pathlib
import re
import sys


def fields_of(body):
    for declaration in body.split(";"):
        declaration = " ".join(declaration.split())
        if not declaration:
            continue
        pointer = re.search(r"\(\*\s*(\w+)\)", declaration)
        if pointer:
            yield pointer.group(1)
            continue
        if "{" in declaration:
            raise SystemExit(f"describe.py: no nested structs: {declaration}")
        for part in declaration.split(","):
            yield re.search(r"(\w+)\s*(\[[^\]]*\])*$", part.strip()).group(1)


def main():
    output, headers = pathlib.Path(sys.argv[1]), [pathlib.Path(h) for h in sys.argv[2:]]
    lines = []
    for header in headers:
        text = re.sub(r"//[^\n]*", "", header.read_text())
        lines.append(f'HEADER("{header.name}")')
        for name, value in re.findall(r'#define (THARSIS_\w+) ("[^"]*"|\d+u)', text):
            lines.append(f"DEFINED({name})")
        for body in re.findall(r"\benum\s*\{([^}]*)\}", text):
            for name in re.findall(r"(THARSIS_\w+)\s*(?==|,|$)", body.strip()):
                lines.append(f"NUMBER({name})")
        for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\n\} \1;", text, re.S):
            lines.append(f"STRUCT({name})")
            lines += [f"FIELD({name}, {field})" for field in fields_of(body)]
            lines.append(f"END({name})")
    output.write_text("\n".join(lines) + "\n")


main()
