#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs that are not ours read the images build_write() makes: skopeo, umoci, GNU tar, podman.
# $MOHS_BUILD: the build folder (default: build).

setup() {
	BUILD=${MOHS_BUILD:-$BATS_TEST_DIRNAME/../../build}
	HARDENED="$BUILD/tests/unit/hardened_image"
	cd "$BATS_TEST_TMPDIR" || return 1
}

need() {
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# hardened OUTPUT [COMPRESSION]: the digest goes to ./digest, the expected paths to ./expected
hardened() {
	"$HARDENED" "$@" >all || return 1
	head -1 all >digest
	tail -n +2 all | LC_ALL=C sort >expected
}

@test "skopeo inspects and copies an OCI layout" {
	need skopeo
	for compression in gzip zstd none; do
		hardened "oci:layout:$compression" $compression
		run skopeo inspect --format '{{.Digest}}' "oci:layout:$compression"
		[ "$status" -eq 0 ]
		[ "$output" = "$(cat digest)" ]
		skopeo copy --quiet "oci:layout:$compression" "oci:copy:$compression"
	done
	[ "$(skopeo inspect --format '{{.Digest}}' oci:copy:gzip)" = \
		"$(skopeo inspect --format '{{.Digest}}' oci:layout:gzip)" ]
}

@test "umoci unpacks exactly the kept paths with their metadata" {
	need umoci
	[ "$(id -u)" -eq 0 ] || skip "owners need root"
	hardened oci:layout:x gzip
	umoci unpack --image layout:x bundle
	LC_ALL=C find bundle/rootfs -printf '%y %m %U %G %T@ /%P %l\n' |
		sed -E 's/^((\S+ ){4}-?[0-9]+)\.[0-9]+/\1/' | LC_ALL=C sort >found
	diff expected found
	cd bundle/rootfs
	[ usr/bin/perl5.36 -ef usr/bin/perl5.36.0 ]
	[ "$(cat usr/bin/perl5.36.0)" = "hard linked" ]
	[ "$(cat var/lib/dpkg/status)" = "Package: a" ]
	[ "$(stat -c %t,%T dev/null)" = 1,3 ]
	[ "$(stat -c %s opt/sparse)" = 1048576 ]
	[ "$(tr -d '\0' <opt/sparse)" = abcdefghij ]
	if command -v getcap >/dev/null; then
		[ "$(getcap usr/bin/ping)" = "usr/bin/ping cap_net_raw=ep" ]
	fi
}

@test "GNU tar lists the layer; plain entries have no pax header" {
	hardened oci:layout gzip
	layer=$(find layout/blobs -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
	for blob in layout/blobs/sha256/*; do
		[ "$(sha256sum <"$blob" | cut -d' ' -f1)" = "$(basename "$blob")" ]
		tar tf "$blob" >/dev/null 2>&1 && layer=$blob
	done
	[ "$(tar tf "$layer" 2>/dev/null | wc -l)" -eq "$(wc -l <expected)" ]
	! gzip -dc "$layer" | grep -a 'PaxHeader/usr/bin/su'
}

@test "skopeo reads a docker-archive" {
	need skopeo
	hardened docker-archive:image.tar:example.com/app:1 gzip
	[ "$(skopeo inspect --format '{{.Os}} {{.Architecture}}' docker-archive:image.tar)" = "linux amd64" ]
	skopeo copy --quiet docker-archive:image.tar:example.com/app:1 oci:copy:x
	hardened oci:direct:x gzip
	# The same uncompressed layer, whoever carried it.
	[ "$(skopeo inspect --config --raw oci:copy:x | grep -o 'sha256:[0-9a-f]*' | sort -u)" = \
		"$(skopeo inspect --config --raw oci:direct:x | grep -o 'sha256:[0-9a-f]*' | sort -u)" ]
}

@test "podman loads a docker-archive" {
	need podman
	hardened docker-archive:image.tar:example.com/app:1 gzip
	podman --root "$PWD/root" --runroot "$PWD/run" --storage-driver vfs load -i image.tar
	podman --root "$PWD/root" --runroot "$PWD/run" --storage-driver vfs image exists example.com/app:1
}

@test "two runs and two folders give the same digest" {
	hardened oci:one:x gzip && first=$(cat digest)
	hardened oci:one:x gzip && [ "$(cat digest)" = "$first" ]
	hardened oci:two gzip && [ "$(cat digest)" = "$first" ]
	(cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$HARDENED" "oci:$OLDPWD/three" gzip) | grep -q "$first"
	hardened docker-archive:a.tar && hardened docker-archive:b.tar
	cmp a.tar b.tar
}

@test "a full disk leaves nothing behind" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	run unshare -m sh -c "
		mkdir small && mount -t tmpfs -o size=8k tmpfs small || exit 42
		\"$HARDENED\" oci:small/layout none 2>err && exit 1
		\"$HARDENED\" docker-archive:small/a.tar none 2>>err && exit 1
		ls -A small"
	[ "$status" -ne 42 ] || skip "no tmpfs here"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	grep -q 'No space left' err
}
