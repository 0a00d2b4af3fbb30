"""Mistakes in case files, told the way a compiler tells them."""

import difflib


class Mistakes:
    """Collects them, so that one pass tells all; `text` is the whole file."""

    def __init__(self, path, text):
        self.path = path
        self.lines = text.splitlines()
        self.found = []

    def add(self, mark, sentence):
        """`mark` has line and column, counted from 0, as PyYAML's nodes do."""
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        head = f"{self.path}:{mark.line + 1}:{mark.column + 1}: error: {sentence}"
        self.found.append(((mark.line, mark.column), f"{head}\n  {line}\n  {' ' * mark.column}^"))

    def text(self):
        return "\n".join(said for _, said in sorted(self.found))


class CaseError(Exception):
    """A case file that cannot be run; str() is what a person should read."""


def nearest(word, known):
    """"; did you mean 'x'?" or, where nothing is near, what there is."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else "; there are: " + ", ".join(sorted(known))
