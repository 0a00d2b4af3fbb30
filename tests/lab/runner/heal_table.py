"""What healing is worth: runs of one application in the same broken networks, with it and without. Pure: results are passed in,
by (case, policy), each a list with one result a seed."""

import statistics

from .side_by_side import entry, spread

POLICIES = {"off": "application-unhealed", "advise": "application-advised", "act": "application"}
NOISE_US = 150_000  # Below that two are alike: a task falls due each 200 ms.
TIMES = {"healed": "first answer", "failing": "last failure"}


def values(results, key):
    return [result["said"].get(f"{key}_us") for result in results]


def median(results, key):
    """None where most runs have none."""
    seen = sorted(float("inf") if value is None else value for value in values(results, key))
    middle = seen[len(seen) // 2] if seen else float("inf")
    return None if middle == float("inf") else middle


def answered(results):
    sent = sum(result["said"]["sent"] for result in results)
    return sum(result["said"]["ok"] for result in results) / sent if sent else 0.0


def steps(results):
    """What sdt did, and when after the fault, of the run whose first answer came in the middle: "use_doh begun +1.2 s"."""
    order = sorted(results, key=lambda result: result["said"].get("healed_us") or float("inf"))
    if not order:
        return ""
    said, told = order[len(order) // 2]["said"], {}
    for event in said["events"]:
        at = (event["at_us"] - said["struck_us"]) / 1e6
        if event["what"] == "remedy" and at > -60:
            told.setdefault(f"{event['action'].split('(')[0]} {event['state']}", at)
    return ", ".join(f"{what} {at:+.1f} s" for what, at in told.items())


def better(off, act):
    """Whether acting is worse, alike or better, by medians of microseconds."""
    if off is None or act is None:
        return "alike" if off is act else "better" if off is None else "worse"
    return "alike" if abs(off - act) <= NOISE_US else "better" if act < off else "worse"


def seconds(us):
    return "none" if us is None else f"{us / 1e6:.2f} s"


def short(case):
    return case.name.split("/")[-1]


def terminal(cases, results):
    lines = [f"{'CASE':<18} {'HEAL':<7} {'FIRST ANSWER':>12} {'LAST FAILURE':>12} {'ANSWERED':>8}  WHAT WAS DONE, FROM THE LAST FAULT ON"]
    for name, case in cases.items():
        for policy in POLICIES:
            those = results.get((name, policy), [])
            if those:
                lines.append(f"{short(case):<18} {policy:<7} {seconds(median(those, 'healed')):>12} {seconds(median(those, 'failing')):>12} "
                             f"{answered(those):>8.1%}  {steps(those)}")
    return "\n".join(lines)


def markdown(cases, results):
    lines = ["| fault | off | advise | act | what was done |", "|---|---|---|---|---|"]
    for name, case in cases.items():
        cells = []
        for policy in POLICIES:
            those = results.get((name, policy), [])
            cells.append(f"{seconds(median(those, 'healed'))}, {answered(those):.0%}" if those else "-")
        lines.append(f"| {case.title} | {' | '.join(cells)} | {steps(results.get((name, 'act'), [])) or 'nothing'} |")
    return "\n".join(lines) + "\n"


def ratios(off, act, key):
    theirs = {result["seed"]: result["said"].get(f"{key}_us") for result in off}
    pairs = [(result["said"].get(f"{key}_us"), theirs.get(result["seed"])) for result in act]
    return [mine / other for mine, other in pairs if mine and other]


def entries(cases, results):
    """One entry a figure; the target of `act` is not to be worse than `off`."""
    made = []
    for name, case in cases.items():
        off = results.get((name, "off"), [])
        for policy in POLICIES:
            those = results.get((name, policy), [])
            if not those:
                continue
            for key, words in TIMES.items():
                mine, theirs = median(those, key), median(off, key)
                against = policy == "act" and key == "healed"
                found = ratios(off, those, key) if policy == "act" else []
                known = [value for value in values(those, key) if value is not None]
                made.append(entry(f"{short(case)} {policy} {words}", mine, "us", spread=spread(known), reference=theirs if policy == "act" else None,
                                  ratio=round(statistics.median(found), 3) if found else None, target=1.0 if against else None,
                                  met=better(theirs, mine) != "worse" if against else None))
            made.append(entry(f"{short(case)} {policy} answered", round(answered(those), 4), "share"))
    return made
