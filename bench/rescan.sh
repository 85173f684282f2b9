#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stored bills of materials (60 to 500 packages each) matched for the first time, when every one is
# parsed, and again, when what was read is kept. usage: bench/rescan.sh [BILLS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../build}
bills=${1:-10000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ninja -C "$BUILD" bench/match >/dev/null
"$BUILD/bench/match" make "$work" "$bills"
TIMEFORMAT='%R %U %S'
measure() {
	local figures
	figures=$( { time "$BUILD/src/cmd/mohs" rescan --db "$work/advisories.db" --state "$work/state" \
		"$work/bills" >"$work/out"; } 2>&1)
	# shellcheck disable=SC2086
	set -- $figures
	printf '%s s, %s s of processor time; ' "$1" "$(awk "BEGIN {print $2 + $3}")"
}
printf '%s bills, %s, on %s processors\nfirst time: ' "$bills" "$(du -sh "$work/bills" | cut -f1)" "$(nproc)"
measure
printf '\nagain: '
measure
printf 'kept: %s\n' "$(du -sh "$work/state" | cut -f1)"
