"""What a value in a case file may look like. Each shape reads a YAML node into a Python value, or adds a mistake and
answers None. Durations are microseconds, rates bits per second, shares 0 to 1."""

import ipaddress
import re

import yaml

from .diagnostics import nearest

UNITS_OF_TIME = {"us": 1, "ms": 1000, "s": 1_000_000, "m": 60_000_000}
UNITS_OF_RATE = {"bit/s": 1, "kbit/s": 1000, "mbit/s": 1_000_000, "gbit/s": 1_000_000_000}
UNITS_OF_SIZE = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024 * 1024}


NUMBER = r"(\d{1,12}(?:\.\d{1,12})?)"


def number_with_unit(text, units):
    """None where it is none, or beyond all reason."""
    found = re.fullmatch(NUMBER + " ?(.*)", text)
    if not found or found[2] not in units:
        return None
    return round(float(found[1]) * units[found[2]])


class Marked(str):
    """A text, and where it stands."""

    mark = None


def marked(text, mark):
    made = Marked(text)
    made.mark = mark
    return made


class Scalar:
    """A single value; `meaning` ends the sentence "must be ..."."""

    meaning = "a text"

    def read(self, node, mistakes):
        value = self.convert(node.value) if isinstance(node, yaml.ScalarNode) else None
        if value is None:
            shown = f"'{node.value}'" if isinstance(node, yaml.ScalarNode) else "a list or a group"
            mistakes.add(node.start_mark, f"must be {self.meaning}, not {shown}")
        return value

    def convert(self, text):
        return text


class Text(Scalar):
    pass


class Command(Scalar):
    """In which placeholders may stand; with its mark, so that wrong ones can be told later."""

    meaning = "a text that is not empty"

    def convert(self, text):
        return marked(text, None) if text.strip() else None

    def read(self, node, mistakes):
        value = super().read(node, mistakes)
        if value:
            value.mark = node.start_mark
        return value


class Pattern(Scalar):
    """One that fits nothing at all too would prove nothing. `groups`: how many it needs at least."""

    def __init__(self, groups=0):
        self.groups = groups
        more = ", with a (group) for the number" if groups else ""
        self.meaning = "a regular expression that does not fit an empty text" + more

    def convert(self, text):
        try:
            pattern = re.compile(text, re.MULTILINE)
        except (re.error, RecursionError, OverflowError):
            return None
        return pattern if pattern.groups >= self.groups and not pattern.search("") else None


class Bool(Scalar):
    meaning = "true or false"

    def convert(self, text):
        return {"true": True, "false": False}.get(text)


class Number(Scalar):
    def __init__(self, least=0, most=1_000_000_000, whole=True):
        self.least, self.most, self.whole = least, most, whole
        self.meaning = f"a {'whole ' if whole else ''}number from {least} to {most}"

    def convert(self, text):
        try:
            value = int(text) if self.whole else float(text)
        except ValueError:
            return None
        return value if self.least <= value <= self.most else None


LONGEST_US = 1_000_000_000_000  # What the relay takes: eleven days.


class Duration(Scalar):
    """From `least` to `most` microseconds; `but` says so."""

    def __init__(self, least=0, most=LONGEST_US, but=""):
        self.least, self.most = least, most
        self.meaning = "a duration such as 250ms, 3s or 2m" + but

    def convert(self, text):
        value = number_with_unit(text, UNITS_OF_TIME)
        return value if value is not None and self.least <= value <= self.most else None


class Period(Duration):
    """0s turns it off; no other is so short that nothing else would happen."""

    def __init__(self):
        super().__init__(but=" of at least 1ms, or 0s for never")

    def convert(self, text):
        value = super().convert(text)
        return None if value is None or 0 < value < 1000 else value


class Rate(Scalar):
    meaning = "a rate such as 64kbit/s or 4mbit/s, up to 100gbit/s"

    def convert(self, text):
        value = number_with_unit(text, UNITS_OF_RATE)
        return value if value and value <= 100_000_000_000 else None


class Size(Scalar):
    def __init__(self, most=64 << 20):
        self.most = most
        self.meaning = f"a size such as 64, 1300B or 4KiB, at most {most}"

    def convert(self, text):
        value = number_with_unit(text, UNITS_OF_SIZE)
        return value if value is not None and value <= self.most else None


