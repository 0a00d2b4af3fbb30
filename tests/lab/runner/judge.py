"""Compares what was seen with the truth of the case. Pure: everything is passed in."""

import re

LATENCIES = {"p50": "p50_us", "p95": "p95_us", "max": "max_us", "first_answer": "first_answer_us"}


def microseconds(limit, rtt_us):
    kind, value = limit
    return value * rtt_us if kind == "rtt" else value


def shown(us, rtt_us):
    if us is None:
        return "none"
    text = f"{us / 1e6:.2f} s" if us >= 1e6 else f"{us / 1e3:.4g} ms"
    return f"{us / rtt_us:.3g} RTT" if rtt_us else text


def about_load(truth, said, rtt_us):
    wrong = []
    share = said["ok"] / said["sent"] if said.get("sent") else 0.0
    if "answered" in truth and share < truth["answered"]:
        why = ", ".join(f"{count} {reason}" for reason, count in said.get("reasons", {}).items())
        wrong.append(f"answered {share:.1%} of {said.get('sent', 0)}, not {truth['answered']:.1%}" + (f" ({why})" if why else ""))
    for key, field in LATENCIES.items():
        if key in truth:
            most = microseconds(truth[key], rtt_us)
            if said.get(field) is None or said[field] > most:
                wrong.append(f"{key} is {shown(said.get(field), rtt_us)}, not at most {shown(most, rtt_us)}")
    if "connects" in truth and said.get("connects", 0) > truth["connects"]:
        wrong.append(f"{said['connects']} connects, not at most {truth['connects']}")
    return wrong


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
    wrong = [f"the output has nothing like /{pattern.pattern}/" for pattern in truth.get("prints", []) if not pattern.search(output)]
    for number in truth.get("numbers", []):
        found = number["find"].search(output)
        low, high = number["between"]
        if not found:
            wrong.append(f"the output has nothing like /{number['find'].pattern}/")
        elif not low <= float(found[1]) <= high:
            wrong.append(f"{found[1]} is not between {low:g} and {high:g} (/{number['find'].pattern}/)")
    return wrong


def judge(case, exit_code, took_us, said, output):
    """Sentences on what is not as it should be. `said` is the JSON that the command printed last, or None."""
    truth, wrong = case.truth, []
    if case.kind != "shell" and said is None:
        return ["the command printed no JSON object at its end"]
    if case.kind == "load":
        wrong += about_load(truth, said, case.rtt_us)
    if case.kind == "diagnose":
        wrong += about_diagnosis(truth, said)
    wrong += about_output(truth, output)
    if "exit" in truth and exit_code != truth["exit"]:
        wrong.append(f"the exit code is {exit_code}, not {truth['exit']}")
    if case.kind == "shell" and "exit" not in truth and exit_code != 0:
        wrong.append(f"the exit code is {exit_code}")
    if "took" in truth and took_us > microseconds(truth["took"], case.rtt_us):
        wrong.append(f"it took {shown(took_us, case.rtt_us)}, not at most {shown(microseconds(truth['took'], case.rtt_us), case.rtt_us)}")
    return wrong


def broken(exit_code, output):
    """Why the command counts as broken whatever the case expects, or ""."""
    if exit_code is None:
        return "it hung: it had not ended within the case's limit"
    if exit_code < 0 or exit_code >= 128:
        return f"it crashed: it was ended by signal {-exit_code if exit_code < 0 else exit_code - 128}"
    if re.search(r"ERROR: (Address|Thread|Leak)Sanitizer|runtime error:", output):
        return "a sanitizer complained"
    return ""


def summary(case, said):
    """A few words for the table."""
    if not said:
        return ""
    if case.kind == "load":
        rtt = case.rtt_us
        share = said["ok"] / said["sent"] if said.get("sent") else 0.0
        words = ["all answered" if share == 1 else f"{share:.1%} answered"]
        words += [f"{name} {shown(said.get(field), rtt)}" for name, field in LATENCIES.items()]
        return ", ".join(words)
    if case.kind == "diagnose":
        return f"{said.get('code', 'nothing')} ({said.get('confidence', '?')} %)"
    return ""
