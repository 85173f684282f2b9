#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs db: feeds that are archives of records (OSV, VEX) or XML, and a choice of feeds.
# $MOHS_BUILD: the build folder (default: build).

bats_require_minimum_version 1.5.0

setup_file() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	command -v zstd >/dev/null || skip "zstd is not installed"
	"$BATS_TEST_DIRNAME/feed_mirror.py" "$BATS_FILE_TMPDIR/mirror"
}

setup() {
	MOHS="${MOHS_BUILD:-$BATS_TEST_DIRNAME/../../build}/src/cmd/mohs"
	MIRROR="$BATS_FILE_TMPDIR/mirror"
	export MOHS_DB="$BATS_TEST_TMPDIR/advisories.db"
	export SOURCE_DATE_EPOCH=1795420800 # 2026-11-23T08:00:00Z
	cd "$BATS_TEST_TMPDIR" || return 1
}

# json FILTER: of $output, by python
json() {
	python3 -c "import json,sys; d=json.load(sys.stdin); print($1)" <<<"$output"
}

digest() {
	grep -o 'sha256:[0-9a-f]*' <<<"$("$MOHS" db status "$@" 2>/dev/null)"
}

# of_archive FILE MEMBER FILTER: a record of a zip, by python
of_archive() {
	python3 -c "import json,sys,zipfile
d = json.loads(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2])); print($3)" "$1" "$2"
}

@test "every feed has its releases, and goes out in its own format and back" {
	run --separate-stderr "$MOHS" db import "$MIRROR" --json
	[ "$status" -eq 0 ]
	[ "$(json '[(f["name"], f["records"], f["skipped"]) for f in d["feeds"] if f["outcome"] == "new"]' | tr -d "(',)[]")" = \
		"almalinux 1 0 amazon 4 0 azurelinux 1 0 epss 1 0 kev 1 0 nuget 1 0 nvd 0 0 opensuse 2 0 oracle 1 0 pypi 3 1 redhat 8 0 rocky 1 0 suse 2 0 ubuntu 2 0" ]
	[[ "$stderr" == *"feed pypi: partial: three packages only; 1 malformed record is not in: PYSEC-2024-3: a: names no versions"* ]]
	run --separate-stderr "$MOHS" db status --json
	[ "$(json '" ".join(r["distribution"] + "/" + r["release"] for r in d["releases"])')" = \
		"almalinux/8 amazon/2 amazon/2023 azurelinux/3.0 nuget/all opensuse/15.6 opensuse/tumbleweed oracle/8 pypi/all \
redhat/10 redhat/8 redhat/9 rocky/9 suse/15.5 ubuntu/18.04-pro ubuntu/22.04" ]
	run --separate-stderr "$MOHS" db status
	[[ "$output" == *"not on the mirror: "*"debian"* ]]

	"$MOHS" db export one
	TZ=Asia/Tokyo "$MOHS" db export two
	diff -r one two
	"$MOHS" db import --db back.db one
	[ "$(digest --db back.db)" = "$(digest)" ]
	grep -q '"partial": "three packages only; 1 malformed' one/feeds.json

	# Records of two databases are one, with the versions of both.
	record="$(of_archive one/osv/PyPI/all.zip CVE-2024-0001.json 'json.dumps(d["affected"][0])')"
	[ "$(python3 -c 'import json,sys; a=json.loads(sys.argv[1]); print(a["package"]["name"], [[*e.items()] for r in a["ranges"] for e in r["events"]])' "$record" | tr -d "[](),'")" = \
		"foo-bar introduced 0 fixed 1.5 introduced 1.2 fixed 1.6 introduced 2.0 last_affected 2.1" ]
	zstd -dqc one/redhat/csaf_vex.tar.zst | tar x
	[ "$(cat ./*.json | grep -c '"no_fix_planned"')" -eq 2 ]
}

@test "a scan says of which feeds its findings are, and that one is partial" {
	"$MOHS" db import "$MIRROR"
	cat >bom.json <<-'END'
		{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
		 {"type": "library", "name": "foo-bar", "version": "1.5.1", "purl": "pkg:pypi/foo-bar@1.5.1"}]}
	END
	run --separate-stderr "$MOHS" scan --format json sbom:bom.json
	[[ "$output$stderr" == *"three packages only"* ]]
	[[ "$output" == *"CVE-2024-0001"* ]]
}

@test "only what is asked for is loaded; the rest stays as it was" {
	"$MOHS" db import --only pypi,ubuntu "$MIRROR"
	run --separate-stderr "$MOHS" db status --json
	[ "$(json '[f["name"] for f in d["feeds"]]')" = "['pypi', 'ubuntu']" ]
	before=$(digest)
	run --separate-stderr "$MOHS" db import --only pypi,rocky --skip pypi "$MIRROR"
	[ "$status" -eq 0 ]
	[[ "$output" == *pypi*partial*rocky*new*ubuntu*"not asked for"*"not asked for, and not in: "*redhat* ]]
	[ "$(digest)" != "$before" ]
	run --separate-stderr "$MOHS" db update --only debain
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'no feed "debain"'* ]]
	run --separate-stderr "$MOHS" db status --only pypi
	[ "$status" -eq 2 ]
}

@test "a damaged archive keeps the old rows" {
	cp -r "$MIRROR" mirror
	"$MOHS" db import mirror
	before=$(digest)
	for file in osv/PyPI/all.zip redhat/csaf_vex.tar.zst oracle/com.oracle.elsa-all.xml.bz2 amazon/2023/updateinfo.xml; do
		truncate -s -40 "mirror/$file"
	done
	printf '{"id": "A-1"}' >"mirror/osv/Rocky Linux/all.zip"
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 3 ]
	[ "$(json '[f["name"] for f in d["feeds"] if f["outcome"] == "kept"]')" = "['amazon', 'oracle', 'pypi', 'redhat', 'rocky']" ]
	[ "$(digest)" = "$before" ]
}
