"""What a person sees while cases run and at the end, and the JSON beside it."""

import json
import os
import sys

COLOURS = {"passed": "32", "passes_now": "36", "not_yet": "33", "failed": "31", "broken": "31;1", "impossible": "35"}
SUMMED_UP = ("case", "seed", "outcome", "reasons", "took_us")
WORDS = {"not_yet": "not yet", "passes_now": "passes now", "impossible": "not possible"}


class Report:
    def __init__(self, total, as_json):
        self.total, self.as_json = total, as_json
        self.results = []
        self.failed_once = []  # Jobs of the fast subset: a mistake fails twice, a machine that stood still does not.
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.live = sys.stderr.isatty() and not as_json

    def running(self, names):
        if self.live:
            shown = ", ".join(names)
            sys.stderr.write(f"\r\033[K{len(self.results)} of {self.total}; running: {shown[:90]}")
            sys.stderr.flush()

    def add(self, result, job):
        first = not self.results and not self.failed_once
        if job.fast and result["outcome"] in ("failed", "broken") and job not in self.failed_once:
            self.failed_once.append(job)
            result["reasons"].append("it has one more turn at the end, alone")
        else:
            self.results.append(result)
        self.show(result, first)

    def show(self, result, first):
        if self.as_json:
            return
        if self.live:
            sys.stderr.write("\r\033[K")
        if first:
            print(f"{'CASE':<34} {'SEED':>4}  {'RESULT':<12} {'TOOK':>7}  WHAT WAS SEEN")
        outcome = result["outcome"]
        word = f"{WORDS.get(outcome, outcome):<12}"
        if self.colours:
            word = f"\033[{COLOURS[outcome]}m{word}\033[0m"
        took = f"{result['took_us'] / 1e6:.1f} s" if "took_us" in result else "-"
        print(f"{result['case']:<34} {result['seed']:>4}  {word} {took:>7}  {result.get('summary') or ''}".rstrip())
        for reason in result["reasons"]:
            for line in str(reason).splitlines():
                print(f"{'':<40}  {line}")
        for place, lack in result.get("captures", {}).items():
            print(f"{'':<40}  {place}.pcap is not whole: {lack}")
        if "kept" in result:
            print(f"{'':<40}  its logs and packets are in {result['kept']}")
        sys.stdout.flush()

    def of(self, *outcomes):
        return [result for result in self.results if result["outcome"] in outcomes]

    def closing(self):
        """The lines at the end."""
        impossible = self.of("impossible")
        reasons = sorted({reason for result in impossible for reason in result["reasons"]})
        line = (f"ran {len(self.results) - len(impossible)}, failed {len(self.of('failed', 'broken'))}, "
                f"not possible here {len(impossible)}" + (f" ({'; '.join(reasons)})" if reasons else ""))
        lines = [line]
        if self.of("not_yet"):
            lines.append(f"{len(self.of('not_yet'))} fail as their files say (not_yet)")
        if self.of("passes_now"):
            names = ", ".join(sorted({result["case"] for result in self.of("passes_now")}))
            lines.append(f"pass although their files say not_yet; take it out: {names}")
        return "\n".join(lines)


def confusion(cases, results):
    """{truth: {said: count}} over the cases that ask for a diagnosis."""
    matrix = {}
    for result in results:
        truth = cases[result["case"]].truth.get("verdict")
        if truth and result["outcome"] not in ("impossible", "broken"):
            said = (result.get("said") or {}).get("code", "nothing")
            row = matrix.setdefault(truth, {})
            row[said] = row.get(said, 0) + 1
    return matrix


def calibration(cases, results):
    """How often the headline was right, how well its sureness fits that (Brier), and what was "proven" and is not so."""
    runs = []
    for result in results:
        truth, said = cases[result["case"]].truth.get("verdict"), result.get("said") or {}
        if truth and result["outcome"] not in ("impossible", "broken") and isinstance(said.get("confidence"), float):
            runs.append((said.get("code") == truth, said["confidence"], said.get("label") == "proven"))
    if not runs:
        return None
    return {"runs": len(runs), "right": sum(right for right, _, _ in runs),
            "brier": round(sum((sure - right) ** 2 for right, sure, _ in runs) / len(runs), 4),
            "falsely_proven": sum(proven and not right for right, _, proven in runs)}


def calibration_text(found):
    return (f"headline right in {found['right']} of {found['runs']} ({found['right'] / found['runs']:.1%}), "
            f"falsely proven {found['falsely_proven']}, Brier score {found['brier']:.4f}")


def confusion_text(matrix):
    """Rows are the truth, columns what was said."""
    columns = sorted({said for row in matrix.values() for said in row})
    width = max(len(truth) for truth in matrix) + 2
    lines = ["", "what is true (rows), and what was said (columns)", " " * width + "  ".join(columns)]
    for truth in sorted(matrix):
        cells = [f"{matrix[truth].get(said) or '.':>{len(said)}}" for said in columns]
        lines.append(f"{truth:<{width}}" + "  ".join(cells))
    return "\n".join(lines)


def confusion_markdown(matrix, side_by_side=3):
    """The same as a table for a README: what was said for each truth, and how often; several truths in a row."""
    cells = []
    for truth in sorted(matrix):
        said = ", ".join(f"{count}" if code == truth else f"**{count} {code}**"
                         for code, count in sorted(matrix[truth].items(), key=lambda one: (one[0] != truth, one)))
        cells.append(f"`{truth}` | {said}")
    cells += [" | "] * (-len(cells) % side_by_side)
    columns = len(cells) // side_by_side
    lines = ["| " + " | ".join(["truth | said"] * side_by_side) + " |", "|" + "---|---|" * side_by_side]
    lines += ["| " + " | ".join(cells[row + columns * block] for block in range(side_by_side)) + " |" for row in range(columns)]
    return "\n".join(lines) + "\n"


def write_json(folder, cases, results):
    """One file a case, and summary.json; each is whole or not there."""
    by_case = {}
    for result in results:
        by_case.setdefault(result["case"], []).append(result)
    for name, those in by_case.items():
        case = cases[name]
        replace(folder / (name.replace("/", "-") + ".json"),
                {"case": name, "title": case.title, "not_yet": case.not_yet, "runs": those})
    counts = {}
    for result in results:
        counts[result["outcome"]] = counts.get(result["outcome"], 0) + 1
    summary = {"ran": len(results) - counts.get("impossible", 0), "failed": counts.get("failed", 0) + counts.get("broken", 0),
               "not_possible": counts.get("impossible", 0), "not_yet": counts.get("not_yet", 0),
               "confusion": confusion(cases, results), "calibration": calibration(cases, results),
               "cases": [{key: result.get(key) for key in SUMMED_UP} for result in results]}
    replace(folder / "summary.json", summary)
    if summary["confusion"]:
        write_text(folder / "confusion.md", confusion_markdown(summary["confusion"]))
    return summary


def replace(path, value):
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)
