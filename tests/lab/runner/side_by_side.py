"""What many runs of clients over the same scenarios come to: a row for each pair, a table, and entries as script/bench has
them. Pure: results are passed in, by (scenario, client), each a list with one result a seed."""

import statistics

from .judge import LATENCIES, malformed, microseconds, share_of

OURS = "stn"


def said_of(results):
    """What the clients said, of the runs that say something."""
    return [result["said"] for result in results if result["outcome"] != "broken" and not malformed("load", result.get("said"))]


def samples(results, key):
    """One value a seed of "answered", "p50", ...; none at all where a seed has none: the rest would look too good."""
    said = said_of(results)
    values = [share_of(each) if key == "answered" else each.get(LATENCIES[key]) for each in said]
    return values if len(said) == len(results) and None not in values else []


def figures(results):
    """{"answered", "everything", "p50", ..., "bytes", "broken"}: medians over the seeds, but of all that was sent the part that
    was answered, and the longest of the maxima."""
    said = said_of(results)
    sent = sum(each["sent"] for each in said)
    row = {"answered": sum(each["ok"] for each in said) / sent if sent else 0.0,
           "everything": all(share == 1.0 for share in samples(results, "answered") or [0.0]),
           "broken": sum(result["outcome"] == "broken" for result in results)}
    for key in LATENCIES:
        values = samples(results, key)
        row[key] = (max if key == "max" else statistics.median)(values) if values else None
    relays = [result["relay"] for result in results if result.get("relay", {}).get("up")]
    counted = [relay["up"]["in_bytes"] + relay["down"]["in_bytes"] for relay in relays]
    row["bytes"] = round(statistics.median(counted)) if counted else None
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


def milliseconds(us):
    return "-" if us is None else f"{us / 1000:.0f}"


def table(rows):
    lines = [f"{'SCENARIO':<14} {'CLIENT':<11} {'ANSWERED':>8} {'P50 ms':>8} {'P95 ms':>8} {'MAX ms':>8} {'FIRST ms':>9} "
             f"{'BYTES':>9}"]
    last = None
    for (scenario, client), row in rows.items():
        shown = scenario.split("/")[1] if scenario != last else ""
        last = scenario
        broken = f"  {row['broken']} broken" if row["broken"] else ""
        lines.append(f"{shown:<14} {client:<11} {row['answered']:>8.1%} {milliseconds(row['p50']):>8} "
                     f"{milliseconds(row['p95']):>8} {milliseconds(row['max']):>8} {milliseconds(row['first_answer']):>9} {row['bytes'] or '-':>9}{broken}")
    return "\n".join(lines)


def entry(name, value, unit, **more):
    return {"name": name, "value": value, "unit": unit, "reference": None, "ratio": None, "spread": None, "target": None,
            "met": None, **more}


def best_of_the_others(rows, scenario, key):
    """The client with the least, among those that answered everything in every run; or None."""
    able = {client: row[key] for (other, client), row in rows.items()
            if other == scenario and client != OURS and row[key] is not None and row["everything"]}
    return min(able, key=able.get, default=None)


def against(results, others, key):
    """The ratios, seed by seed."""
    theirs = {result["seed"]: value for result, value in zip(others, samples(others, key))}
    return [value / theirs[result["seed"]] for result, value in zip(results, samples(results, key)) if theirs.get(result["seed"])]


def entries(rows, cases, results):
    """One entry a figure; stn's targets are the truth of the case."""
    made = []
    for (scenario, client), row in rows.items():
        name, those, truth = f"{scenario.split('/')[1]} {client}", results[scenario, client], {}
        if client == OURS:
            truth = cases[scenario].truth
        shares, goal = samples(those, "answered"), truth.get("answered")
        made.append(entry(f"{name} answered", round(row["answered"], 4), "share", spread=spread(shares), target=goal,
                          met=met(shares, least=goal)))
        for key in LATENCIES:
            values = samples(those, key)
            limit = microseconds(truth[key], cases[scenario].rtt_us) if key in truth else None
            judged = values if key != "max" or not values else [max(values)]
            made.append(entry(f"{name} {key}", row[key], "us", spread=spread(values), target=limit, met=met(judged, most=limit)))
            best = best_of_the_others(rows, scenario, key) if client == OURS else None
            ratios = against(those, results[scenario, best], key) if best else []
            if ratios:
                made.append(entry(f"{name} {key} against the best of the others", row[key], "us",
                                  reference=rows[scenario, best][key], ratio=round(statistics.median(ratios), 3), spread=spread(ratios)))
        made.append(entry(f"{name} bytes", row["bytes"], "B"))
    return made
