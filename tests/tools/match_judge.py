#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges mohs's matching by another way to the same answer: this script reads the tracker's JSON
itself and asks dpkg which version is older.

match_judge.py MATCH_LINES MOHS DATA: DATA is a mirror's folder. Exit 0: every finding of every
inventory agrees, 1: not, 77: a program is missing.
"""
import collections
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

INVENTORIES = 300
SOURCES = 60
WORDS = {"low": "low", "medium": "medium", "high": "high"}


@functools.lru_cache(maxsize=None)
def older(version, than):
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", than], check=False).returncode == 0


def unpack(path):
    return json.loads(subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout)


def severity_of_score(score):
    for least, word in ((9, "critical"), (7, "high"), (4, "medium"), (0.1, "low")):
        if score >= least:
            return word
    return "negligible"


def read_scores(data):
    scores = {}
    for item in unpack(f"{data}/nvd/cves.json.zst")["vulnerabilities"]:
        for metrics in item["cve"]["metrics"].values():
            cvss = metrics[0]["cvssData"]
            word = cvss.get("baseSeverity", "").lower()
            scores[item["cve"]["id"]] = severity_of_score(cvss["baseScore"]) if "baseScore" in cvss else word
    return scores


def versions_around(entries, rng):
    """Versions at, just before and just after what the advisories name."""
    named = sorted({e["fixed_version"] for e in entries if e["status"] == "resolved" and e["fixed_version"] != "0"})
    found = {"0~", "1:1", "9999"}
    for version in rng.sample(named, min(2, len(named))):
        found |= {version, version + "~", version + "+b1", version + "-0"}
    return sorted(found)


def expected(entries, version, scores):
    for cve, entry in entries.items():
        status, fixed = entry["status"], entry.get("fixed_version", "")
        if status == "resolved":
            if fixed == "0" or not older(version, fixed):
                continue
            word = "fixable"
        elif status == "undetermined":
            word = "undetermined"
        elif entry["urgency"] == "unimportant":
            word = "unimportant"
        else:
            word = "no-dsa" if "nodsa" in entry else "open"
        severity = scores.get(cve) or WORDS.get(entry["urgency"], "unknown")
        if entry["urgency"] == "unimportant":
            severity = "negligible"
        yield cve, word, severity, fixed if word == "fixable" else ""


def main():
    match_lines, mohs, data = sys.argv[1:]
    if not shutil.which("dpkg") or not shutil.which("zstd"):
        sys.exit(77)
    rng = random.Random(20261123)
    tracker = unpack(f"{data}/debian/tracker.json.zst")
    advisories = {s: {c: e["releases"]["bookworm"] for c, e in cves.items()} for s, cves in tracker.items()}
    scores = read_scores(data)
    open_ones = [s for s, e in advisories.items() if any(x["status"] != "resolved" for x in e.values())]
    small = [s for s in advisories if len(advisories[s]) <= 25]
    chosen = sorted(rng.sample([s for s in small if s in open_ones], SOURCES // 2) + rng.sample(small, SOURCES // 2))
    pool = {s: versions_around(advisories[s].values(), rng) for s in chosen}
    inventories = []
    for _ in range(INVENTORIES):
        names = rng.sample(sorted(pool), rng.randint(1, 8))
        inventories.append([(s, rng.choice(pool[s])) for s in names] + [("no-such-source", "1")])

    want = collections.Counter()
    for number, inventory in enumerate(inventories):
        for source, version in inventory:
            for found in expected(advisories.get(source, {}), version, scores):
                want[" ".join((str(number), source) + found).strip()] += 1

    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/advisories.db"
        subprocess.run([mohs, "db", "import", "--db", database, data], check=True, stdout=subprocess.DEVNULL)
        text = "".join("".join(f"{s} {v}\n" for s, v in inventory) + "\n" for inventory in inventories)
        out = subprocess.run([match_lines, database], input=text, text=True, check=True, capture_output=True,
                             env={**os.environ, "LC_ALL": "C"}).stdout
    got = collections.Counter(line.strip() for line in out.splitlines())
    for line in sorted((got - want).keys())[:10]:
        print("only mohs:", line)
    for line in sorted((want - got).keys())[:10]:
        print("only the judge:", line)
    kinds = collections.Counter(line.split()[3] for line in want)
    print(f"{sum(want.values())} findings in {len(inventories)} inventories: {dict(kinds)}")
    sys.exit(0 if got == want and len(kinds) == 5 and sum(want.values()) > 1000 else 1)


main()
