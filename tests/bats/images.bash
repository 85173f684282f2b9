# SPDX-License-Identifier: Apache-2.0
# Small images for the command tests; sourced by bats files.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${MOHS_BUILD:-$ROOT/build}
FETCH=$BUILD/tests/tools/fetch

# demo_image FOLDER: the demo's image, made once however many ask for it at a time. The lock is not
# for those that make it: dash, by which apt is hooked, has no descriptors of two digits.
demo_image() {
	mkdir -p "$(dirname "$1")"
	(
		flock 9
		[ -e "$1/index.json" ] || { rm -rf "$1" && demo/make-image "$1.new" 9>&- && mv "$1.new" "$1"; }
	) 9>"$1.lock"
}

# make_layout DIR [TAG]: an OCI layout of two layers, about 300 KB, the same bytes each time.
make_layout() {
	local work
	work=$(mktemp -d)
	mkdir -p "$work/etc" "$work/data"
	echo 'ID=debian' >"$work/etc/os-release"
	head -c 300000 /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt -pbkdf2 >"$work/data/blob"
	umoci init --layout "$1"
	umoci new --image "$1:${2:-v1}"
	umoci insert --image "$1:${2:-v1}" "$work/etc" /etc
	umoci insert --image "$1:${2:-v1}" "$work/data" /data
	umoci config --image "$1:${2:-v1}" --config.entrypoint /data/blob --config.exposedports 80/tcp
	umoci gc --layout "$1"
	rm -rf "$work"
}

# manifest_of LAYOUT [TAG]: the digest of a manifest in a layout.
manifest_of() {
	jq -r --arg tag "${2:-v1}" '.manifests[]
		| select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$1/index.json"
}

# fails_with KIND TEXT: the last `run` failed with exit status 3 or 2 and said so.
fails_with() {
	[ "$status" -ne 0 ] || { echo "succeeded: $output"; return 1; }
	[[ $output == *"$1: "*"$2"* ]] || { echo "status $status: $output"; return 1; }
}
