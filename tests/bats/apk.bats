#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Alpine: a real one, whose own apk is the judge of versions, packages, findings and of what is left
# of the package database; and Trivy, with a generated database of flaws.

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=${MOHS_BUILD:-$root/build}
	export root build mohs=${MOHS:-$build/src/cmd/mohs} work=$BATS_FILE_TMPDIR
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if ! ALPINE=$("$root/tests/tools/alpine-peer" 2>"$work/why"); then
		why_not=$(tail -n 1 "$work/why")
		export why_not
		return
	fi
	export ALPINE
	# apk itself takes out what only a machine needs.
	cp -a "$ALPINE" "$work/small"
	chroot "$work/small" apk --no-network -q del linux-virt openrc sudo dhcpcd e2fsprogs-extra \
		cloud-utils-growpart busybox-openrc
	rm -rf "$work"/small/boot/* "$work/small/lib/modules" "$work/small/lost+found"
	cp -a "$work/small" "$work/judge"
	: >"$work/judge/tmp/none"
	packages "$work/small" >"$work/packages"
	cp -r "$root/data/advisories" "$work/mirror"
	make_mirror
	"$mohs" db import "$work/mirror" >/dev/null
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return 1
}

# judge ROOT COMMAND...: the real apk on a copy of another root.
judge() {
	local place status=0
	place=$(mktemp -d "$work/judge/mnt/XXXXXX")
	cp -a "$1/." "$place"
	mkdir -p "$place/tmp"
	: >"$place/tmp/none"
	shift
	chroot "$work/judge" apk --root "/mnt/${place##*/}" --no-network --repositories-file /tmp/none "$@" || status=$?
	rm -rf "$place"
	return "$status"
}

# packages ROOT: "NAME VERSION SOURCE ARCHITECTURE", by this script's own reading.
packages() {
	awk -F: 'function value() { return substr($0, 3) }
		/^P:/ { p = value() } /^V:/ { v = value() } /^o:/ { o = value() } /^A:/ { a = value() }
		/^$/ && p { print p, v, o, a; p = "" }' "$1/lib/apk/db/installed" | sort
}

# A mirror in which the nth source package has CVE-2026-(1000 + n), fixed in 99999, and some more at
# and around what is installed.
make_mirror() {
	mkdir -p "$work/mirror/alpine/v3.23"
	cut -d' ' -f2,3 "$work/packages" | python3 -c '
import json, sys
pairs = [line.split() for line in sys.stdin]
sources = sorted({source for _, source in pairs})
packages = []
for n, source in enumerate(sources):
    version = next(v for v, s in pairs if s == source)
    secfixes = {"99999": [f"CVE-2026-{1000 + n}"], "0": [f"CVE-2026-{2000 + n}"],
                version: [f"CVE-2026-{3000 + n} CVE-2026-{4000 + n}", "XSA-1"],
                version + "0": [f"CVE-2026-{5000 + n}"], version.replace("-r", "_alpha-r"): [f"CVE-2026-{6000 + n}"],
                version.replace("-r", "_p1-r"): [f"CVE-2026-{7000 + n}"]}
    packages.append({"pkg": {"name": source, "secfixes": secfixes}})
for name, part in (("main", packages[::2]), ("community", packages[1::2])):
    with open(sys.argv[1] + f"/{name}.json", "w") as out:
        json.dump({"distroversion": "v3.23", "reponame": name, "packages": part}, out)
' "$work/mirror/alpine/v3.23"
}

# make_image: an OCI layout of the small Alpine, once.
make_image() {
	[ -c /dev/fuse ] && command -v runc >/dev/null || skip "needs /dev/fuse and runc"
	[ -e "$work/layout/index.json" ] && return
	umoci init --layout "$work/layout"
	umoci new --image "$work/layout:v1"
	umoci insert --image "$work/layout:v1" "$work/small" /
	umoci config --image "$work/layout:v1" --config.entrypoint /usr/bin/nc --config.cmd -lk --config.cmd -p \
		--config.cmd 8080 --config.cmd -e --config.cmd /bin/busybox --config.cmd echo --config.exposedports 8080/tcp
	cat >"$work/talk" <<'END'
#!/bin/bash
for i in 1 2 3; do
	exec 3<>/dev/tcp/127.0.0.1/8080
	cat <&3 >/dev/null
done
END
	chmod +x "$work/talk"
}