class PerSecond(Scalar):
    meaning = "how often: 5/s, or 1/65s for every 65 seconds"

    def convert(self, text):
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,3})?s", text)
        return int(found[1]) / int(found[2] or 1) if found else None


class Share(Scalar):
    def __init__(self, zero=True):
        self.zero = zero
        self.meaning = "a share such as 5% or 0.5%" + ("" if zero else ", above 0")

    def convert(self, text):
        found = re.fullmatch(NUMBER + " ?%", text)
        value = float(found[1]) / 100 if found else 2.0
        return value if value <= 1 and (value > 0 or self.zero) else None


class TimeOrRtt(Scalar):
    """Answers ("us", n) or ("rtt", n)."""

    meaning = "a duration such as 250ms, or round trips such as 2.5 rtt"

    def convert(self, text):
        found = re.fullmatch(NUMBER + " ?rtt", text)
        if found:
            return ("rtt", float(found[1]))
        value = number_with_unit(text, UNITS_OF_TIME)
        return None if value is None else ("us", value)


class Address(Scalar):
    meaning = "an IP address"

    def convert(self, text):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            return None


class OneOf(Scalar):
    def __init__(self, *words):
        self.words = words
        self.meaning = "one of " + ", ".join(words)

    def convert(self, text):
        return text if text in self.words else None


class ListOf:
    """A list; a single value counts as a list of one."""

    def __init__(self, item, empty=True):
        self.item, self.empty = item, empty

    def read(self, node, mistakes):
        if not self.empty and isinstance(node, yaml.SequenceNode) and not node.value:
            mistakes.add(node.start_mark, "an empty list says nothing")
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return [self.item.read(each, mistakes) for each in nodes]


class Pair:
    """[least, most]"""

    def read(self, node, mistakes):
        number = Number(-1_000_000_000, whole=False)
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
            return mistakes.add(node.start_mark, "must be two numbers: [least, most]")
        low, high = (number.read(each, mistakes) for each in node.value)
        if low is not None and high is not None and low > high:
            mistakes.add(node.start_mark, f"nothing is between {low:g} and {high:g}; the least comes first")
        return low, high


def pairs_of(node, what, mistakes):
    """(key with its mark, key node, value node) of a mapping; a key that stands twice is a mistake."""
    if not isinstance(node, yaml.MappingNode):
        mistakes.add(node.start_mark, f"{what} must be a group of 'key: value'")
        return []
    seen, found = {}, []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            mistakes.add(key.start_mark, f"a key of {what} must be a single word")
            continue
        if key.value in seen:
            mistakes.add(key.start_mark, f"'{key.value}' stands twice; it is in line {seen[key.value]} too")
            continue
        seen[key.value] = key.start_mark.line + 1
        found.append((marked(key.value, key.start_mark), key, value))
    return found


class Group:
    """Keys with a shape each. Answers a dict of what was given; `short` is the key that a bare value stands for."""

    def __init__(self, keys, required=(), short=None, what="this"):
        self.keys, self.required, self.short, self.what = keys, required, short, what

    def read(self, node, mistakes):
        if self.short and isinstance(node, yaml.ScalarNode):
            return {self.short: self.keys[self.short].read(node, mistakes)}
        value = {}
        for name, key, inner in pairs_of(node, self.what, mistakes):
            if name in self.keys:
                value[name] = self.keys[name].read(inner, mistakes)
            else:
                mistakes.add(key.start_mark, f"{self.what} has no '{name}'{nearest(name, self.keys)}")
        if isinstance(node, yaml.MappingNode):
            for name in self.required:
                if name not in value:
                    mistakes.add(node.start_mark, f"{self.what} needs '{name}'")
        return value


SHORT_NAME = (r"[a-z][a-z0-9_]{0,9}", "is no name: up to ten small letters, digits and _, a letter first")
DOMAIN = (r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", "is no domain name such as im.test")
URL_PATH = (r"/\S*", "is no path such as /news")


class MapOf:
    """Free keys, one shape. `keys` is what a key must look like, and what is said of one that does not."""

    def __init__(self, item, what, keys=SHORT_NAME):
        self.item, self.what, self.keys = item, what, keys

    def read(self, node, mistakes):
        value = {}
        for name, key, inner in pairs_of(node, self.what, mistakes):
            pattern, meaning = self.keys
            if not re.fullmatch(pattern, name):
                mistakes.add(key.start_mark, f"'{name}' {meaning}")
            value[name] = self.item.read(inner, mistakes)
        return value
