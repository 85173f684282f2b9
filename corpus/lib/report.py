# SPDX-License-Identifier: Apache-2.0
"""results.json and RESULTS.md from the applications' records, and what is below the bar."""
import json
import os
import pathlib
import statistics

CORPUS = pathlib.Path(__file__).resolve().parent.parent
SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")
MEDIAN_REDUCTION = 0.85
LEAST_REDUCTION = 0.70
SHARE_ABOVE_LEAST = 0.90
SECONDS_PER_GB = 30
GB = 1e9
KERNEL_HEADERS = "linux-libc-dev"

HEAD = """# What hardening did to the corpus

Made by `corpus/run`; not edited by hand. Each application was hardened in two states: as *released*,
made from the release's main archive alone, as stale as images in use are; and *updated*, with the
release's updates and its security suite, as an image is on the day it is built. Hardening removes what
is not used, updating mends what is: what a stale image keeps of its own application's vulnerabilities
only an update takes away. All asked for stubs in the place of libraries that are never called.

Sizes are those of the compressed layers; time is mohs's own, beside starting, loads and tests. Images
with compilers have linux-libc-dev, which is on record with thousands of CVEs of the kernel that no
container runs. Scanners list them all the same; "without kernel headers" leaves them out of both
figures.
"""
TITLES = {"released": "Images as the release was last published", "updated": "Images that are up to date"}


def complete(result):
    return "error" not in result and result["image"]["after"] is not None


def read_headers(result, evidence):
    """Adds how many findings are of kernel headers: compilers bring them, and no program runs them."""
    if not complete(result) or not evidence.exists():
        return
    findings = json.loads(evidence.read_text())["findings"]
    result["kernel_headers"] = {side: sum(item["package"] == KERNEL_HEADERS and item["status"] != "undetermined"
                                          for item in findings[side]["items"]) for side in ("before", "after")}


def reduction_without_headers(result):
    headers = result.get("kernel_headers") or {"before": 0, "after": 0}
    before, after = (result["findings"][side]["findings"]["total"] - headers[side] for side in ("before", "after"))
    return (before - after) / before if before else None


def reduction(result):
    return result.get("reduction") if complete(result) else None


def per_gb(result):
    return result["harden_seconds"] / (result["image"]["before"]["inflated"] / GB)


def app_misses(app, result, timed):
    """What one application misses, beside the reduction, which is judged over all."""
    if not complete(result):
        detail = result.get("error") or "; ".join(f"{name}: {check['detail']}" for name, check in
                                                  result["checks"].items() if check["state"] == "fail")
        return [f"{app}: not hardened: {detail}"]
    misses = []
    before, after = result["tests"]["before"], result["tests"]["after"]
    if not after or before != after or after["failed"] or not after["passed"]:
        misses.append(f"{app}: tests {tests(before)} before, {tests(after)} after")
    if result["shells"] is None or result["shells"]:
        misses.append(f"{app}: shells left: {', '.join(result['shells'] or ['not searched'])}")
    if result["image"]["after"]["size"] > result["image"]["before"]["size"]:
        misses.append(f"{app}: the hardened image is larger")
    if timed and per_gb(result) > SECONDS_PER_GB:
        misses.append(f"{app}: {per_gb(result):.0f} s for 1 GB, {SECONDS_PER_GB} s allowed")
    return misses


def misses(results, whole=True):
    """What is below the bar; of a part of the corpus neither its median nor its time says anything."""
    found = [miss for app, result in results.items() for miss in app_misses(app, result, whole)]
    ratios = [reduction(result) or 0 for result in results.values()]
    if not ratios:
        return ["nothing was run"]
    if not whole:
        return found + [f"{app}: {percent(ratio)} less, {percent(LEAST_REDUCTION)} wanted"
                        for app, ratio in zip(results, ratios) if ratio < LEAST_REDUCTION]
    if statistics.median(ratios) < MEDIAN_REDUCTION:
        found.append(f"the median reduction is {percent(statistics.median(ratios))}, "
                     f"{percent(MEDIAN_REDUCTION)} wanted")
    above = sum(ratio >= LEAST_REDUCTION for ratio in ratios)
    if above < SHARE_ABOVE_LEAST * len(ratios):
        found.append(f"{above} of {len(ratios)} images reach {percent(LEAST_REDUCTION)}, "
                     f"{percent(SHARE_ABOVE_LEAST)} wanted")
    return found


# ---- words ----

def percent(ratio):
    return "-" if ratio is None else f"{int(ratio * 1000) / 10:.1f} %"


def megabytes(size):
    return f"{size / 1e6:.1f}"


def tests(suite):
    if not suite:
        return "-"
    words = f"{suite['passed']}"
    if suite["failed"]:
        words += f" ({suite['failed']} failed)"
    if suite["skipped"]:
        words += f" ({suite['skipped']} skipped)"
    return words


def slow(result):
    measured = result.get("slowdown") or {}
    if "median" in measured:
        return f"{measured['median']:.2f}"
    return "-"


