"""What a case file says as a whole: what is spoken of is there, and what is expected can be seen."""

import difflib
import re

from .diagnostics import nearest

PLACES = ("client", "router", "internet")
STANDING = ("client", "gateway", "lab", "tcpdump")  # Placeholders, beside the hosts.
HOSTS_MOST = 24  # As many as 198.51.100.0/24 has tens for.
LOAD_TRUTH = ("answered", "p50", "p95", "p99", "max", "first_answer", "recovery", "healed", "failing", "connects", "repeated")
DIAGNOSIS_TRUTH = ("verdict", "never", "action")


def check(case, marks, mistakes):
    """`marks`: where the case's own keys have their values."""
    check_names(case, mistakes)
    check_hosts(case, marks, mistakes)
    check_run(case, mistakes)
    check_truth(case, marks, mistakes)


def is_name(text):
    return re.fullmatch(r"[a-z][a-z0-9_]*(\.(\d|v6))?", text) is not None


def names_of(case):
    """Every place of the case that may name a host."""
    for path in [case.path] + [fault.get("path", {}) for fault in case.faults]:
        yield from (block["to"] for block in path.get("block", []) if "to" in block)
        yield from (forge["servers"] for forge in path.get("forge", []) if "servers" in forge)
    for fault in case.faults:
        yield from (name for name in fault.get("stop", []) + fault.get("start", []) if name != "router")
    for targets in case.zone.values():
        yield from targets
    yield from [case.run["to"]] if "to" in case.run else []


def texts_of(case):
    """Every text of the case in which placeholders stand."""
    yield from (case.run[key] for key in ("shell", "diagnose", "profile") if key in case.run)
    yield from [case.evidence] if case.evidence else []
    for fault in case.faults:
        for commands in fault.get("shell", {}).values():
            yield from commands


def addresses_of(case, name):
    return case.hosts[name].get("addresses", 1)


def wrong_name(case, name):
    """Why "im", "im.2" or "im.v6" stands for nothing, or ""."""
    base, _, part = name.partition(".")
    if base not in case.hosts:
        return f"there is no host '{base}'" + nearest(base, case.hosts)
    if part and part != "v6" and not 1 <= int(part) <= addresses_of(case, base):
        return f"there is no '{name}': the host {base} has {addresses_of(case, base)} of IPv4, from {base}.1 on"
    return ""


def check_names(case, mistakes):
    """What is spoken of is there."""
    for name in names_of(case):
        if is_name(name) and (why := wrong_name(case, name)):
            mistakes.add(name.mark, why)
    for target in (target for targets in case.zone.values() for target in targets if "/" in target):
        mistakes.add(target.mark, f"a name stands for addresses, not for a network such as '{target}'")
    known = set(case.hosts) | set(PLACES)
    for fault in case.faults:
        for place in fault.get("shell", {}):
            if place not in known:
                mistakes.add(place.mark, f"there is no place '{place}'" + nearest(place, known))
    for text in texts_of(case):
        for why in wrong_placeholders(case, text):
            mistakes.add(text.mark, why)


def wrong_placeholders(case, text):
    """Sentences on those that nothing will be put in for. Shells, awk and curl have braces of their own (${X}, { print },
    %{http_code}), so a word must look like one that was meant."""
    for word, dot, part in re.findall(r"(?<![$%\w}])\{([a-z][a-z0-9_]*)(?:(\.)(\d|v6))?\}", text):
        if dot and (why := wrong_name(case, f"{word}.{part}")):
            yield f"'{{{word}.{part}}}': {why}"
        elif not dot and word not in case.hosts and word not in STANDING:
            if close := difflib.get_close_matches(word, [*case.hosts, *STANDING], n=1, cutoff=0.75):
                yield f"'{{{word}}}' stands for nothing; did you mean '{{{close[0]}}}'?"


def check_hosts(case, marks, mistakes):
    for name in case.hosts:
        if name in PLACES:
            mistakes.add(name.mark, f"'{name}' is a place of every case; call the host something else")
        if name in STANDING:
            mistakes.add(name.mark, f"'{{{name}}}' stands for something else in commands; call the host something else")
    if len(case.hosts) > HOSTS_MOST:
        mistakes.add(marks["hosts"], f"there are addresses for {HOSTS_MOST} hosts, not for {len(case.hosts)}")
    given = {}
    for name, host in case.hosts.items():
        if given.setdefault(host.get("address", name), name) != name:
            mistakes.add(name.mark, f"the host {given[host['address']]} has this address too: {host['address']}")


def check_run(case, mistakes):
    to = case.run.get("to")
    if to and not is_name(to):
        mistakes.add(to.mark, f"a load talks to a host of the case, not to '{to}'")
    elif to and to.endswith(".v6"):
        mistakes.add(to.mark, "the loads go over IPv4; name the host, or one address such as im.2")
    embeds = case.run.get("load", "").startswith("application")
    if to and embeds != ("profile" in case.run):
        mistakes.add(to.mark, "an application needs a 'profile'" if embeds else "only an application has a 'profile'")


def check_truth(case, marks, mistakes):
    """What is expected can be seen in what is run."""
    allowed = {"load": LOAD_TRUTH, "diagnose": DIAGNOSIS_TRUTH, "shell": ()}[case.kind]
    for key in case.truth:
        if key in LOAD_TRUTH + DIAGNOSIS_TRUTH and key not in allowed:
            kind = "load" if key in LOAD_TRUTH else "diagnosis"
            mistakes.add(key.mark, f"'{key}' is seen in a {kind} only, and this case runs something else")
    if "recovery" in case.truth and not any("start" in fault for fault in case.faults):
        mistakes.add(marks["truth"], "'recovery' counts from when a fault starts a host again, and none does")
    if {"healed", "failing"} & case.truth.keys() and ("profile" not in case.run or not any(fault["at"] for fault in case.faults)):
        mistakes.add(marks["truth"], "'healed' and 'failing' count from the last fault that an application meets, and there is none")
    if case.beside and case.kind != "load":
        mistakes.add(marks["beside"], "only loads are put beside others")
    if not case.truth:
        mistakes.add(marks["truth"], "a case without a truth proves nothing")
