#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mirror that is edited at random: updating from it step by step has to give the same database,
and the same report of malformed records, as reading all of it.

feed_edits.py MOHS FOLDER ROUNDS
"""
import json
import os
import random
import subprocess
import sys

MOHS, FOLDER, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
SEED = int(os.environ.get("SEED", "7"))
pick = random.Random(SEED)


def name():
    return "".join(pick.choice("abcde") for _ in range(pick.randint(1, 2)))


def cve():
    return f"CVE-20{pick.randint(10, 12)}-{pick.randint(0, 30):04}"


def release():
    state = pick.choice(["open", "resolved", "nonsense" if pick.random() < 0.1 else "open"])
    record = {"status": state, "urgency": pick.choice(["low", "unimportant"])}
    if state == "resolved":
        record["fixed_version"] = pick.choice(["0", f"1.2-{pick.randint(1, 9)}"])
    if pick.random() < 0.2:
        record.update(nodsa="Minor \u00e9", nodsa_reason="ignored")
    return record


def source():
    return {cve(): {"releases": {r: release() for r in ("bookworm", "sid")}} for _ in range(3)}


def score():
    data = {"baseScore": pick.randint(0, 100) / 10}
    return {"cve": {"id": cve(), "metrics": {"cvssMetricV31": [{"type": "Primary", "cvssData": data}]}}}


def package():
    return {"pkg": {"name": name(), "secfixes": {f"1.{pick.randint(0, 5)}-r0": [cve(), cve()] for _ in range(2)}}}


def exploited():
    return {"cveID": cve()}


def edit(items, new):
    """Adds, takes away, replaces, repeats or moves."""
    kind = pick.randint(0, 4)
    if kind == 0:
        items.append(new())
    elif kind == 1 and len(items) > 1:
        items.pop(pick.randrange(len(items)))
    elif kind == 2:
        items[pick.randrange(len(items))] = new()
    elif kind == 3:
        items.append(pick.choice(items))
    else:
        pick.shuffle(items)


debian = [(name(), source()) for _ in range(20)]
lists = {
    "nvd/cves.json": ([score() for _ in range(40)], score, "vulnerabilities"),
    "kev/known_exploited_vulnerabilities.json": ([exploited() for _ in range(10)], exploited, "vulnerabilities"),
}
for where in ("v3.24/main", "v3.24/community", "edge/main", "edge/community"):
    lists[f"alpine/{where}.json"] = ([package() for _ in range(8)], package, "packages")


def write():
    documents = {path: json.dumps({member: items}) for path, (items, _, member) in lists.items()}
    documents["debian/tracker.json"] = json.dumps(dict(debian))
    documents["epss/epss_scores-current.csv"] = "cve,epss,percentile\nCVE-2010-0001,0.5,0.5\n"
    documents["feeds.json"] = json.dumps({"debian": "2026-11-23T00:00:00Z"})
    for path, text in documents.items():
        path = os.path.join(FOLDER, "mirror", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def update(database):
    command = [MOHS, "db", "update", "--json", "--db", database, "--mirror", os.path.join(FOLDER, "mirror")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    stepwise = 0
    for number in range(ROUNDS):
        items, new, _ = pick.choice(list(lists.values()))
        edit(items, new)
        edit(debian, lambda: (name(), source()))
        write()
        step = update(os.path.join(FOLDER, "step.db"))
        whole = update(os.path.join(FOLDER, f"whole{number}.db"))
        assert step["database"] == whole["database"], f"seed {SEED}, round {number}"
        for one, other in zip(step["feeds"], whole["feeds"]):
            stepwise += "changed" in one
            if one["outcome"] != "unchanged":
                same = ("name", "records", "skipped", "problem")
                assert [one.get(k) for k in same] == [other.get(k) for k in same], f"seed {SEED}, {one}, {other}"
    assert stepwise > ROUNDS / 2, "hardly anything was read stepwise"


main()
