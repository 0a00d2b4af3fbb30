"""What many runs of clients over the same scenarios come to: a row for each pair, and entries as script/bench has them.
Pure: results are passed in, by (scenario, client), each a list with one result a seed."""

import statistics

from .judge import LATENCIES, TIMES_OF_TRUTH, malformed, microseconds, share_of

BASELINE = "plain"   # One TCP connection, and nothing else: what bytes are compared with, where a case says nothing else.
COUNTED = ("connections", "bytes")


def said_of(results):
    """What the clients said, of the runs that say something."""
    return [result["said"] for result in results if result["outcome"] != "broken" and not malformed("load", result.get("said"))]


def samples(results, key):
    """One value a seed of "answered", "p50", "bytes" ...; none at all where a seed has none: the rest would look too good."""
    if key in COUNTED:
        values = [result.get("network", {}).get(key) for result in results if result["outcome"] != "broken"]
        return values if len(values) == len(results) and None not in values else []
    said = said_of(results)
    values = [share_of(each) if key == "answered" else each.get(TIMES_OF_TRUTH.get(key, key)) for each in said]
    return values if len(said) == len(results) and None not in values else []


def figures(results):
    """{"answered", "everything", "p50", ..., "bytes", "broken"}: medians over the seeds, but of all that was sent the part that
    was answered, and the longest of the maxima."""
    said = said_of(results)
    sent = sum(each["sent"] for each in said)
    row = {"answered": sum(each["ok"] for each in said) / sent if sent else 0.0,
           "everything": all(share == 1.0 for share in samples(results, "answered") or [0.0]),
           "broken": sum(result["outcome"] == "broken" for result in results)}
    for key in [*TIMES_OF_TRUTH, *COUNTED]:
        values = samples(results, key)
        row[key] = (max if key == "max" else statistics.median)(values) if values else None
    return row


def quartiles(values):
    """(low, median, high), between the values beside them, as tests/bench/figure.cpp has them."""
    return tuple(statistics.quantiles(values, n=4, method="inclusive")) if len(values) > 1 else (*values, *values, *values)


def spread(values):
    if len(values) < 2 or not statistics.median(values):
        return None
    low, median, high = quartiles(values)
    return round((high - low) / median, 3)


def met(values, most=None, least=None):
    """Whether a target was met: True or False where both quartiles say so, else "undecided"; None without a target."""
    if most is None and least is None:
        return None
    if not values:
        return False
    low, _, high = quartiles(values)
    good = [value <= most if least is None else value >= least for value in (low, high)]
    return all(good) or (any(good) and "undecided")


def entry(name, value, unit, **more):
    return {"name": name, "value": value, "unit": unit, "reference": None, "ratio": None, "spread": None, "target": None,
            "met": None, **more}


def best_of_the_others(rows, scenario, ours, key):
    """The client with the least, among those that answered everything in every run; or None."""
    able = {client: row[key] for (other, client), row in rows.items()
            if other == scenario and client != ours and not client.startswith("stn") and row[key] is not None and row["everything"]}
    return min(able, key=able.get, default=None)


def against(results, others, key):
    """The ratios, seed by seed."""
    theirs = {result["seed"]: value for result, value in zip(others, samples(others, key))}
    return [value / theirs[result["seed"]] for result, value in zip(results, samples(results, key)) if theirs.get(result["seed"])]


def stands_beside(case):
    """The scenario whose other clients are the case's."""
    return case.beside.get("case", case.name)


def compared(name, row, results, others, than, key, unit, target=None):
    """A figure as a ratio to another client's; the target is the ratio's."""
    ratios = against(results, others, key)
    theirs = figures(others)[key] if others else None
    if not ratios and target is None:
        return []
    return [entry(f"{name} {key} against {than}", row[key], unit, reference=theirs, spread=spread(ratios), target=target,
                  ratio=round(statistics.median(ratios), 3) if ratios else None, met=met(ratios, most=target))]


def of_one(case, client, row, rows, results):
    """The entries of one client in one scenario; the client that the case names has targets, the truth of the case."""
    name, those = f"{case.name.split('/')[-1]} {client}", results[case.name, client]
    ours = client == case.run["load"]
    truth, base = (case.truth if ours else {}), stands_beside(case)
    made = [entry(f"{name} answered", round(row["answered"], 4), "share", spread=spread(samples(those, "answered")),
                  target=truth.get("answered"), met=met(samples(those, "answered"), least=truth.get("answered")))]
    for key in TIMES_OF_TRUTH:
        values = samples(those, key)
        if key not in LATENCIES and not values and key not in truth:
            continue
        limit = microseconds(truth[key], case.rtt_us) if key in truth else None
        judged = values if key != "max" or not values else [max(values)]
        made.append(entry(f"{name} {key}", row[key], "us", spread=spread(values), target=limit, met=met(judged, most=limit)))
        best = best_of_the_others(rows, base, client, key) if ours else None
        if best:
            made += compared(name, row, those, results[base, best], best, key, "us")
    made.append(entry(f"{name} connections", row["connections"], "1", spread=spread(samples(those, "connections"))))
    made.append(entry(f"{name} bytes", row["bytes"], "B", spread=spread(samples(those, "bytes"))))
    if ours and "repeated" in truth:
        made.append(entry(f"{name} repeated", max(samples(those, "repeated"), default=None), "1", target=truth["repeated"],
                          met=met(samples(those, "repeated"), most=truth["repeated"])))
    than = case.beside.get("than", "stn-alone")
    for key, unit in (("p95", "us"), ("bytes", "B")):
        if ours and key in case.beside:
            made += compared(name, row, those, results.get((base, than), []), than, key, unit, case.beside[key])
    if client != BASELINE:
        made += compared(name, row, those, results.get((base, BASELINE), []), BASELINE, "bytes", "B")
    return made


def entries(rows, cases, results):
    """One entry a figure."""
    return [each for (scenario, client), row in rows.items() for each in of_one(cases[scenario], client, row, rows, results)]
