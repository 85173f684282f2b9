#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Matching, judged by a script that asks dpkg. $MOHS_BUILD: the build folder (default: build).

bats_require_minimum_version 1.5.0

@test "300 inventories: every finding agrees with the tracker and dpkg" {
	build="${MOHS_BUILD:-$BATS_TEST_DIRNAME/../../build}"
	run "$BATS_TEST_DIRNAME/../tools/match_judge.py" "$build/tests/tools/match_lines" \
		"$build/src/cmd/mohs" "$BATS_TEST_DIRNAME/../../data/advisories"
	[ "$status" -ne 77 ] || skip "dpkg or zstd is not installed"
	echo "$output"
	[ "$status" -eq 0 ]
}
