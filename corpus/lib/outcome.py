# SPDX-License-Identifier: Apache-2.0
"""What one `mohs run` left behind, as the record that the tables are made from."""
import collections
import json
import subprocess
import xml.etree.ElementTree

SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")
# Reasons are asked for as many of the packages with the most findings left.
PACKAGES_SHOWN = 6


def suite_before(logs):
    """Cases of the tests on the original image, from what they wrote while profiling."""
    counts = collections.Counter(passed=0, failed=0, skipped=0)
    for path in sorted(logs.glob("junit-*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            tags = {child.tag for child in case}
            state = "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"
            counts[state] += 1
    return dict(counts)


def counts(scan):
    if not scan:
        return None
    return {kind: {name: scan[kind][name] for name in (*SEVERITIES, "total", "fixable", "exploited")}
            for kind in ("findings", "distinct")}


def reason(evidence, package, mohs, environment):
    """The chain of `mohs why` as one line."""
    done = subprocess.run([mohs, "why", "--json", evidence, package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False, env=environment)
    if done.returncode:
        return "mohs why knows nothing of it"
    chain = json.loads(done.stdout)["chain"][1:]
    return "; ".join(f"{link['subject']}: {link['text']}" for link in chain[:3])


def kept(document, evidence, mohs, environment):
    """Packages with findings left, most first, with the reason of the first ones."""
    left = collections.Counter(item["package"] for item in document["findings"]["after"]["items"]
                               if item["status"] != "undetermined")
    ranked = sorted(left.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"package": name, "findings": number,
             "why": reason(evidence, name, mohs, environment) if place < PACKAGES_SHOWN else ""}
            for place, (name, number) in enumerate(ranked)]


def failed_tests(document, folder):
    """Names of what failed, of the original as well as of the hardened image."""
    after = [case["name"] for case in (document.get("tests") or {}).get("cases", []) if case["state"] == "failed"]
    before = []
    for path in sorted((folder / "logs/profile").glob("junit-*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            if {child.tag for child in case} & {"failure", "error"}:
                before.append(f"{case.get('classname')}.{case.get('name')}")
    return {"before": before, "after": after}


def rounds(extension):
    """Rounds that brought something back after a failed run; None where mohs does not extend."""
    return extension and sum(bool(one["added"]) for one in extension["rounds"])


def read(folder, status, lines, mohs, environment):
    evidence = folder / "evidence.json"
    if not evidence.exists():
        said = [line.split(" ", 1)[1] for line in lines[:-1] if "mohs run:" in line]
        return {"error": said[-1] if said else f"mohs run: exit status {status}, no evidence"}
    document = json.loads(evidence.read_text())
    image, findings, tests = document["image"], document["findings"], document["tests"]
    result = {
        "status": status,
        "image": {side: image[side] and {key: image[side][key] for key in ("size", "inflated", "entries", "digest")}
                  for side in ("before", "after")},
        "packages": {side: document["inventory"][side] and document["inventory"][side]["components"]
                     for side in ("before", "after")},
        "findings": {side: counts(findings[side]) for side in ("before", "after")},
        "reduction": findings["reduction"] and findings["reduction"]["findings"]["ratio"],
        "tests": {"before": suite_before(folder / "logs/profile"),
                  "after": tests and {key: tests[key] for key in ("passed", "failed", "skipped")}},
        "failed": failed_tests(document, folder),
        "shells": [item["path"] for item in (document["shells"] or {}).get("items", [])
                   if item["kind"] in ("shell", "multicall")] if document["shells"] else None,
        "interpreters": sorted({item["what"] for item in (document["shells"] or {}).get("items", [])
                                if item["kind"] == "interpreter"}),
        "checks": {check["check"]: {"state": check["state"], "detail": check["detail"]}
                   for check in document["verdict"]["checks"]},
        "profile": document["profile"] and {key: document["profile"][key] for key in
                                            ("complete", "paths", "duration_ms", "last_new_path_ms")},
        "phases": document["profile"] and [{key: phase[key] for key in ("kind", "name", "duration_ms", "passed")}
                                           for phase in document["profile"]["phases"]],
        "rounds": rounds(document.get("extension")),
        "gaps": [f"{gap['step']}: {gap['subject']}: {gap['text']}" for gap in document["gaps"]
                 if gap["subject"] != "/etc/hosts"],
    }
    if findings["after"]:
        result["kept"] = kept(document, evidence, mohs, environment)
    return result
