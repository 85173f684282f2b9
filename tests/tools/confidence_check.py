#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Works out the confidence in evidence.json anew from profile.json, with whole numbers and fractions.

usage: confidence_check.py PROFILE EVIDENCE    says what differs; exit status 1 when anything does
"""
import json
import math
import sys
from fractions import Fraction

LEVEL = Fraction(95, 100)
Z = 1.959963984540054


def bound(novel, samples):
    """Largest p for which so few novel samples still have a chance of 5 %; by halving, exactly."""
    if novel >= samples:
        return 1.0
    low, high = Fraction(0), Fraction(1)
    for _ in range(50):
        p = (low + high) / 2
        chance = sum(math.comb(samples, i) * p**i * (1 - p)**(samples - i) for i in range(novel + 1))
        low, high = (p, high) if chance > 1 - LEVEL else (low, p)
    return float(high)


def chao2(samples, observed, q1, q2):
    a = Fraction(samples - 1, samples)
    if q2:
        q = Fraction(q1, q2)
        unseen = a * q1**2 / (2 * q2)
        variance = q2 * (a / 2 * q**2 + a**2 * q**3 + a**2 / 4 * q**4)
    else:
        unseen = a * q1 * (q1 - 1) / 2
        variance = unseen + a**2 * q1 * (2 * q1 - 1)**2 / 4
        if unseen:
            variance -= a**2 * q1**4 / (4 * (observed + unseen))
    if not unseen:
        return 0.0, None, None
    k = math.exp(Z * math.sqrt(math.log(1 + variance / unseen**2)))
    return float(unseen), float(unseen) / k, float(unseen) * k


def samples_of(profile, in_image):
    """Per path of the image: is it known without later repetitions, and in which of them it was used."""
    loads = {}
    for phase in profile["phases"]:
        if phase["kind"] == "load":
            loads[phase["name"]] = max(loads.get(phase["name"], 0), phase.get("repetition", 1))
    fewest = min(loads.values(), default=0)
    rounds = {}
    for index, phase in enumerate(profile["phases"]):
        later = phase["kind"] == "load" and 1 < phase["repetition"] <= fewest
        rounds[index] = phase["repetition"] - 1 if later else 0
    used = {}
    for path in profile["paths"]:
        if path["path"] in in_image:
            of = {rounds[index] for index in path["phases"]}
            used[path["path"]] = (0 in of, of - {0})
    return fewest, used


def main():
    profile, evidence = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
    said = evidence["confidence"]
    kept = {item["path"] for item in evidence["plan"]["paths"]}
    fewest, used = samples_of(profile, kept)
    wanted = {"repetitions": fewest, "estimable": fewest > 1}
    if fewest > 1:
        n = fewest - 1
        only_later = [rounds for known, rounds in used.values() if rounds and not known]
        unseen, low, high = chao2(n, said["observed"], said["singletons"], said["doubletons"])
        incidences = sum(len(rounds) for _, rounds in used.values())
        wanted |= {
            "samples": n,
            "incidences": incidences,
            "coverage": 1 - said["singletons"] / incidences if incidences else None,
            "expected_unseen": said["singletons"] / n,
            "risk": bound(said["novel_samples"], n),
            "unseen": {"at_least": unseen, "low": low, "high": high},
        }
        # what stays for another reason is not counted: these are ceilings
        ceilings = {
            "observed": len(only_later),
            "singletons": sum(len(rounds) == 1 for rounds in only_later),
            "doubletons": sum(len(rounds) == 2 for rounds in only_later),
            "novel_samples": len({min(rounds) for rounds in only_later}),
        }
        for name, most in ceilings.items():
            if said[name] > most:
                sys.exit(f"{name}: {said[name]} is more than {most}")
    for name, value in wanted.items():
        if not same(said[name], value):
            sys.exit(f"{name}: {said[name]} is not {value}")


def same(a, b):
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in b)
    if isinstance(b, float):
        return a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


main()
