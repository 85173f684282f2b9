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
	[ "$(json '[f["name"] for f in d["feeds"]]')" = "['debian', 'epss', 'kev', 'nvd']" ]
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
	[ "$(json '[f["outcome"] for f in d["feeds"]]')" = "['kept', 'new', 'new', 'new']" ]
	[ "$(digest)" = "$before" ]
	rm mirror/kev/*.json
	rm "$MOHS_DB"
	cp "$DATA/debian/tracker.json.zst" mirror/debian/
	run --separate-stderr "$MOHS" db import mirror --json
	[ "$status" -eq 3 ]
	[ "$(json '[f["outcome"] for f in d["feeds"]]')" = "['new', 'new', 'missing', 'new']" ]
	run --separate-stderr "$MOHS" db status
	[[ "$output" == *"no finding says whether it is exploited"* ]]
}

@test "an HTTP mirror is asked only for what changed" {
	cp -r "$DATA" mirror
	serve mirror
	run --separate-stderr "$MOHS" db update --mirror "$URL/" --json
	[ "$status" -eq 0 ]
	[ "$(json '[f["outcome"] for f in d["feeds"]]')" = "['new', 'new', 'new', 'new']" ]
	before=$(digest)
	: >requests
	touch -d '2027-01-01' mirror/kev/*
	run --separate-stderr "$MOHS" db update --mirror "$URL" --json
	[ "$status" -eq 0 ]
	[ "$(json '[f["outcome"] for f in d["feeds"]]')" = "['unchanged', 'unchanged', 'new', 'unchanged']" ]
	[ "$(json 'd["database"]["date"]')" = 2026-11-23T00:00:00Z ]
	[ "$(grep -c '^304' requests)" -eq 3 ]
	[ "$(digest)" = "$before" ]
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
	[ "$(json 'd["feeds"][3]["records"]')" = 2003 ]
	[ "$(grep -c '^200 /api?resultsPerPage=2000&startIndex=[02]0*[^&]* secret$' requests)" -eq 2 ]
	before=$(digest)
	run --separate-stderr "$MOHS" db update --mirror "$URL" --nvd "$URL/api" --json
	[ "$status" -eq 0 ]
	[ "$(json 'd["feeds"][3]["records"]')" = 2003 ]
	grep -q 'startIndex=0&lastModStartDate=2026-11-23T06:00:00Z&lastModEndDate=2026-11-23T08:00:00Z' requests
	[ "$(digest)" != "$before" ]
	! grep -q secret "$MOHS_DB"
}
