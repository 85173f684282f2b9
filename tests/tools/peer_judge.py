#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges mohs's matching, and what it makes of Trivy's database, by Trivy: advisories and packages are made
up at random; Trivy reads its database and a bill of materials, mohs the same bill with

- that database (mohs db update --source trivy-db:), and
- the same advisories in the forms of their own feeds (mohs db import).

peer_judge.py TRIVY MOHS FOLDER. Exit 0: the same packages, CVEs and, of systems, fixed versions; 1: not.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import zipfile

import trivy_db

PACKAGES = 60
INSTALLED = 260
CLOCK = {"SOURCE_DATE_EPOCH": "1767225600"}  # of the database: it is not stale

# Each gives a version out of few, so that they meet.


def plain(r, parts=2):
    return ".".join(str(r.randint(0, 4)) for _ in range(parts))


def dpkg(r):
    return r.choice(["", "", "1:"]) + plain(r, 3) + r.choice(["", "~rc1", "+dfsg"]) + f"-{r.randint(0, 3)}" + r.choice(
        ["", "+deb12u1", "~bpo1", ".1"])


def apk(r):
    return plain(r, 3) + r.choice(["", "", "_rc1", "_p1", "b"]) + f"-r{r.randint(0, 4)}"


def rpm(r):
    return r.choice(["", "", "1:"]) + plain(r, 3) + r.choice(["", "", "~rc1", "^git1"]) + f"-{r.randint(1, 9)}.el9" + r.choice(
        ["", "_2", "_10"])


def pypi(r):
    return plain(r) + r.choice(["", "", "", "rc1", ".post1", "a2", ".dev3"])


def gem(r):
    return plain(r) + r.choice(["", "", "", ".1", ".rc1"])


# feed of mohs, Trivy's bucket, its source, type of package URL, versions, and how bills say the system
SYSTEMS = [
    ("debian", "debian 12", "debian", "deb/debian", dpkg, ("debian", "12", "debian-12")),
    ("alpine", "alpine 3.20", "alpine", "apk/alpine", apk, ("alpine", "3.20.1", "alpine-3.20.1")),
    ("almalinux", "alma 9", "alma", "rpm/alma", rpm, ("alma", "9.2", "alma-9.2")),
]
# Prereleases are left out where Trivy takes npm's rule for them, which hides them from ranges.
LANGUAGES = [
    ("npm", "npm::GitHub Security Advisory npm", "npm", "npm", plain),
    ("pypi", "pip::GitHub Security Advisory pip", "pypi", "PyPI", pypi),
    ("golang", "go::GitHub Security Advisory Go", "golang", "Go", plain),
    ("gem", "rubygems::GitHub Security Advisory RubyGems", "gem", "RubyGems", gem),
    ("cargo", "cargo::GitHub Security Advisory Rust", "cargo", "crates.io", plain),
    ("composer", "composer::GitHub Security Advisory Composer", "composer", "Packagist", plain),
    ("maven", "maven::GitHub Security Advisory Maven", "maven", "Maven", plain),
    ("nuget", "nuget::GitHub Security Advisory NuGet", "nuget", "NuGet", plain),
]


def name_of(kind, number):
    """Key of advisories, and path of the package URL."""
    name = f"pkg{number}"
    if kind == "npm" and number % 3 == 0:
        return f"@scope/{name}", f"@scope/{name}"
    if kind == "golang":
        return f"example.org/a/{name}", f"example.org/a/{name}"
    if kind == "composer":
        return f"vendor/{name}", f"vendor/{name}"
    if kind == "maven":
        return f"org.example:{name}", f"org.example/{name}"
    return name, name


class Ids:
    def __init__(self):
        self.last = 1000

    def next(self):
        self.last += 1
        return f"CVE-2026-{self.last}"


def make_system(r, ids, versions):
    """{package: {id: fixed version, or None while it is open}}"""
    return {f"pkg{i}": {ids.next(): None if r.random() < 0.2 else versions(r) for _ in range(r.randint(1, 5))}
            for i in range(PACKAGES)}


def make_intervals(r, versions):
    """[(introduced, kind, end)], kind "fixed" or "last_affected" or None. They are apart by their first number,
    on whose order every scheme agrees: a fix inside another interval is affected to OSV and not to Trivy."""
    count = r.choice([1, 1, 1, 2])
    intervals = []
    for i in range(count):
        first = 0 if count == 1 else 3 * i
        low, high = f"{first}.{versions(r)}", f"{first + r.randint(1, 2)}.{versions(r)}"
        kind = r.choice(["fixed", "fixed", "fixed", "last_affected"] + ([None] if i == count - 1 else []))
        intervals.append((low if i > 0 else r.choice(["0", low]), kind, high if kind else None))
    return intervals


def range_texts(intervals):
    for introduced, kind, end in intervals:
        upper = "" if kind is None else ("<" if kind == "fixed" else "<=") + end
        if introduced == "0":
            yield upper or ">=0"
        else:
            yield f">={introduced}" + (f", {upper}" if upper else "")