def line(result):
    """One application in one line, as the run goes on."""
    if not complete(result):
        return result.get("error") or "not hardened: " + "; ".join(
            f"{name}: {check['detail']}" for name, check in result["checks"].items() if check["state"] == "fail")
    findings = result["findings"]
    return (f"{findings['before']['findings']['total']} -> {findings['after']['findings']['total']} findings "
            f"({percent(reduction(result))}), tests {tests(result['tests']['before'])} -> "
            f"{tests(result['tests']['after'])}, shells {len(result['shells'])}, "
            f"{per_gb(result):.1f} s/GB, slowdown {slow(result)}")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def main_table(results):
    rows = []
    for app, result in results.items():
        if not complete(result):
            rows.append([app, "not hardened", *["-"] * 10])
            continue
        size, findings = result["image"], result["findings"]
        rows.append([
            app,
            f"{megabytes(size['before']['size'])} -> {megabytes(size['after']['size'])}",
            f"{findings['before']['findings']['total']} -> {findings['after']['findings']['total']}",
            percent(reduction(result)),
            percent(reduction_without_headers(result)),
            f"{findings['before']['distinct']['total']} -> {findings['after']['distinct']['total']}",
            f"{tests(result['tests']['before'])} -> {tests(result['tests']['after'])}",
            "none" if not result["shells"] else str(len(result["shells"])),
            "-" if result.get("rounds") is None else str(result["rounds"]),
            slow(result),
            f"{result['harden_seconds']:.1f}",
            f"{per_gb(result):.1f}",
        ])
    return table(["application", "size, MB", "findings", "less by", "without kernel headers", "distinct CVEs", "tests passed", "shells",
                  "rounds", "slowdown", "time, s", "s per GB"], rows)


def severity_table(results, kind):
    rows = []
    for app, result in results.items():
        if complete(result):
            before, after = (result["findings"][side][kind] for side in ("before", "after"))
            rows.append([app, *(f"{before[name]} -> {after[name]}" for name in SEVERITIES),
                         f"{before['exploited']} -> {after['exploited']}"])
    return table(["application", *SEVERITIES, "known exploited"], rows)


def remains(app, result):
    """What an image below the median's bar keeps, and why."""
    total = result["findings"]["after"]["findings"]["total"]
    text = f"\n#### {app}: {percent(reduction(result))} less, {total} left\n\n"
    for item in result["kept"]:
        if item["why"]:
            text += f"- {item['package']} ({item['findings']}): {item['why']}\n"
    others = [item for item in result["kept"] if not item["why"]]
    if others:
        text += f"- {len(others)} other packages: {sum(item['findings'] for item in others)}\n"
    return text


def summary(results):
    ratios = sorted(reduction(result) or 0 for result in results.values())
    above = sum(ratio >= LEAST_REDUCTION for ratio in ratios)
    good = [app for app, result in results.items() if complete(result)
            and result["tests"]["before"] == result["tests"]["after"] and not result["tests"]["after"]["failed"]]
    shells = [app for app, result in results.items() if complete(result) and result["shells"]]
    times = [per_gb(result) for result in results.values() if complete(result)]
    slows = [result["slowdown"]["median"] for result in results.values() if "median" in (result.get("slowdown") or {})]
    text = f"- {len(results)} applications; {len(good)} pass their whole suite after hardening, with the same count.\n"
    text += f"- Findings: {percent(statistics.median(ratios))} less in the median, {percent(ratios[0])} the least; "
    text += f"{above} of {len(ratios)} images reach {percent(LEAST_REDUCTION)}.\n"
    bare = [reduction_without_headers(result) or 0 if complete(result) else 0 for result in results.values()]
    text += f"  Without kernel headers {percent(statistics.median(bare))} in the median, "
    text += f"{sum(ratio >= LEAST_REDUCTION for ratio in bare)} reach {percent(LEAST_REDUCTION)}.\n"
    text += f"- Shells: {'left in ' + ', '.join(shells) if shells else 'none left in any'}.\n"
    if times:
        text += f"- Time: {statistics.median(times):.1f} s per GB of inflated image in the median, "
        text += f"{max(times):.1f} the most.\n"
    busy = [result["load"] for result in results.values() if "load" in result]
    if busy:
        text += f"  Measured on {os.cpu_count()} cores with a load of {statistics.median(busy):.1f} of others before each.\n"
    if slows:
        text += f"- Loads on the image view take {statistics.median(slows):.2f} times as long in the median, "
        text += f"{max(slows):.2f} the most.\n"
    return text


def failed_cases(results):
    text = ""
    for app, result in results.items():
        for side, names in (result.get("failed") or {}).items():
            text += "".join(f"- {app}, {side}: `{name}`\n" for name in names)
    return text


def section(state, results):
    """Everything that is told of one state; a part without content is left out."""
    low = [(app, result) for app, result in results.items()
           if complete(result) and reduction(result) < MEDIAN_REDUCTION]
    left_out = {app: result["slowdown"]["left_out"] for app, result in results.items()
                if "left_out" in (result.get("slowdown") or {})}
    parts = {
        "Below the bar": "".join(f"- {miss}\n" for miss in misses(results)) or "Nothing.\n",
        "Findings by severity": severity_table(results, "findings"),
        "Distinct CVEs by severity": severity_table(results, "distinct"),
        "Tests that failed": failed_cases(results),
        "Slowdown not measured": "".join(f"- {app}: {why}\n" for app, why in left_out.items()),
        f"What is left where less than {percent(MEDIAN_REDUCTION)} went":
            "".join(remains(app, result) for app, result in low).lstrip("\n"),
    }
    text = f"\n## {TITLES[state]}\n\n{summary(results)}\n{main_table(results)}"
    return text + "".join(f"\n### {title}\n\n{part}" for title, part in parts.items() if part)


def write(everything, folder):
    """results.json and RESULTS.md of both states."""
    public = {state: {app: {key: value for key, value in result.items() if key != "stamp"}
                      for app, result in sorted(results.items())} for state, results in everything.items()}
    text = json.dumps(public, indent=1, sort_keys=True).replace(f"{CORPUS}/", "corpus/")
    (folder / "results.json").write_text(text + "\n")
    (folder / "RESULTS.md").write_text(HEAD + "".join(section(state, results)
                                                      for state, results in public.items() if results))