# harden FOLDER GRANULARITY: profiles and hardens the small Alpine into FOLDER/rootfs.
harden() {
	make_image
	[ -e "$1/rootfs" ] && return
	rm -rf "$1"
	mkdir "$1"
	cat >"$1/mohs.yaml" <<END
service: echo
image: oci:$work/layout:v1
ready: {tcp: "127.0.0.1:8080", timeout: 30s}
loads:
  - {name: talk, run: [$work/talk]}
harden: {granularity: $2}
END
	"$mohs" profile -f "$1/mohs.yaml" -o "$1/profile.json"
	"$mohs" harden -f "$1/mohs.yaml" -p "$1/profile.json" -o "oci:$1/image:hardened"
	umoci unpack --image "$1/image:hardened" "$1/bundle" >/dev/null
	mv "$1/bundle/rootfs" "$1/rootfs"
}

# scanned IMAGE: "NAME VERSION" as mohs has it.
scanned() {
	"$mohs" scan --json "$1" 2>/dev/null | jq -r '.inventory.components[] | "\(.name) \(.version)"' | sort
}

# listed ROOT: the same as apk has it.
listed() {
	judge "$1" query --installed --fields name,version --format json '*' 2>/dev/null |
		jq -r '.[] | "\(.name) \(.version)"' | sort
}

@test "400 pairs of versions are in the order apk has them in" {
	python3 - >pairs <<'END'
import random
rng = random.Random(20261126)
parts = "0 1 10 2 .0 .01 .2 .10 a b _rc _p _git _alpha _pre2 ~0f ~ab -r0 -r1 -r10 _x :".split()
for number in range(400):
    a = str(rng.randint(0, 12)) + "".join(rng.choice(parts) for _ in range(rng.randint(0, 3)))
    b = a[:rng.randint(1, len(a))] + rng.choice(parts) if number % 2 else a + rng.choice(parts)
    print(*((a, b) if rng.random() < .5 else (b, a)))
END
	mkdir -p "$ALPINE/tmp"
	chroot "$ALPINE" sh -c 'while read -r a b; do echo "$(apk version -t "$a" "$b" 2>/dev/null)"; done' <pairs >wanted
	"$build/tests/tools/apk_order" <pairs >got
	paste -d' ' pairs wanted got | awk '$3 != $4' | head
	cmp wanted got
	[ "$(grep -c '<' wanted)" -gt 60 ]
	[ "$(grep -c '>' wanted)" -gt 60 ]
}

@test "the packages are those apk lists" {
	for image in "$ALPINE" "$work/small"; do
		scanned "dir:$image" >got
		listed "$image" >wanted
		[ "$(wc -l <wanted)" -gt 20 ]
		diff wanted got
	done
	"$mohs" scan --json "dir:$work/small" | jq -e '[.gaps[]? | .[]?] | length == 0'
}

@test "the findings are those apk's order gives" {
	python3 - "$work/mirror/alpine/v3.23" "$work/packages" "$ALPINE" >wanted <<'END'
import json, subprocess, sys
folder, packages, alpine = sys.argv[1:]
fixes = {}
for name in ("main", "community"):
    with open(f"{folder}/{name}.json") as source:
        fixes |= {p["pkg"]["name"]: p["pkg"]["secfixes"] for p in json.load(source)["packages"]}
def older(a, b):
    return subprocess.run(["chroot", alpine, "apk", "version", "-t", a, b], capture_output=True).stdout == b"<\n"
for line in open(packages):
    name, version, source, _ = line.split()
    for fixed, texts in fixes[source].items():
        if fixed != "0" and older(version, fixed):
            for cve in " ".join(texts).split():
                if cve.startswith("CVE-"):
                    print(name, version, cve, fixed)
END
	"$mohs" scan --json "dir:$work/small" | jq -r '.findings.before.items[] |
		"\(.package) \(.version) \(.id) \(.fixed_version)"' >got
	diff <(sort wanted) <(sort got)
	[ "$(wc -l <wanted)" -gt $((2 * $(wc -l <"$work/packages"))) ]
}

