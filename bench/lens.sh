#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How much the image view costs: nginx under wrk in runc on an overlay over the view, against an
# overlay over an unpacked copy, in turn; then 200,000 open+read and stat, and first touches.
# Needs root, /dev/fuse, runc, wrk, python3; mmdebstrap once (or ROOTFS_TAR, a tar of an image with
# nginx in it). ROUNDS (5), SECONDS_EACH (4), CACHE (~/.cache/mohs-bench). Goal: ratio >= 0.85.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mohs-bench}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-4}

for tool in runc wrk python3 ip; do
	command -v "$tool" >/dev/null || { echo "lens.sh: $tool is needed" >&2; exit 3; }
done
[ "$(id -u)" = 0 ] && [ -r /dev/fuse ] || { echo "lens.sh: root and /dev/fuse are needed" >&2; exit 3; }

if [ "${1:-}" != inside ]; then
	ninja -C "$build" bench/lens_view bench/file_load >/dev/null
	mkdir -p "$cache"
	if [ ! -d "$cache/rootfs" ]; then
		tar=${ROOTFS_TAR:-$cache/rootfs.tar}
		[ -f "$tar" ] || mmdebstrap --variant=minbase --include=nginx-light bookworm "$tar"
		mkdir "$cache/rootfs.new"
		tar -C "$cache/rootfs.new" --numeric-owner --xattrs --xattrs-include='*' -xf "$tar"
		mv "$cache/rootfs.new" "$cache/rootfs"
	fi
	exec unshare -m -n --propagation private "$0" inside
fi

ip link set lo up
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
name=mohs-bench-$$
nginx=
cleanup() {
	runc delete -f "$name" 2>/dev/null || true
	umount -l "$work" && rmdir "$work"
}
trap cleanup EXIT
cd "$work"
mkdir view lens native

coproc VIEW { exec "$build/bench/lens_view" "$cache/rootfs" "$cache/layer" "$work/view"; }
read -r ready <&"${VIEW[0]}"
orders=${VIEW[1]} answers=${VIEW[0]}
echo "$ready"
order() {
	echo "$1" >&"$orders"
	read -r answer <&"$answers"
	echo "$1: $answer"
}

# A bundle in folder $1 on an overlay with lower directory $2.
bundle() {
	mkdir "$1/upper" "$1/work" "$1/rootfs"
	mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work,xino=off" overlay "$1/rootfs"
	(cd "$1" && runc spec && python3 - <<'EOF'
import json
spec = json.load(open("config.json"))
process = spec["process"]
process["terminal"] = False
process["args"] = ["nginx", "-g", "daemon off; error_log stderr;"]
capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETUID", "CAP_SETGID", "CAP_NET_BIND_SERVICE", "CAP_KILL"]
process["capabilities"] = {name: capabilities for name in ("bounding", "effective", "permitted")}
process["rlimits"] = []
spec["root"]["readonly"] = False
spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]
json.dump(spec, open("config.json", "w"))
EOF
	)
}
bundle "$work/lens" "$work/view"
bundle "$work/native" "$cache/rootfs"
order "overlay $work/lens/rootfs"

# Requests a second of nginx in bundle $1.
serve() {
	runc run -b "$1" "$name" >"$1/log" 2>&1 &
	nginx=$!
	for _ in $(seq 100); do
		(exec 3<>/dev/tcp/127.0.0.1/80) 2>/dev/null && break
		sleep 0.1
	done
	wrk -t1 -c16 -d"${seconds}s" http://127.0.0.1/index.nginx-debian.html >"$1/wrk"
	runc kill "$name" KILL
	wait "$nginx" || true
	runc delete -f "$name" 2>/dev/null || true
	awk '/Requests\/sec/ {print $2; good = 1} END {exit !good}' "$1/wrk"
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
# Neighbours in time are compared: the median of the rounds' ratios, least and greatest behind it.
ratio() { paste lens/all native/all | awk '{printf "%.2f\n", $1 / $2}' | sort -n |
	awk '{v[NR] = $1} END {printf "%s (%s to %s)", v[int((NR + 1) / 2)], v[1], v[NR]}'; }

: >lens/all; : >native/all
order reset
for _ in $(seq "$rounds"); do
	for side in lens native; do serve "$work/$side" >>"$side/all"; done
done
order count
echo "nginx requests/s: lens $(median <lens/all), native $(median <native/all)," \
	"ratio $(ratio)"

for what in read stat; do
	: >lens/all; : >native/all
	for _ in $(seq "$rounds"); do
		for side in lens native; do
			"$build/bench/file_load" "$what" 200000 "$work/$side/rootfs/usr" >>"$side/all"
		done
	done
	echo "200k $what, ms: lens $(median <lens/all), native $(median <native/all)," \
		"ratio $(ratio)"
done

find "$work/lens/rootfs" -xdev -type f -exec cat {} + >/dev/null
echo "a change of phase with every path known, as $(order "phase 1")"
"$build/bench/file_load" read 2000 "$work/lens/rootfs/usr" >lens/all
echo "first touch of 2000 files, ms: $(cat lens/all)"
echo stop >&"$orders"
