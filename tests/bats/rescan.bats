#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs rescan: stored bills of materials against a database that changes.

bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root
	export mohs=${MOHS:-${MOHS_BUILD:-$root/build}/src/cmd/mohs}
	command -v jq >/dev/null || { export why_not="needs jq"; return; }
	cd "$BATS_FILE_TMPDIR"
	# Yesterday one CVE of curl was known, today another and none of the first.
	feed yesterday CVE-2024-90001
	feed today CVE-2024-90002
	for day in yesterday today; do
		"$mohs" db import --db $day.db $day >/dev/null
	done
}

# feed FOLDER CVE: curl has it, fixed in 8; every day zlib has CVE-2023-90009 without a fix.
feed() {
	mkdir -p "$1/debian"
	cp -r "$root/data/advisories/epss" "$root/data/advisories/kev" "$root/data/advisories/nvd" "$1"
	jq -n --arg cve "$2" '{
		curl: {($cve): {releases: {bookworm: {status: "resolved", fixed_version: "8-1",
			repositories: {bookworm: "7-1"}, urgency: "not yet assigned"}}}},
		zlib: {"CVE-2023-90009": {releases: {bookworm: {status: "open",
			repositories: {bookworm: "1-1"}, urgency: "low"}}}}}' >"$1/debian/tracker.json"
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return 1
	export MOHS_CACHE=$PWD/cache
	mkdir -p bills/deep
	bill 7-1 >bills/shop.cdx.json
	bill 9-1 >bills/deep/news.json
	echo '{"what": "no bill"}' >bills/other.json
}

# bill VERSION: a Debian 12 with that curl and a zlib.
bill() {
	jq -n --arg version "$1" '{bomFormat: "CycloneDX", specVersion: "1.6", version: 1,
		metadata: {component: {type: "container", name: "shop"}}, components: [
		{type: "operating-system", name: "debian", version: "12"},
		{type: "library", name: "curl", version: $version,
			purl: "pkg:deb/debian/curl@\($version)?arch=amd64&distro=debian-12"},
		{type: "library", name: "zlib", version: "1-1",
			purl: "pkg:deb/debian/zlib@1-1?arch=amd64&distro=debian-12"}]}'
}

rescan() {
	run --separate-stderr "$mohs" rescan --db "$BATS_FILE_TMPDIR/$1.db" "${@:2}"
}

@test "what is new and what is gone after an update" {
	rescan yesterday --fail-on-new low bills
	[ "$status" -eq 0 ]
	[[ $output == *"2 images, 0 of them changed"* && $output == *"2 for the first time"* ]]
	[[ $output == *"1 other JSON files left out"* ]]

	rescan yesterday bills
	[ "$status" -eq 0 ]
	[[ $output != *shop* && $output == *"the database is that of the last time"* ]]

	cp -r cache kept
	rescan today --json bills
	[ "$status" -eq 0 ]
	[ "$(jq -r '.images[] | "\(.path) \(.findings.total) \([.new[].id]) \([.gone[].id])"' <<<"$output")" = \
		'bills/deep/news.json 1 [] []
bills/shop.cdx.json 2 ["CVE-2024-90002"] ["CVE-2024-90001"]' ]
	[ "$(jq -r '.images[1].new[0] | "\(.package) \(.version) \(.fixedVersion) \(.severity)"' <<<"$output")" = \
		"curl 7-1 8-1 unknown" ]

	# Again from what was kept, from another place and by another name of the same folder.
	rm -r cache
	mv kept cache
	cd bills
	rescan today --fail-on-new negligible "$PWD/../bills/"
	[ "$status" -eq 1 ]
	[[ $output == *"1 of them changed: 1 finding new, 1 gone"* ]]
	[[ $stderr == *"failed: 1 image with findings of --fail-on-new negligible"* ]]
	rescan today --fail-on-new negligible .
	[ "$status" -eq 0 ]
	rescan today --fail-on low .
	[ "$status" -eq 1 ]
	rescan today --fail-on medium .
	[ "$status" -eq 0 ]
}

@test "a bill that is damaged or replaced" {
	rescan yesterday bills
	[ "$status" -eq 0 ]
	head -c 100 bills/shop.cdx.json >cut
	cp bills/shop.cdx.json whole
	mv cut bills/shop.cdx.json
	rescan today bills
	[ "$status" -eq 3 ]
	[[ $stderr == *"bills/shop.cdx.json: "*"not valid JSON"* && $output == *"1 could not be read"* ]]

	# What was known of it is still known.
	mv whole bills/shop.cdx.json
	rescan today bills
	[ "$status" -eq 0 ]
	[[ $output == *"1 finding new, 1 gone"* ]]

	bill 8-1 >bills/shop.cdx.json
	rm bills/deep/news.json
	rescan today --json bills
	[ "$status" -eq 0 ]
	[ "$(jq -r '.missing, (.images[] | .documentChanged, .gone[].id)' <<<"$output" | tr '\n' ' ')" = \
		"1 true CVE-2024-90002 " ]
}

@test "what cannot be told is not passed over" {
	echo '{"what": "no bill"}' >none
	rescan today none
	[ "$status" -eq 3 ]
	[[ $stderr == *"none: "* ]]
	rescan today nowhere
	[ "$status" -eq 3 ]
	bill 7-1 | jq '.components[0].version = "99"' | sed s/debian-12/debian-99/g >bills/shop.cdx.json
	rescan today bills
	[ "$status" -eq 0 ]
	[[ $output == *"1 not matched"* ]]
	rescan today --fail-on critical bills
	[ "$status" -eq 3 ]
	[[ $stderr == *"shop.cdx.json: not matched"* ]]

	# The file that is kept is replaced or refused, never half believed.
	echo damaged >state
	rescan today --state state bills
	[ "$status" -eq 3 ]
	[[ $stderr == *state* ]] && [ "$(cat state)" = damaged ]
	rm state
	rescan today --state state bills
	[ "$status" -eq 0 ] && [ "$(stat -c %a state)" = 600 ]
}

@test "diff of two bills: what is new, and what is gone though its package is not" {
	bill 9-1 | jq 'del(.components[1])' >without.json
	export MOHS_DB=$BATS_FILE_TMPDIR/today.db
	"$mohs" diff bills/shop.cdx.json bills/deep/news.json >out
	grep -A 2 '^Gone:$' out | grep -Eq '^unknown +CVE-2024-90002 +curl +7-1 +8-1'
	[ "$(grep -c '^New:$' out)" -eq 0 ]
	"$mohs" diff bills/deep/news.json bills/shop.cdx.json >out
	grep -A 2 '^New:$' out | grep -Eq '^unknown +CVE-2024-90002 +curl +7-1 +8-1'
	[ "$(grep -c '^Gone:$' out)" -eq 0 ]
	"$mohs" diff bills/shop.cdx.json without.json >out
	grep -q '^1 finding is gone with its package$' out
	[ "$(grep -c '^Gone:$' out)" -eq 0 ]
	jq 'del(.components[0])' without.json | sed 's/&distro=debian-12//; s/debian/other/' >unknown.json
	"$mohs" diff bills/shop.cdx.json unknown.json >out
	grep -q '^No advisories could be matched for the second image' out
	[ "$(grep -c gone out)" -eq 0 ]
}
