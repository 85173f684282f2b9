#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mohs db update: what reading a feed takes on one core against the least that could be (inflating
# and scanning), of a tracker of 400,000 pairs, of 100,000 CVEs as NVD has them, and of 6,000 records
# as OSV has them, with up to 600 versions each; then a whole update from nothing, of each and of all,
# by the processor time of all of its processes; one after 100 records changed; the peak of resident
# memory; how long the database takes to open. Medians; all in one run. usage: update.sh   (ROUNDS 5)
# Goals: at least 150 MB/s a core, and at most 5 ms to open.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
rounds=${ROUNDS:-5}
mohs=$build/src/cmd/mohs
ninja -C "$build" bench/feed_load src/cmd/mohs >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MOHS_DB=$work/advisories.db

# feeds CHANGED: so many records are other ones than with 0
feeds() {
	python3 - "$work/mirror" "$1" <<'END'
import json, os, random, sys, zipfile

folder, changed = sys.argv[1], int(sys.argv[2])
pick = random.Random(1)
releases = ("bullseye", "bookworm", "trixie", "forky", "sid")


def put(path, value):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def release():
    if pick.random() < 0.3:
        return {"status": "open", "repositories": {"x": "1.0-1"}, "urgency": "not yet assigned"}
    return {"status": "resolved", "repositories": {"x": "1.0-1"}, "fixed_version": f"1.{pick.randint(0, 99)}-1", "urgency": "low"}


tracker = {}
for source in range(4000):
    tracker[f"source{source}"] = {
        f"CVE-20{pick.randint(10, 26)}-{1000 + 20 * source + number}": {
            "description": "A flaw in the handling of something allows somebody to do a thing. " * 2,
            "scope": "local",
            "releases": {name: release() for name in releases},
        }
        for number in range(20)
    }
vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
cves = [
    {
        "cve": {
            "id": f"CVE-2020-{10000 + number}",
            "descriptions": [{"lang": "en", "value": "A flaw in the handling of something allows a thing. " * 8}],
            "metrics": {"cvssMetricV31": [{"type": "Primary", "cvssData": {"version": "3.1", "vectorString": vector, "baseScore": pick.randint(0, 100) / 10}}]},
            "references": [{"url": f"https://example.org/{number}/{part}", "source": "example"} for part in range(6)],
        }
    }
    for number in range(100000)
]
for number in range(changed // 2):
    cves[number * 7]["cve"]["metrics"] = {}
    tracker.pop(f"source{number * 3}")
put("debian/tracker.json", tracker)
put("nvd/cves.json", {"totalResults": len(cves), "vulnerabilities": cves})


def prose(words):
    return " ".join(pick.choice(("a", "flaw", "in", "the", "handling", "of", "requests", "allows", "code")) for _ in range(words))


def osv(number):
    count = int(min(600, 12 * pick.paretovariate(1.1)))
    listed = [f"{i // 40}.{i // 8 % 5}.{i % 8}" + (pick.choice(("rc1", ".post1", "b2")) if i % 13 == 7 else "") for i in range(count)]
    events = [{"introduced": "0"}, {"fixed": listed[-1]}]
    return {
        "id": f"GHSA-{number:04x}-0000-0000",
        "aliases": [f"CVE-2025-{10000 + number}"],
        "summary": prose(10),
        "details": f"### Impact\n{prose(80)}\n\n```\n{prose(30)}\n```\n",
        "severity": [{"type": "CVSS_V3", "score": vector}],
        "affected": [
            {
                "package": {"name": f"package-{number % 2000}", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
                "versions": sorted(listed),
            }
        ],
        "references": [{"type": "WEB", "url": f"https://example.org/{number}/{part}"} for part in range(6)],
        "database_specific": {"cwe_ids": ["CWE-79"], "severity": "HIGH"},
    }


if changed == 0 and not os.path.exists(f"{folder}/osv"):
    os.makedirs(f"{folder}/osv/PyPI")
    with zipfile.ZipFile(f"{folder}/osv/PyPI/all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6000):
            archive.writestr(f"{number}.json", json.dumps(osv(number)))
put("kev/known_exploited_vulnerabilities.json", {"vulnerabilities": []})
os.makedirs(os.path.join(folder, "epss"), exist_ok=True)
with open(os.path.join(folder, "epss/epss_scores-current.csv"), "w", encoding="utf-8") as file:
    file.write("cve,epss,percentile\n")
END
}

median() { sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"; }

# inflated FEED: bytes of its JSON in the mirror; without one, of all
inflated() {
	python3 - "$work/mirror" "${1-}" <<'END'
import os, sys, zipfile

folder, feed = sys.argv[1:]
places = {"debian": "debian/tracker.json", "nvd": "nvd/cves.json", "pypi": "osv/PyPI/all.zip"}
total = 0
for name, place in places.items():
    place = os.path.join(folder, place)
    if feed in ("", name):
        with open(place, "rb") as file:
            packed = file.read(2) == b"PK"
        total += sum(m.file_size for m in zipfile.ZipFile(place).infolist()) if packed else os.path.getsize(place)
print(total)
END
}

# per_core NAME BYTES: MB/s of the processor time that timed() noted, user's and system's
per_core() {
	echo $(($2 / 1000 / $(median "$work/$1.cpu")))
}

# timed NAME COMMAND: milliseconds to NAME, KiB at the most to NAME.peak, and milliseconds of all
# processors to NAME.cpu
timed() {
	local name=$work/$1 from
	shift
	from=$(date +%s%N)
	/usr/bin/time -f '%M %U %S' -o "$name.last" "$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - from) / 1000000)) >>"$name"
	tail -1 "$name.last" | cut -d' ' -f1 >>"$name.peak"
	tail -1 "$name.last" | awk '{ printf "%d\n", ($2 + $3) * 1000 + 1 }' >>"$name.cpu"
}

feeds 0
"$build/bench/feed_load" debian "$work/mirror/debian/tracker.json" "$rounds"
"$build/bench/feed_load" nvd "$work/mirror/nvd/cves.json" "$rounds"
"$build/bench/feed_load" pypi "$work/mirror/osv/PyPI/all.zip" "$rounds"
for round in $(seq "$rounds"); do
	feeds 0
	rm -f "$MOHS_DB"*
	timed whole "$mohs" db update --mirror "$work/mirror"
	feeds $((98 + 2 * round))
	timed some "$mohs" db update --mirror "$work/mirror"
	timed none "$mohs" db update --mirror "$work/mirror"
	timed status "$mohs" db status
	timed nothing "$mohs" --version
	for feed in debian nvd pypi; do
		rm -f "$MOHS_DB"*
		timed "$feed" "$mohs" db update --mirror "$work/mirror" --only "$feed"
	done
done
bytes=$(inflated)
whole=$(median "$work/whole")
echo "whole: $whole ms, $((bytes / whole / 1000)) MB/s on $(nproc) processors, $(per_core whole "$bytes") MB/s a core," \
	"$(($(median "$work/whole.peak") / 1024)) MiB in the largest process"
for feed in debian nvd pypi; do
	echo "$feed alone: $(per_core "$feed" "$(inflated "$feed")") MB/s a core"
done
echo "100 records changed: $(median "$work/some") ms; nothing changed: $(median "$work/none") ms"
echo "opened and told: $(($(median "$work/status") - $(median "$work/nothing"))) ms more than --version"