def trivy_ranges(r, intervals):
    advisory = {"VulnerableVersions": list(range_texts(intervals))}
    fixed = [end for _, kind, end in intervals if kind == "fixed"]
    if fixed:
        advisory["PatchedVersions"] = fixed
    return advisory


def osv(feed, ecosystem, name, one, intervals):
    events = [{"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": low}] + ([{kind: end}] if kind else [])}]}
              for low, kind, end in intervals]
    package = {"ecosystem": ecosystem, "name": name}
    return {"schema_version": "1.6.0", "id": f"T-{feed}-{one}", "modified": "2026-01-01T00:00:00Z",
            "aliases": [one], "affected": [{"package": package, **event} for event in events]}


def write_osv(mirror, ecosystem, records):
    folder = mirror / "osv" / ecosystem
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for record in records:
            out.writestr(record["id"] + ".json", json.dumps(record))


def write_system_feed(mirror, feed, data):
    if feed == "debian":
        tracker = {package: {one: {"releases": {"bookworm": {
            "status": "resolved" if fixed else "open", "urgency": "not yet assigned",
            **({"fixed_version": fixed} if fixed else {})}}} for one, fixed in flaws.items()}
            for package, flaws in data.items()}
        (mirror / "debian").mkdir()
        (mirror / "debian/tracker.json").write_text(json.dumps(tracker))
    if feed == "alpine":
        (mirror / "alpine/v3.20").mkdir(parents=True)
        packages = []
        for package, flaws in data.items():
            fixes = collections.defaultdict(list)
            for one, fixed in flaws.items():
                fixes[fixed].append(one)
            packages.append({"pkg": {"name": package, "secfixes": fixes}})
        for repository, content in (("main", packages), ("community", [])):
            (mirror / f"alpine/v3.20/{repository}.json").write_text(
                json.dumps({"reponame": repository, "packages": content}))
    if feed == "almalinux":
        write_osv(mirror, "AlmaLinux", [osv(feed, "AlmaLinux:9", package, one, [("0", "fixed", fixed)])
                                        for package, flaws in data.items() for one, fixed in flaws.items() if fixed])


def component(kind, name, version, path, properties=(), qualifiers=""):
    version_text = version.replace(":", "%3A").replace("+", "%2B").replace("^", "%5E")
    purl = f"pkg:{kind}/{path}@{version_text}{qualifiers}"
    group = {"group": name.split(":")[0].split("/")[0]} if kind == "maven" else {}
    return {"bom-ref": purl, "type": "library", **group, "name": path.split("/")[-1] if group else name, "version": version, "purl": purl,
            "properties": [{"name": "aquasecurity:trivy:" + k, "value": v} for k, v in properties]}


