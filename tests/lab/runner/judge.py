"""Compares what was seen with the truth of the case. Pure: everything is passed in."""

import re

USUAL_COUNT, USUAL_RATE = 200, 5.0  # Of a load that does not say how many, and how many a second.
LATENCIES = {"p50": "p50_us", "p95": "p95_us", "p99": "p99_us", "max": "max_us", "first_answer": "first_answer_us"}
TIMES_OF_TRUTH = {**LATENCIES, "recovery": "recovery_us", "healed": "healed_us", "failing": "failing_us"}


def microseconds(limit, rtt_us):
    kind, value = limit
    return value * rtt_us if kind == "rtt" else value


def shown(us, rtt_us):
    if us is None:
        return "none"
    text = f"{us / 1e6:.2f} s" if us >= 1e6 else f"{us / 1e3:.4g} ms"
    return f"{us / rtt_us:.3g} RTT" if rtt_us else text


def share_of(said):
    return said["ok"] / said["sent"] if said["sent"] else 0.0


def about_load(truth, said, rtt_us):
    wrong = []
    share = share_of(said)
    if "answered" in truth and share < truth["answered"]:
        why = ", ".join(f"{count} {reason}" for reason, count in said.get("reasons", {}).items())
        wrong.append(f"answered {share:.1%} of {said['sent']}, not {truth['answered']:.1%}" + (f" ({why})" if why else ""))
    for key, field in TIMES_OF_TRUTH.items():
        if key in truth:
            most = microseconds(truth[key], rtt_us)
            if said.get(field) is None or said[field] > most:
                wrong.append(f"{key} is {shown(said.get(field), rtt_us)}, not at most {shown(most, rtt_us)}")
    for key in ("connects", "repeated"):
        if key in truth and said.get(key, 0) > truth[key]:
            wrong.append(f"{said[key]} {key}, not at most {truth[key]}")
    return wrong


def recovery_us(said, rate, back_us):
    """From when the server was back, on the clock of `began_us`, to the first answer after that; None where none came."""
    if not said or back_us is None or not isinstance(said.get("times_us"), list):
        return None
    answered = [said["began_us"] + number * 1e6 / rate + took for number, took in enumerate(said["times_us"]) if took is not None]
    return min((round(at - back_us) for at in answered if at >= back_us), default=None)


def after_fault(said, rate, struck_us):
    """Of the tasks that fell due after the last fault: (`healed`, from the fault to the first answer; `failing`, from the fault to
    when the last one without an answer fell due), both None where there is none. 0 failing: all were answered."""
    if not said or struck_us is None or not isinstance(said.get("times_us"), list):
        return None, None
    due = [(said["began_us"] + number * 1e6 / rate - struck_us, took) for number, took in enumerate(said["times_us"])]
    after = [(at, took) for at, took in due if at >= 0]
    return (min((round(at + took) for at, took in after if took is not None), default=None),
            max((round(at) for at, took in after if took is None), default=0) if after else None)


def about_diagnosis(truth, said):
    wrong = []
    code = said.get("code", "nothing")
    if "verdict" in truth and code != truth["verdict"]:
        wrong.append(f"the verdict is {code}, not {truth['verdict']}")
    if code in truth.get("never", []):
        wrong.append(f"the verdict is {code}, which is a false accusation")
    if "action" in truth and said.get("action") != truth["action"]:
        wrong.append(f"the action is {said.get('action', 'none')}, not {truth['action']}")
    return wrong


def about_output(truth, output):
    wrong = [f"the output has nothing like /{pattern.pattern}/" for pattern in truth.get("prints", [])
             if not pattern.search(output)]
    for number in truth.get("numbers", []):
        found, pattern = number["find"].search(output), number["find"].pattern
        low, high = number["between"]
        if not found:
            wrong.append(f"the output has nothing like /{pattern}/")
        elif not is_number(found[1]):
            wrong.append(f"'{found[1]}' is no number (/{pattern}/)")
        elif not low <= float(found[1]) <= high:
            wrong.append(f"{found[1]} is not between {low:g} and {high:g} (/{pattern}/)")
    return wrong


def is_number(text):
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", text or "") is not None


def judge(case, exit_code, took_us, said, output):
    """Sentences on what is not as it should be. `said` is the JSON that the command printed last, or None."""
    truth, wrong = case.truth, []
    if case.kind == "load":
        wrong += about_load(truth, said, case.rtt_us)
        count = case.run.get("count", USUAL_COUNT)
        if said["sent"] != count:
            wrong.append(f"it sent {said['sent']}, not {count}")
    if case.kind == "diagnose":
        wrong += about_diagnosis(truth, said)
    wrong += about_output(truth, output)
    if "exit" in truth and exit_code != truth["exit"]:
        wrong.append(f"the exit code is {exit_code}, not {truth['exit']}")
    if case.kind == "shell" and "exit" not in truth and exit_code != 0:
        wrong.append(f"the exit code is {exit_code}")
    if "took" in truth and took_us > microseconds(truth["took"], case.rtt_us):
        most = shown(microseconds(truth["took"], case.rtt_us), case.rtt_us)
        wrong.append(f"it took {shown(took_us, case.rtt_us)}, not at most {most}")
    return wrong


COUNTS = ("sent", "ok")
TIMES = (*TIMES_OF_TRUTH.values(), "connects", "repeated")


def malformed(kind, said):
    """What is wrong with the JSON of a load or a diagnosis, or ""."""
    if said is None:
        return "the command printed no JSON object at its end"
    if kind == "diagnose":
        return "" if isinstance(said.get("code"), str) else "the command's JSON has no 'code'"
    for key in COUNTS:
        if type(said.get(key)) is not int:
            return f"the command's JSON has no number '{key}'"
    for key in TIMES:
        if not isinstance(said.get(key, 0), (int, float, type(None))):
            return f"the command's JSON has a '{key}' that is no number"
    return "" if isinstance(said.get("reasons", {}), dict) else "the command's JSON has 'reasons' that are no group"


def broken(kind, exit_code, said, output):
    """Why the command counts as broken whatever the case expects, or ""."""
    if exit_code is None:
        return "it hung: it had not ended within the case's limit"
    if exit_code < 0 or exit_code >= 128:
        return f"it crashed: it was ended by signal {-exit_code if exit_code < 0 else exit_code - 128}"
    if sanitizer_in(output):
        return "a sanitizer complained"
    if kind == "shell":
        return ""
    if exit_code not in (0, 1):
        return f"it ended with {exit_code}, which is neither a result nor a failure: {last_line(output)}"
    return malformed(kind, said)


def sanitizer_in(text):
    return re.search(r"(ERROR|WARNING): \w+Sanitizer|runtime error:", text) is not None


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def summary(case, said):
    """A few words for the table."""
    if case.kind == "shell" or malformed(case.kind, said):
        return ""
    if case.kind == "load":
        rtt = case.rtt_us
        share = share_of(said)
        words = ["all answered" if share == 1 else f"{share:.1%} answered"]
        words += [f"{name} {shown(said.get(field), rtt)}" for name, field in LATENCIES.items()]
        return ", ".join(words)
    sure = said.get("confidence", "?")
    # A diagnosis says 0.97, a check 97.
    return f"{said['code']} ({round(sure * 100) if isinstance(sure, float) and sure <= 1 else sure} %)"
