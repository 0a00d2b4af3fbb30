"""The weak networks as tables: all clients for a terminal, and what was aimed at for a README. Pure."""

from .judge import microseconds
from .side_by_side import BASELINE, against, compared, figures, met, samples, stands_beside

MARKS = {True: "met", False: "**missed**", "undecided": "undecided", None: ""}
NAMES = {"p50": "p50", "p95": "p95", "p99": "p99", "max": "slowest", "first_answer": "first", "recovery": "recovery"}


def milliseconds(us):
    return "-" if us is None else f"{us / 1000:.0f}"


def times(ratio):
    return "-" if ratio is None else f"{ratio:.2f}x"


def ratio_of(results, others, key):
    ratios = sorted(against(results, others, key))
    return ratios[len(ratios) // 2] if ratios else None


def terminal(rows, cases, results):
    lines = [f"{'SCENARIO':<18} {'CLIENT':<10} {'ANSWERED':>8} {'P50 ms':>7} {'P95 ms':>7} {'P99 ms':>7} {'MAX ms':>7} {'FIRST ms':>8} "
             f"{'K':>4} {'BYTES':>8} {'/PLAIN':>7}"]
    last = None
    for (scenario, client), row in rows.items():
        shown = scenario.split("/")[-1] if scenario != last else ""
        last = scenario
        broken = f"  {row['broken']} broken" if row["broken"] else ""
        ratio = ratio_of(results[scenario, client], results.get((stands_beside(cases[scenario]), BASELINE), []), "bytes")
        waits = " ".join(f"{milliseconds(row[key]):>7}" for key in ("p50", "p95", "p99", "max"))
        k = "-" if row["connections"] is None else f"{row['connections']:.0f}"
        recovery = f"  back after {milliseconds(row['recovery'])} ms" if row["recovery"] is not None else ""
        lines.append(f"{shown:<18} {client:<10} {row['answered']:>8.1%} {waits} {milliseconds(row['first_answer']):>8} {k:>4} "
                     f"{row['bytes'] or '-':>8} {times(ratio):>7}{recovery}{broken}")
    return "\n".join(lines)


def shown(us):
    return "-" if us is None else f"{us / 1e6:.2f} s" if us >= 1e6 else f"{us / 1000:.0f} ms"


def goals(case, row, results):
    """(what was measured, the goal, whether it was met) of each figure that the case has a goal for, in words."""
    those = results[case.name, case.run["load"]]
    yield f"{row['answered']:.4g} answered", "1", met(samples(those, "answered"), least=case.truth.get("answered", 1.0))
    for key, name in NAMES.items():
        if key in case.truth:
            limit = microseconds(case.truth[key], case.rtt_us)
            values = samples(those, key)
            yield (f"{name} {shown(row[key])}", f"{name} <= {shown(limit)}",
                   met([max(values)] if key == "max" and values else values, most=limit))
    if "repeated" in case.truth:
        most = max(samples(those, "repeated"), default=None)
        yield f"{most} repeated", f"{case.truth['repeated']} repeated", met(samples(those, "repeated"), most=case.truth["repeated"])
    if "connects" in case.truth:
        yield f"{row['connections']:.0f} connections", f"{case.truth['connects']}", met(samples(those, "connections"), most=case.truth["connects"])
    than = case.beside.get("than", "stn-alone")
    for key in ("p95", "bytes"):
        if key in case.beside:
            for made in compared("", row, those, results.get((stands_beside(case), than), []), than, key, "", case.beside[key]):
                what = "bytes" if key == "bytes" else f"{key} of one connection's"
                yield f"{times(made['ratio'])} {what}", f"<= {case.beside[key]:g}x", made["met"]


def telling(case):
    """The figure by which the others are told beside ours."""
    return next((key for key in ("recovery", "p95", "max", "first_answer") if key in case.truth), "p95")


def of_peer(client, results, key):
    row = figures(results)
    share = "" if row["everything"] else f" ({row['answered']:.3g} answered)"
    return f"{client} {shown(row[key])}{share}" if row["answered"] else f"{client} none answered"


def markdown(rows, cases, results):
    """A row for each scenario."""
    lines = ["| network | stn, with goals | connections, bytes of plain's | the others: same figure |", "|---|---|---|---|"]
    for (scenario, client), row in rows.items():
        case = cases[scenario]
        if client != case.run["load"]:
            continue
        ours = "; ".join(f"{seen} ({goal}: {MARKS[how]})" for seen, goal, how in goals(case, row, results))
        ratio = ratio_of(results[scenario, client], results.get((stands_beside(case), BASELINE), []), "bytes")
        k = "-" if row["connections"] is None else f"{row['connections']:.0f}"
        key = telling(case)
        peers = [of_peer(other, those, key) for (name, other), those in results.items()
                 if name == stands_beside(case) and those and not other.startswith("stn")]
        lines.append(f"| {case.title} | {ours} | {k}, {times(ratio)} | {NAMES[key]}: {', '.join(peers) or '-'} |")
    return "\n".join(lines) + "\n"

