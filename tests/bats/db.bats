#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs db: from folders, from an HTTP mirror on loopback, and what happens when feeds break.
# $MOHS_BUILD: the build folder (default: build).

bats_require_minimum_version 1.5.0

setup() {
	MOHS="${MOHS_BUILD:-$BATS_TEST_DIRNAME/../../build}/src/cmd/mohs"
	DATA="$BATS_TEST_DIRNAME/../../data/advisories"
	export MOHS_DB="$BATS_TEST_TMPDIR/cache/advisories.db"
	export SOURCE_DATE_EPOCH=1795420800 # 2026-11-23T08:00:00Z
	SERVER=
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[ -z "$SERVER" ] || kill "$SERVER"
}

# serve FOLDER: sets $URL
serve() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	"$BATS_TEST_DIRNAME/feed_server.py" "$1" "$BATS_TEST_TMPDIR/requests" 3>&- &
	SERVER=$!
	for _ in $(seq 100); do
		[ -s requests.port ] && break
		sleep 0.1
	done
	URL="http://127.0.0.1:$(cat requests.port)"
}

# json FILTER: of $output, by python
json() {
	python3 -c "import json,sys; d=json.load(sys.stdin); print($1)" <<<"$output"
}

# what became of each feed that the mirror has, of $output
outcomes() {
	json '" ".join(f["name"] + ":" + f["outcome"] for f in d["feeds"] if f["outcome"] != "absent")'
}

# a member of a feed, of $output
feed() {
	json "next(f[\"$2\"] for f in d[\"feeds\"] if f[\"name\"] == \"$1\")"
}

digest() {
	grep -o 'sha256:[0-9a-f]*' <<<"$("$MOHS" db status 2>/dev/null)"
}

@test "import of the snapshot, and its status" {
	run --separate-stderr "$MOHS" db import "$DATA"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	run --separate-stderr "$MOHS" db status --json
	[ "$status" -eq 0 ]
	[ "$(json 'd["database"]["advisories"]')" = 23888 ]
	[ "$(json 'd["database"]["date"]')" = 2026-11-23T00:00:00Z ]
	[ "$(json 'd["age_seconds"], d["stale"]')" = "28800 False" ]
	[ "$(json '[f["name"] for f in d["feeds"] if f["date"]]')" = "['debian', 'epss', 'kev', 'nvd']" ]
	[ "$(json 'd["releases"]')" = "[{'advisories': 23888, 'distribution': 'debian', 'release': 'bookworm'}]" ]
	[ ! -e "$MOHS_DB.new" ]
}

@test "old advisories are said to be stale" {
	"$MOHS" db import "$DATA"
	export SOURCE_DATE_EPOCH=$((SOURCE_DATE_EPOCH + 5 * 86400))
	run --separate-stderr "$MOHS" db status
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"5 days old"* ]]
}

@test "export gives the same bytes and the same content back" {
	"$MOHS" db import "$DATA"
	before=$(digest)
	"$MOHS" db export --release bookworm one
	diff -r one "$DATA" --exclude README.md
	"$MOHS" db import one
	[ "$(digest)" = "$before" ]
	run --separate-stderr "$MOHS" db export --release sid two
	[ "$status" -eq 3 ]
	[ ! -e two ]
}

@test "no, empty and foreign databases have clear errors" {
	run --separate-stderr "$MOHS" db status
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"mohs db update"* ]]
	mkdir -p cache
	: >"$MOHS_DB"
	run --separate-stderr "$MOHS" db status
	[ "$status" -eq 3 ]
	[[ "$stderr" == *empty* ]]
	printf 'PK some other file, long enough to have a header of one hundred bytes ..............................' >"$MOHS_DB"
	run --separate-stderr "$MOHS" db status
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"not an advisory database"* ]]
	run --separate-stderr "$MOHS" db import "$DATA"
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"was not used"* ]]
}

@test "wrong usage" {
	for words in "" "frob" "update --release x" "status extra" "export" "import" \
		"import http://127.0.0.1/" "update --no-such"; do
		# shellcheck disable=SC2086
		run "$MOHS" db $words
		[ "$status" -eq 2 ]
	done
	run "$MOHS" db --help
	[ "$status" -eq 0 ]
	[[ "$output" == *--mirror* ]]
}

@test "a mirror that is not there leaves the database alone" {
	"$MOHS" db import "$DATA"
	before=$(sha256sum <"$MOHS_DB")
	run --separate-stderr "$MOHS" db update --mirror "$BATS_TEST_TMPDIR/nowhere"
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"database is as it was"* ]]
	[ "$(sha256sum <"$MOHS_DB")" = "$before" ]
	[ ! -e "$MOHS_DB.new" ]
}