def bill(components, system=None):
    items = list({c["bom-ref"]: c for c in components}.values())
    if system:
        items.append({"bom-ref": "os", "type": "operating-system", "name": system[0], "version": system[1]})
    return {"bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1, "components": items}


def system_bill(r, feed, kind, versions, system, data):
    components = []
    for i in range(INSTALLED):
        package = r.choice(sorted(data))
        version = versions(r)
        known = [fixed for fixed in data[package].values() if fixed]
        if known and r.random() < 0.5:
            version = r.choice(known)
        name = package if feed == "almalinux" else f"{package}-{i}"
        epoch, _, rest = version.rpartition(":")
        upstream, _, release = rest.rpartition("-")
        properties = [("SrcName", package), ("SrcVersion", upstream if feed != "alpine" else rest)]
        if feed != "alpine":
            properties += [("SrcRelease", release)] + ([("SrcEpoch", epoch)] if epoch else [])
        qualifiers = f"?arch=x86_64&distro={system[2]}"
        if feed == "almalinux":
            qualifiers += f"&epoch={epoch}" if epoch else ""
            components.append(component(kind, name, rest, name, properties, qualifiers))
        else:
            components.append(component(kind, name, version, name, properties, qualifiers))
    return bill(components, system)


def run(*arguments, good=(0,)):
    done = subprocess.run(arguments, check=False, capture_output=True, env={**os.environ, **CLOCK})
    if done.returncode not in good:
        sys.exit(f"{' '.join(arguments)}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def ask_trivy(trivy, cache, path):
    out = json.loads(run(trivy, "sbom", "--cache-dir", str(cache), "--offline-scan", "--skip-db-update", "--format",
                         "json", "--quiet", str(path)))
    # By the place in the bill: names are written in more than one way.
    return {(v["PkgRef"], v["VulnerabilityID"], v.get("FixedVersion", ""))
            for result in out.get("Results", []) for v in result.get("Vulnerabilities", [])}


def ask_mohs(mohs, database, path):
    out = json.loads(run(mohs, "scan", "--json", "--db", str(database), f"sbom:{path}"))
    return {(v["purl"], v["id"], v["fixed_version"]) for v in out["findings"]["before"]["items"]}


def ecosystem(purl):
    return purl[len("pkg:"):].split("/")[0]


FEEDS = {"apk": "alpine", "deb": "debian", "rpm": "almalinux"}  # others bear the type's name


class Tally:
    def __init__(self):
        self.good, self.count, self.feeds = True, collections.Counter(), set()

    def compare(self, what, wanted, found):
        for kind in {ecosystem(x[0]) for x in wanted | found}:
            # Trivy names all versions in which a library is fixed, mohs the one to go to.
            if what == "own feed" and FEEDS.get(kind, kind) not in self.feeds:
                print(f"{kind}: mohs has no feed of its own")
                continue
            part = 3 if kind in ("deb", "apk", "rpm") or what == "own feed" else 2
            left, right = ({x[:part] for x in side if ecosystem(x[0]) == kind} for side in (wanted, found))
            self.count[f"{kind}, {what}"] += len(left)
            for word, difference in (("only there", left - right), ("only here", right - left)):
                for line in sorted(difference)[:5]:
                    print(f"{kind}, {what}: {word}: {' '.join(line)}")
            self.good &= left == right


def main():
    trivy, mohs, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    mirror = folder / "mirror"
    mirror.mkdir()
    r, ids, tally = random.Random(20261126), Ids(), Tally()
    systems = {feed: make_system(r, ids, versions) for feed, _, _, _, versions, _ in SYSTEMS}
    for feed, never in (("alpine", "9999-r0"), ("almalinux", "9999-1")):  # these name what is fixed only
        systems[feed] = {p: {one: fixed or never for one, fixed in flaws.items()} for p, flaws in systems[feed].items()}
    buckets, sources, ranges = {}, {}, {}
    for feed, bucket, source, _, _, _ in SYSTEMS:
        buckets[bucket] = {p: {one: {"FixedVersion": fixed} if fixed else {"Status": 2} for one, fixed in flaws.items()}
                           for p, flaws in systems[feed].items()}
        sources[bucket] = {"ID": source, "Name": source, "URL": "test"}
        write_system_feed(mirror, feed, systems[feed])
    for feed, bucket, kind, ecosystem, versions in LANGUAGES:
        ranges[feed] = {name_of(kind, i)[0]: {ids.next(): make_intervals(r, versions)
                                              for _ in range(r.randint(1, 4))} for i in range(PACKAGES)}
        buckets[bucket] = {p: {one: trivy_ranges(r, x) for one, x in flaws.items()} for p, flaws in ranges[feed].items()}
        sources[bucket] = {"ID": "ghsa", "Name": bucket.split("::")[1], "URL": "test"}
        write_osv(mirror, ecosystem, [osv(feed, ecosystem, p, one, x) for p, flaws in ranges[feed].items()
                                      for one, x in flaws.items()])
    trivy_db.write(folder / "cache", buckets, {}, sources)

    # Trivy takes its time to start: libraries are in the bill of the first system.
    bills = {feed: system_bill(r, feed, kind, versions, system, systems[feed])
             for feed, _, _, kind, versions, system in SYSTEMS}
    libraries = []
    for feed, _, kind, _, versions in LANGUAGES:
        for _ in range(INSTALLED):
            key, path = name_of(kind, r.randrange(PACKAGES))
            ends = [end for x in ranges[feed][key].values() for low, _, top in x for end in (low, top) if end and end != "0"]
            version = r.choice(ends) if ends and r.random() < 0.5 else f"{r.randint(0, 5)}.{versions(r)}"
            libraries.append(component(kind, key, version, path))
    bills[SYSTEMS[0][0]]["components"] += {c["bom-ref"]: c for c in libraries}.values()

    run(mohs, "db", "update", "--db", str(folder / "trivy-source.db"), "--source", f"trivy-db:{folder / 'cache'}")
    run(mohs, "db", "import", "--db", str(folder / "own.db"), str(mirror), good=(0, 3))  # 3: KEV, EPSS, NVD lack
    status = json.loads(run(mohs, "db", "status", "--json", "--db", str(folder / "own.db"), good=(0, 1)))
    tally.feeds = {feed["name"] for feed in status["feeds"]}
    for feed, document in bills.items():
        (folder / f"{feed}.json").write_text(json.dumps(document))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda feed: ask_trivy(trivy, folder / "cache", folder / f"{feed}.json"), bills)
        for feed, wanted in zip(bills, answers):
            imported = ask_mohs(mohs, folder / "trivy-source.db", folder / f"{feed}.json")
            tally.compare("Trivy's database", wanted, imported)
            tally.compare("own feed", imported, ask_mohs(mohs, folder / "own.db", folder / f"{feed}.json"))
    for what, count in tally.count.items():
        print(f"{what}: {count} findings")
        tally.good &= count > 100
    sys.exit(0 if tally.good else 1)


main()
