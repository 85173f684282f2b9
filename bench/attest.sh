#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What signing, attesting and listing add to a push to a registry on loopback: an image with
# nothing beside it, and the same image with a signature and eight attestations in both formats.
# Everything in turn; medians. usage: attest.sh oci:DIR:TAG   (the output of a run with a key)
# Needs docker-registry, jq. Goal: at most 1 s more; pushed again, no blob moves.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
mohs=${MOHS:-${BUILD:-$here/build}/src/cmd/mohs}
rounds=${ROUNDS:-5}
image=${1:?the output of a run with a key: oci:FOLDER/image:hardened}
work=$(mktemp -d)
export MOHS_CACHE=$work/cache
port=$((20000 + RANDOM % 20000))
printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n' >"$work/config.yml"
printf 'storage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$work/data" "$port" \
	>>"$work/config.yml"
docker-registry serve "$work/config.yml" >"$work/log" 2>&1 &
registry=$!
trap 'kill $registry; rm -rf "$work"' EXIT
until (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done

# the same image with nothing beside it
mkdir "$work/bare"
skopeo copy --quiet "$image" "oci:$work/bare:1"

took() {
	local from
	from=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - from) / 1000000))
}
median() { sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"; }

for i in $(seq "$rounds"); do
	took "$mohs" copy "oci:$work/bare:1" "127.0.0.1:$port/bare$i:1" >>"$work/bare.ms"
	took "$mohs" copy "$image" "127.0.0.1:$port/whole$i:1" >>"$work/whole.ms"
	"$mohs" copy --json "$image" "127.0.0.1:$port/whole$i:1" | jq .bytes_moved >>"$work/again"
done
bare=$(median "$work/bare.ms")
whole=$(median "$work/whole.ms")
echo "push of the image alone                     $bare ms"
echo "push with all that is beside it             $whole ms ($((whole - bare)) ms more; goal 1000)"
echo "bytes moved when it is pushed again         $(sort -n "$work/again" | tail -n 1)"