@test "a broken feed keeps its old rows and says so; the others are new" {
	cp -r "$DATA" mirror
	"$MOHS" db import mirror
	before=$(digest)
	head -c 40000 "$DATA/debian/tracker.json.zst" >mirror/debian/tracker.json.zst
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"feed debian: cannot be had"*"2026-11-23"* ]]
	[ "$(outcomes)" = "debian:kept epss:unchanged kev:unchanged nvd:unchanged" ]
	[ "$(digest)" = "$before" ]
	rm mirror/kev/*.json
	rm "$MOHS_DB"
	cp "$DATA/debian/tracker.json.zst" mirror/debian/
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 3 ]
	[ "$(outcomes)" = "debian:new epss:new kev:missing nvd:new" ]
	run --separate-stderr "$MOHS" db status
	[[ "$output" == *"no finding says whether it is exploited"* ]]
}

@test "an HTTP mirror is asked only for what changed" {
	cp -r "$DATA" mirror
	serve mirror
	run --separate-stderr "$MOHS" db update --mirror "$URL/" --json
	[ "$status" -eq 0 ]
	[ "$(outcomes)" = "debian:new epss:new kev:new nvd:new" ]
	before=$(digest)
	: >requests
	# of these two, one is only said to be newer
	touch -d '2027-01-01' mirror/epss/*
	sed -i '0,/CVE-[0-9-]*/s//CVE-2026-9999/' mirror/kev/*.json
	touch -d '2027-01-01' mirror/kev/*
	run --separate-stderr "$MOHS" db update --mirror "$URL" --json
	[ "$status" -eq 0 ]
	[ "$(outcomes)" = "debian:unchanged epss:unchanged kev:new nvd:unchanged" ]
	[ "$(feed kev changed)" = "{'read': 1, 'removed': 1}" ]
	[ "$(json 'd["database"]["date"]')" = 2026-11-23T00:00:00Z ]
	[ "$(grep -c '^304' requests)" -eq 2 ]
	[ "$(digest)" != "$before" ]
	"$MOHS" db import --db whole.db mirror
	[ "$("$MOHS" db status --db whole.db | grep -o 'sha256:[0-9a-f]*')" = "$(digest)" ]
	[ ! -e "$MOHS_DB.parts" ]
}

@test "what changed in a mirror gives what reading all of it gives" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	"$BATS_TEST_DIRNAME/feed_edits.py" "$MOHS" "$BATS_TEST_TMPDIR" 6
}

@test "what is damaged beside or in the old database is read anew" {
	cp -r "$DATA" mirror
	"$MOHS" db import mirror
	before=$(digest)
	for file in "$MOHS_DB" "$MOHS_DB.records"; do
		size=$(stat -c %s "$file")
		printf 'this does not belong here' | dd of="$file" bs=1 seek=$((size / 2)) conv=notrunc status=none
		printf '\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00' >>mirror/debian/tracker.json.zst # an empty frame
		run --separate-stderr "$MOHS" db import mirror
		[ "$status" -eq 0 ]
		[ "$(digest)" = "$before" ]
		[ ! -e "$MOHS_DB.new" ]
	done
	rm "$MOHS_DB.records"
	run --separate-stderr "$MOHS" db import mirror
	[ "$status" -eq 0 ]
	[ "$(digest)" = "$before" ]
}

# killed_update: an update of $URL that is killed when the server has cut its answer
killed_update() {
	"$MOHS" db update --mirror "$URL" >/dev/null 2>&1 3>&- &
	for _ in $(seq 300); do
		[ -z "$(find cache/advisories.db.parts -size 5000c 2>/dev/null)" ] || break
		sleep 0.1
	done
	kill -9 $!
	wait $! || true
	rm requests.cut
	: >requests
}

@test "a download that was cut goes on where it ended, and never with another version" {
	cp -r "$DATA" mirror
	rm mirror/feeds.json
	serve mirror
	touch requests.etag
	echo "/nvd/cves.json.zst 5000" >requests.cut
	killed_update
	run --separate-stderr "$MOHS" db update --mirror "$URL"
	[ "$status" -eq 0 ]
	grep -q '^206 /nvd/cves.json.zst' requests
	[ "$(grep -c '^304' requests)" -eq 3 ]
	before=$(digest)
	[ ! -e "$MOHS_DB.parts" ]
	[ "$(ls cache)" = "$(printf 'advisories.db\nadvisories.db.records')" ]

	# The server has another version meanwhile; then it also goes on with it as if it were the same.
	for stubborn in "" yes; do
		rm -r cache
		: >requests
		echo "/nvd/cves.json.zst 5000" >requests.cut
		killed_update
		printf '\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00' >>mirror/nvd/cves.json.zst # an empty frame
		[ -z "$stubborn" ] || touch requests.stubborn
		run --separate-stderr "$MOHS" db update --mirror "$URL"
		[ "$status" -eq 0 ]
		[ "$(digest)" = "$before" ]
		grep -q '^200 /nvd/cves.json.zst' requests
	done
	grep -q '^206 /nvd/cves.json.zst' requests
}

# secdb FILE RELEASE REPOSITORY VERSION: a document of Alpine's in which musl has a fix.
secdb() {
	mkdir -p "$(dirname "$1")"
	cat >"$1" <<END
{"apkurl": "{{urlprefix}}/x", "archs": ["x86_64"], "distroversion": "$2", "reponame": "$3",
 "packages": [{"pkg": {"name": "$3-musl", "secfixes": {"$4": ["CVE-2026-0001"], "0": ["CVE-2026-0002"]}}}]}
END
}

@test "a feed of several documents: those of a release stand together" {
	cp -r "$DATA" mirror
	for repository in main community; do
		secdb mirror/alpine/v3.24/$repository.json v3.24 $repository 1.2.6-r2
		secdb mirror/alpine/edge/$repository.json edge $repository 1.2.7-r0
	done
	secdb mirror/wolfi/security.json "" os 1-r0
	gzip mirror/alpine/edge/main.json
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 0 ]
	[ "$(feed alpine records):$(feed alpine problem)" = "8:" ]
	[ "$(outcomes)" = "alpine:new debian:new epss:new kev:new nvd:new wolfi:new" ]
	run --separate-stderr "$MOHS" db status --json
	[ "$(json '[(r["distribution"], r["release"], r["advisories"]) for r in d["releases"]]')" = \
		"[('alpine', 'edge', 4), ('alpine', 'v3.24', 4), ('debian', 'bookworm', 23888), ('wolfi', 'rolling', 2)]" ]
	before=$(digest)
	"$MOHS" db export whole
	(cd whole && find . -type f | sort) >files
	[ "$(grep -c 'alpine/\|wolfi/' files)" -eq 5 ]
	"$MOHS" db import --db whole.db whole
	[ "$("$MOHS" db status --db whole.db | grep -o 'sha256:[0-9a-f]*')" = "$before" ]
	"$MOHS" db export --release edge some
	(cd some && find . -type f | sort | tr '\n' ' ') >files
	[ "$(cat files)" = "./alpine/edge/community.json ./alpine/edge/main.json ./epss/epss_scores-current.csv.gz \
./feeds.json ./kev/known_exploited_vulnerabilities.json ./nvd/cves.json.zst " ]

	# Half a release would make packages look clean: the old rows stay, and that is said.
	rm mirror/alpine/v3.24/community.json
	run --separate-stderr "$MOHS" db import mirror
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"feed alpine: cannot be had (only a part of v3.24 is there)"* ]]
	[ "$(digest)" = "$before" ]

	# So would a document in the place of another.
	secdb mirror/alpine/v3.24/community.json edge community 1.2.7-r0
	run --separate-stderr "$MOHS" db import mirror
	[ "$status" -eq 3 ]
	[[ "$stderr" == *"alpine/v3.24/community.json: it is not of release v3.24"* ]]
	[ "$(digest)" = "$before" ]

	# A release that is not there at all is not covered, and a whole distribution is no failure.
	rm -r mirror/alpine/v3.24 "$MOHS_DB"
	run --separate-stderr "$MOHS" db import mirror
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	mkdir -p root/etc root/lib/apk/db
	printf 'ID=alpine\nVERSION_ID=3.24.1\n' >root/etc/os-release
	printf 'P:musl\nV:1.2.5-r0\no:main-musl\n\n' >root/lib/apk/db/installed
	run "$MOHS" scan "dir:$PWD/root"
	[[ "$output" == *"the database has none for alpine v3.24"* ]]
	printf 'ID=alpine\nPRETTY_NAME="Alpine Linux edge"\n' >root/etc/os-release
	run "$MOHS" scan "dir:$PWD/root"
	[[ "$output" == *"CVE-2026-0001"*"1.2.7-r0"* ]]
	[[ "$output" != *"CVE-2026-0002"* ]]
	[[ "$output" != *"not on the mirror"* ]]

	# Debian alone missing is, where nothing else is there.
	rm -r mirror/alpine mirror/wolfi mirror/debian "$MOHS_DB"
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 3 ]
	[ "$(feed debian outcome)" = missing ]
}

@test "a mirror without dates has those of its files" {
	cp -r "$DATA" mirror
	rm mirror/feeds.json
	touch -d 2026-11-20T10:00:00Z mirror/debian/*
	serve mirror
	run --separate-stderr "$MOHS" db update --mirror "$URL" --json
	[ "$(json 'd["database"]["date"]')" = 2026-11-20T10:00:00Z ]
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$(json 'd["database"]["date"]')" = 2026-11-20T10:00:00Z ]
}

@test "NVD's API is read page by page, then only its changes" {
	cp -r "$DATA" mirror
	serve mirror
	export NVD_API_KEY=secret
	run --separate-stderr "$MOHS" db update --mirror "$URL" --nvd "$URL/api" --json
	[ "$status" -eq 0 ]
	[ "$(feed nvd records)" = 2003 ]
	[ "$(grep -c '^200 /api?resultsPerPage=2000&startIndex=[02]0*[^&]* secret$' requests)" -eq 2 ]
	before=$(digest)
	run --separate-stderr "$MOHS" db update --mirror "$URL" --nvd "$URL/api" --json
	[ "$status" -eq 0 ]
	[ "$(feed nvd records)" = 2003 ]
	grep -q 'startIndex=0&lastModStartDate=2026-11-23T06:00:00Z&lastModEndDate=2026-11-23T08:00:00Z' requests
	[ "$(digest)" != "$before" ]
	! grep -q secret "$MOHS_DB"
}
