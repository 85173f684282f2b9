#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How sure it is that nothing needed was removed: a real nginx image whose load is repeated, and of
# which one repetition asks for a page that no other does. The figures are worked out anew in Python.

load images

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export work=${MOHS_BUILD:-$PWD/build}/confidence-test
	export image=${MOHS_BUILD:-$PWD/build}/run-test/image
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	mkdir -p "$work"
	demo_image "$image"
	"$mohs" db update --mirror data/advisories
	rm -rf "$work/service" "$work/out"
	mkdir "$work/service"
	cat >"$work/service/load" <<'LOAD'
#!/bin/bash
set -e
n=$(cat count 2>/dev/null || echo 0)
echo $((n + 1)) >count
curl -fsS http://127.0.0.1/ >/dev/null
[ "$n" -ne 2 ] || curl -fsS http://127.0.0.1/large.txt >/dev/null
LOAD
	chmod +x "$work/service/load"
	cat >"$work/service/mohs.yaml" <<YAML
service: shop
image: oci:$image:nginx
ready: {http: "http://127.0.0.1/healthz"}
loads:
  - {name: browse, run: [./load], repeat: 3}
policy: policy.yaml
YAML
	cat >"$work/service/policy.yaml" <<'YAML'
checks:
  baseline: {max_database_age: 3650d}
  profile: {min_duration: 0s, max_risk: 5%}
YAML
	"$mohs" run --no-limits -f "$work/service/mohs.yaml" -o "$work/out" >"$work/report" 2>"$work/errors" || true
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	evidence=$work/out/evidence.json
	[ -f "$evidence" ] || { cat "$work/errors"; return 1; }
}

@test "each repetition is a phase, and the page of the third is of the third" {
	jq -e '[.phases[] | select(.kind == "load") | .repetition] == [1, 2, 3]' "$work/out/profile.json"
	jq -e '.phases as $phases | .paths[] | select(.path == "/var/www/html/large.txt")
		| [.phases[] | $phases[.].repetition] == [3]' "$work/out/profile.json"
}

@test "one of two later repetitions needed what no other had" {
	jq -e '.confidence | .estimable and .repetitions == 3 and .samples == 2 and .observed == 1
		and .singletons == 1 and .novel_samples == 1 and .expected_unseen == 0.5 and .probability == 0.5' "$evidence"
}

@test "an independent computation agrees" {
	tests/tools/confidence_check.py "$work/out/profile.json" "$evidence"
	# it would see a difference
	jq '.confidence.risk = 0.05' "$evidence" >"$BATS_TEST_TMPDIR/evidence.json"
	run tests/tools/confidence_check.py "$work/out/profile.json" "$BATS_TEST_TMPDIR/evidence.json"
	[ "$status" -eq 1 ]
}

@test "the row says the risk, and a policy with a limit fails it" {
	grep -q 'risk <= 97.5 % (95 %)' "$work/report"
	jq -e '.verdict.checks[] | select(.check == "profile") | .state == "fail"
		and (.detail | contains("above 5 %: repeat every load more often"))' "$evidence"
	jq -e '.verdict.policy.profile_risk_maximum == 0.05' "$evidence"
}

@test "a load that ran once gives no figure, and fails a limit" {
	sed 's/, repeat: 3//' "$work/service/mohs.yaml" >"$work/service/once.yaml"
	run "$mohs" run --no-limits -f "$work/service/once.yaml" -o "$work/once"
	[ "$status" -eq 1 ]
	jq -e '.confidence == {"estimable": false, "level": 0.95, "repetitions": 1,
		"why_not": "load browse ran once: repeat it"}' "$work/once/evidence.json"
	jq -e '.verdict.checks[] | select(.check == "profile") | .state == "fail"
		and (.detail | contains("is not known: repeat every load"))' "$work/once/evidence.json"
	tests/tools/confidence_check.py "$work/once/profile.json" "$work/once/evidence.json"
}

@test "paths at risk are removed files, within reach of kept ones" {
	jq -e '.at_risk.found > 0 and (.at_risk.items | length) == .at_risk.found' "$evidence"
	jq -e '[.plan.paths[].path] as $kept | .at_risk.items
		| all((.via | IN($kept[])) and .files > 0)' "$evidence"
	jq -e '[.plan.paths[].path] as $kept | .at_risk.items
		| map(select(.reason | IN("gconv", "locale", "texts") | not)) | all(.path | IN($kept[]) | not)' "$evidence"
	grep -q '^Removed, and at risk of being asked for:' "$work/report"
}

@test "why says that a removed path is at risk, and what can ask for it" {
	path=$(jq -r '[.at_risk.items[] | select(.reason == "library")][0].path' "$evidence")
	[ "$path" != null ]
	run "$mohs" why "$evidence" "$path"
	[ "$status" -eq 0 ]
	[[ $output == *"at risk: its name is in the text of a kept file"* ]]
	run "$mohs" why "$evidence" /usr/bin/dpkg
	[ "$status" -eq 0 ]
	[[ $output != *"at risk"* ]]
}
