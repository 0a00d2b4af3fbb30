"""What a value in a case file may look like. Each shape reads a YAML node into a Python value, or adds a mistake and
answers None. Durations are microseconds, rates bits per second, shares 0 to 1."""

import ipaddress
import re

import yaml

from .diagnostics import nearest

UNITS_OF_TIME = {"us": 1, "ms": 1000, "s": 1_000_000, "m": 60_000_000}
UNITS_OF_RATE = {"bit/s": 1, "kbit/s": 1000, "mbit/s": 1_000_000, "gbit/s": 1_000_000_000}
UNITS_OF_SIZE = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024 * 1024}


def number_with_unit(text, units):
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(.*)", text)
    if not found or found[2] not in units:
        return None
    return round(float(found[1]) * units[found[2]])


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


class Pattern(Scalar):
    meaning = "a regular expression"

    def convert(self, text):
        try:
            return re.compile(text, re.MULTILINE)
        except re.error:
            return None


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


class Duration(Scalar):
    meaning = "a duration such as 250ms, 3s or 2m"

    def convert(self, text):
        return number_with_unit(text, UNITS_OF_TIME)


class Rate(Scalar):
    meaning = "a rate such as 64kbit/s or 4mbit/s"

    def convert(self, text):
        return number_with_unit(text, UNITS_OF_RATE)


class Size(Scalar):
    meaning = "a size such as 64, 1300B or 4KiB"

    def convert(self, text):
        return number_with_unit(text, UNITS_OF_SIZE)


class PerSecond(Scalar):
    meaning = "how often: 5/s, or 1/65s for every 65 seconds"

    def convert(self, text):
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,3})?s", text)
        return int(found[1]) / int(found[2] or 1) if found else None


class Share(Scalar):
    meaning = "a share such as 5% or 0.5%"

    def convert(self, text):
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
        return float(found[1]) / 100 if found and float(found[1]) <= 100 else None


class TimeOrRtt(Scalar):
    """Answers ("us", n) or ("rtt", n)."""

    meaning = "a duration such as 250ms, or round trips such as 2.5 rtt"

    def convert(self, text):
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?rtt", text)
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

    def __init__(self, item):
        self.item = item

    def read(self, node, mistakes):
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
    """(key text, key node, value node) of a mapping; a key that stands twice is a mistake."""
    if not isinstance(node, yaml.MappingNode):
        mistakes.add(node.start_mark, f"{what} must be a group of 'key: value'")
        return []
    seen, found = {}, []
    for key, value in node.value:
        if key.value in seen:
            mistakes.add(key.start_mark, f"'{key.value}' stands twice; it is in line {seen[key.value]} too")
            continue
        seen[key.value] = key.start_mark.line + 1
        found.append((key.value, key, value))
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
