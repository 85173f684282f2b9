#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From the profile's end to the written hardened image: the demo's image and profile, several times.
# Needs a finished demo (make demo). ROUNDS (5). Goal: at most 2 s.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
out=${MOHS_DEMO_OUT:-$here/demo/out}
export MOHS_CACHE=${MOHS_CACHE:-$out/cache}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -f "$out/hardened/profile.json" ]; then
	echo "harden.sh: no profile at $out/hardened; run make demo first" >&2
	exit 3
fi
ninja -C "$build" src/cmd/mohs >/dev/null
for round in $(seq "${ROUNDS:-5}"); do
	start=$(date +%s%N)
	"$build/src/cmd/mohs" harden -p "$out/hardened/profile.json" -o "oci:$work/$round:x" \
		"oci:$out/image:nginx" >/dev/null
	echo $((($(date +%s%N) - start) / 1000000))
done | sort -n | awk '{ ms[NR] = $1 } END {
	printf "min %d ms, median %d ms, max %d ms: %.2f of the 2 s allowed\n", ms[1], ms[int((NR + 1) / 2)], ms[NR], ms[int((NR + 1) / 2)] / 2000
}'
