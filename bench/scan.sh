#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long it takes to open an image for the first time, against the least that could be: igzip
# inflates its one gzip layer, and the compressed and the plain bytes are hashed, in one thread.
# Then the second time, the peak of resident memory, and, with a database in MOHS_DB, `mohs scan`.
# Everything is measured in turn, so that a busy machine is busy for all; medians.
# usage: scan.sh [oci:DIR[:TAG]]   (an image with one gzip layer; ROUNDS 5)
# Needs, without an image of your own: umoci, and mmdebstrap or ROOTFS_TAR. Goals: cold at most 1.5
# times the floor, 64 MiB, and the second time at most 0.1 s for 10,000 entries.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mohs-bench}
rounds=${ROUNDS:-5}
ninja -C "$build" bench/open_image bench/inflate_hash >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MOHS_CACHE=$work/cache

image=${1:-}
if [ -z "$image" ]; then
	mkdir -p "$cache"
	if [ ! -d "$cache/scan-image" ]; then
		tar=${ROOTFS_TAR:-$cache/rootfs.tar}
		[ -f "$tar" ] || mmdebstrap --variant=minbase --include=nginx-light bookworm "$tar"
		umoci init --layout "$cache/scan-image.new"
		umoci new --image "$cache/scan-image.new:latest"
		umoci raw add-layer --image "$cache/scan-image.new:latest" "$tar"
		mv "$cache/scan-image.new" "$cache/scan-image"
	fi
	image=oci:$cache/scan-image:latest
fi

read -r _ _ entries layers < <("$build/bench/open_image" "$image")
case $layers in
*' '*) echo "scan.sh: $image has more than one layer" >&2; exit 2 ;;
esac
folder=${image#oci:}
[ -d "$folder" ] || folder=${folder%:*}
layer=$folder/blobs/sha256/${layers#sha256:}

median() { sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"; }

for _ in $(seq "$rounds"); do
	"$build/bench/inflate_hash" "$layer" | cut -d' ' -f1 >>"$work/floor"
	rm -rf "$MOHS_CACHE"
	read -r ms kib _ < <("$build/bench/open_image" "$image")
	echo "$ms" >>"$work/cold"
	echo "$kib" >>"$work/peak"
	"$build/bench/open_image" "$image" | cut -d' ' -f1 >>"$work/warm"
	if [ -n "${MOHS_DB:-}" ]; then
		rm -rf "$MOHS_CACHE"
		for name in scan-cold scan-warm; do
			from=$(date +%s%N)
			"$build/src/cmd/mohs" scan "$image" >/dev/null
			echo $((($(date +%s%N) - from) / 1000000)) >>"$work/$name"
		done
	fi
done

floor=$(median "$work/floor")
show() { # name, file
	awk -v name="$1" -v ms="$(median "$2")" -v floor="$floor" \
		'BEGIN { printf "%-22s %6d ms   %5.2f x floor\n", name, ms, ms / floor }'
}
echo "$entries entries, medians of $rounds"
show "floor" "$work/floor"
show "open, first" "$work/cold"
show "open, second" "$work/warm"
if [ -n "${MOHS_DB:-}" ]; then
	show "mohs scan, first" "$work/scan-cold"
	show "mohs scan, second" "$work/scan-warm"
fi
echo "peak resident          $(($(median "$work/peak") / 1024)) MiB"
