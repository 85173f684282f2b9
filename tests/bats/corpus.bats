#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Three small applications of the corpus, from packages to a verdict: they still work when hardened.
# The whole corpus is `make corpus`; time is measured there.

setup_file() {
	export work=${MOHS_BUILD:-$PWD/build}/corpus-test
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	. /etc/os-release
	if [ "$ID" != debian ] && [ -z "${MOHS_DEMO_MIRROR:-}" ]; then
		export why_not="needs a Debian archive"
		return
	fi
	mkdir -p "$work/tmp"
	export TMPDIR=$work/tmp MOHS=${MOHS:-$PWD/build/src/cmd/mohs}
	status=0
	corpus/run --quick --results "$work" >"$work/output" 2>&1 || status=$?
	echo "$status" >"$work/status"
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
}

# above_the_bar APP: everything asked of a single image.
above_the_bar() {
	cat "$work/output"
	jq -e --arg app "$1" '.released[$app]
		| .reduction >= 0.7
		and .tests.before.passed > 20
		and .tests.before == .tests.after
		and .tests.after.failed == 0
		and .shells == []
		and .image.after.size <= .image.before.size
		and .checks.profile.state == "pass"' "$work/results.json"
}

@test "nginx, with TLS and HTTP/2, works hardened" {
	above_the_bar nginx
}

@test "haproxy, with a web server beside it, works hardened" {
	above_the_bar haproxy
}

@test "mosquitto, as its own user with a plug-in, works hardened" {
	above_the_bar mosquitto
}

@test "the run says that nothing is below the bar" {
	cat "$work/output"
	[ "$(cat "$work/status")" -eq 0 ]
	! grep -q '^below the bar' "$work/output"
}

@test "the tables tell what the evidence tells" {
	for app in nginx haproxy mosquitto; do
		jq -e --slurpfile results "$work/results.json" --arg app "$app" '
			.findings.after.findings.total == $results[0].released[$app].findings.after.findings.total
			and .tests.passed == $results[0].released[$app].tests.after.passed' "$work/released/$app/hardened/evidence.json"
		grep -q "^| $app |" "$work/RESULTS.md"
	done
}
