"""The weak networks as tables: all clients for a terminal, and what was aimed at for a README. Pure."""

from .judge import microseconds
from .side_by_side import BASELINE, against, compared, figures, met, samples, stands_beside

ORDER = ("healthy", "loss_5", "loss_20", "slow", "dead", "restart", "resets", "nat", "hole")  # Of a README's rows.
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


def judged(seen, goal, how):
    """What was measured with its goal: bold where that was missed."""
    return f"**{seen}** ({goal})" if how is False else f"{seen} ({goal}{', undecided' if how == 'undecided' else ''})"


def goals(case, row, results):
    """What was measured, in words, of each figure that the case has a goal for."""
    those = results[case.name, case.run["load"]]
    yield "all answered" if row["everything"] else f"**{row['answered']:.1%} answered**"
    for key, name in NAMES.items():
        if key in case.truth:
            limit = microseconds(case.truth[key], case.rtt_us)
            values = samples(those, key)
            yield judged(f"{name} {shown(row[key])}", shown(limit), met([max(values)] if key == "max" and values else values, most=limit))
    for key, counted in (("repeated", "repeated"), ("connects", "connections")):
        if key in case.truth:
            values = samples(those, counted)
            most = max(values, default=None)
            yield judged(f"{most:g} {counted[:-1] if counted == 'connections' and most == 1 else counted}", case.truth[key], met(values, most=case.truth[key]))
    than = case.beside.get("than", "stn-alone")
    for key in ("p95", "bytes"):
        if key in case.beside:
            for made in compared("", row, those, results.get((stands_beside(case), than), []), than, key, "", case.beside[key]):
                yield judged(f"{times(made['ratio'])} {key} of {than}", f"{case.beside[key]:.3g}x", made["met"])


def telling(case):
    """The figure by which the others are told beside ours."""
    return next((key for key in ("recovery", "p95", "max", "first_answer") if key in case.truth), "p95")


def of_peer(client, results, key):
    row = figures(results)
    share = "" if row["everything"] else f" ({row['answered']:.3g} answered)"
    return f"{client} {shown(row[key])}{share}" if row["answered"] else f"{client} none answered"


def place(case):
    short = case.name.split("/")[-1]
    return next((number for number, start in enumerate(ORDER) if short.startswith(start)), len(ORDER))


def markdown(rows, cases, results):
    """A row for each scenario."""
    lines = ["| network | stn: measured (goal); bold: missed | K, bytes of plain's | the others, the same figure |", "|---|---|---|---|"]
    for (scenario, client), row in sorted(rows.items(), key=lambda each: place(cases[each[0][0]])):
        case = cases[scenario]
        if client != case.run["load"]:
            continue
        ratio = ratio_of(results[scenario, client], results.get((stands_beside(case), BASELINE), []), "bytes")
        k = "-" if row["connections"] is None else f"{row['connections']:.0f}"
        key = telling(case)
        peers = [of_peer(other, those, key) for (name, other), those in sorted(results.items())
                 if name == stands_beside(case) and those and not other.startswith("stn")]
        lines.append(f"| {case.title} | {'; '.join(goals(case, row, results))} | {k}, {times(ratio)} | {NAMES[key]}: {', '.join(peers) or '-'} |")
    return "\n".join(lines) + "\n"