@test "Trivy finds the same, before and after hardening" {
	need_trivy
	# shellcheck disable=SC2046
	"$root/tests/tools/trivy_db.py" --release "alpine 3.23" cache $(cut -d' ' -f3 "$work/packages")
	harden "$work/file" file
	for image in "$work/small" "$work/file/rootfs"; do
		"$trivy" rootfs --cache-dir cache --offline-scan --skip-db-update --scanners vuln --list-all-pkgs --format json \
			"$image" 2>errors >trivy.json
		jq -r '.Results[].Packages[]? | "\(.Name) \(.Version)"' trivy.json | sort >wanted
		scanned "dir:$image" | diff wanted -
		jq -r '.Results[].Vulnerabilities[]? | "\(.PkgName) \(.VulnerabilityID)"' trivy.json | sort >wanted
		"$mohs" scan --json "dir:$image" | jq -r '.findings.before.items[] |
			select(.id | test("CVE-2026-1...$")) | "\(.package) \(.id)"' | sort >got
		[ -s wanted ]
		diff wanted got
	done
}

@test "what apk says of the hardened image is what is there" {
	harden "$work/file" file
	listed "$work/file/rootfs" >wanted
	cat wanted
	[ "$(cut -d' ' -f1 wanted | tr '\n' ' ')" = "busybox musl " ]
	scanned "oci:$work/file/image:hardened" | diff wanted -
	run judge "$work/file/rootfs" audit --system --recursive --check-permissions
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	cp -a "$work/file/rootfs" uncut
	cp "$work/small/lib/apk/db/installed" uncut/lib/apk/db/installed
	[ "$(judge uncut audit --system --recursive | grep -c '^X ')" -gt 20 ] # it would have seen
	judge "$work/file/rootfs" info -W /bin/busybox | grep -q 'is owned by busybox-'
	judge "$work/file/rootfs" info -qL musl | grep -v '^$' >files
	while read -r file; do
		[ -e "$work/file/rootfs/$file" ] || [ -h "$work/file/rootfs/$file" ]
	done <files
	[ "$(wc -l <files)" -eq 2 ]
	[ ! -e "$work/file/rootfs/lib/apk/db/scripts.tar.gz" ]
	[ "$(cat "$work/file/rootfs/etc/apk/world")" = busybox ]
}

@test "every program and library that is left belongs to a package on record, or is a link" {
	harden "$work/file" file
	(cd "$work/file/rootfs" && find . -type f -exec sh -c 'head -c4 "$1" | grep -q "^.ELF"' _ {} \; -print) >programs
	[ "$(wc -l <programs)" -eq 2 ]
	while read -r program; do
		judge "$work/file/rootfs" info -W "${program#.}" | grep 'is owned by'
	done <programs
}

@test "granularity package: whole packages, with what they depend on" {
	harden "$work/package" package
	listed "$work/package/rootfs" >wanted
	grep -q '^musl ' wanted
	run judge "$work/package/rootfs" audit --system --recursive --check-permissions
	[ -z "$output" ]
	for package in musl busybox; do
		judge "$work/package/rootfs" info -qL "$package" | diff <(judge "$work/small" info -qL "$package") -
	done
}

@test "documents about it have the findings of the image: mohs's and Trivy's" {
	found() {
		"$mohs" scan --json "$1" 2>/dev/null | jq -r '.findings.before.items[] |
			"\(.package) \(.version) \(.id) \(.fixed_version)"' | sort
	}
	found "dir:$work/small" >wanted
	[ -s wanted ]
	for format in spdx cyclonedx cyclonedx-1.5; do
		"$mohs" sbom --format "$format" "dir:$work/small" -o out.json
		found sbom:out.json | diff wanted -
	done
	need_trivy
	for format in cyclonedx spdx-json; do
		"$trivy" rootfs --cache-dir cache --offline-scan --skip-db-update --format "$format" "$work/small" \
			2>errors >out.json
		found sbom:out.json | diff wanted -
	done
}

@test "the bill of materials has apk's licences and dependencies" {
	"$mohs" sbom "dir:$work/small" -o out.json
	awk '{ print $1, $2, $4, $3, $2 }' "$work/packages" >packages
	"$root/tests/tools/sbom_check.py" out.json packages
	jq -e '.packages[] | select(.name == "musl") | .licenseDeclared == "MIT"' out.json
	jq -e '.packages[] | select(.name == "curl") | .externalRefs[] | select(.referenceType == "purl") |
		.referenceLocator | test("^pkg:apk/alpine/curl@[^?]*[?]arch=x86_64&distro=alpine-3.23")' out.json
	id() { jq -r --arg name "$1" '.packages[] | select(.name == $name) | .SPDXID' out.json; }
	jq -e --arg a "$(id curl)" --arg b "$(id libcurl)" '.relationships[] |
		select((.spdxElementId == $a and .relatedSpdxElement == $b) or (.spdxElementId == $b and .relatedSpdxElement == $a))' out.json
}
