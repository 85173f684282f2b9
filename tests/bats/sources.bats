#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The local transports: oci, oci-archive, docker-archive, dir.

load images

setup_file() {
	export IMAGES=$BATS_FILE_TMPDIR
	make_layout "$IMAGES/layout"
	skopeo copy --quiet "oci:$IMAGES/layout:v1" "oci-archive:$IMAGES/oci.tar:v1"
	skopeo copy --quiet "oci:$IMAGES/layout:v1" "docker-archive:$IMAGES/docker.tar:shop/web:1.0"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "oci: reads a layout and checks every blob" {
	run "$FETCH" "oci:$IMAGES/layout:v1"
	[ "$status" -eq 0 ]
	[[ $output == *"manifest $(manifest_of "$IMAGES/layout")"* ]]
	[ "$(grep -c '^blob ' <<<"$output")" -eq 3 ]
	run "$FETCH" "oci:$IMAGES/layout"
	[ "$status" -eq 0 ]
	run "$FETCH" "oci:$IMAGES/layout:$(manifest_of "$IMAGES/layout")"
	[ "$status" -eq 0 ]
}

@test "oci: an absent tag, an absent folder, a folder that is no layout" {
	run "$FETCH" "oci:$IMAGES/layout:v2"
	fails_with not-found 'no image "v2"; it has: v1'
	run "$FETCH" "oci:$IMAGES/nothing"
	fails_with not-found "$IMAGES/nothing"
	mkdir empty
	run "$FETCH" oci:empty
	fails_with not-found "no OCI image layout"
	run "$FETCH" oci:
	fails_with usage "names no file or folder"
}

@test "oci: of several images one must be named" {
	cp -r "$IMAGES/layout" two
	umoci tag --image two:v1 v2
	umoci config --image two:v2 --config.user 5
	run "$FETCH" oci:two
	fails_with usage "v1, v2"
	run "$FETCH" oci:two:v2
	[ "$status" -eq 0 ]
	[[ $output == *"manifest $(manifest_of two v2)"* ]]
}

@test "oci: a blob that was tampered with is refused" {
	cp -r "$IMAGES/layout" bad
	config=$(jq -r .config.digest "bad/blobs/sha256/$(manifest_of bad | cut -d: -f2)")
	printf ' ' >>"bad/blobs/sha256/${config#sha256:}"
	run "$FETCH" oci:bad
	fails_with digest "$config"
	rm -r bad; cp -r "$IMAGES/layout" bad
	manifest=bad/blobs/sha256/$(manifest_of bad | cut -d: -f2)
	sed -i 's/"size":/"size" :/' "$manifest"
	run "$FETCH" oci:bad
	fails_with digest "$(manifest_of bad)"
}

@test "oci: blobs outside of the layout are never opened" {
	cp -r "$IMAGES/layout" out
	manifest=$(manifest_of out | cut -d: -f2)
	mv "out/blobs/sha256/$manifest" secret
	ln -s "$PWD/secret" "out/blobs/sha256/$manifest"
	run "$FETCH" oci:out
	[ "$status" -eq 3 ]
	rm "out/blobs/sha256/$manifest"
	ln -s ../../../secret "out/blobs/sha256/$manifest"
	run "$FETCH" oci:out
	[ "$status" -eq 3 ]
	rm "out/blobs/sha256/$manifest"
	mkfifo "out/blobs/sha256/$manifest"
	run timeout 10 "$FETCH" oci:out
	fails_with invalid "not a plain file"
}

@test "oci: the platform is chosen; what is offered is listed" {
	cp -r "$IMAGES/layout" multi
	one=$(jq -c '.manifests[0] | del(.annotations)' multi/index.json)
	jq -nc --argjson m "$one" '{schemaVersion: 2, manifests: [
		$m + {platform: {os: "linux", architecture: "arm64", variant: "v8"}},
		$m + {platform: {os: "windows", architecture: "amd64"}}]}' >multi/index.json
	run "$FETCH" --platform linux/arm64 oci:multi
	[ "$status" -eq 0 ]
	run "$FETCH" --platform linux/s390x oci:multi
	fails_with not-found "no image for linux/s390x; offered: linux/arm64/v8, windows/amd64"
	run "$FETCH" --platform nonsense oci:multi
	fails_with usage "OS/ARCH"
}

@test "oci-archive: plain and compressed" {
	run "$FETCH" "oci-archive:$IMAGES/oci.tar:v1"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^blob ' <<<"$output")" -eq 3 ]
	plain=$(grep -v ^reference <<<"$output")
	gzip -c "$IMAGES/oci.tar" >oci.tar.gz
	zstd -q "$IMAGES/oci.tar" -o oci.tar.zst
	xz -c "$IMAGES/oci.tar" >oci.tar.xz
	for file in oci.tar.gz oci.tar.zst oci.tar.xz; do
		run "$FETCH" "oci-archive:$file"
		[ "$status" -eq 0 ]
		[ "$(grep -v ^reference <<<"$output")" = "$plain" ]
	done
	head -c 20000 oci.tar.gz >short.tar.gz
	run "$FETCH" oci-archive:short.tar.gz
	fails_with invalid "not a readable tar archive"
	head -c 20000 /dev/urandom >noise
	run "$FETCH" oci-archive:noise
	[ "$status" -eq 3 ]
}

@test "oci-archive: an archive that inflates without end is stopped" {
	head -c 300000000 /dev/zero | gzip -9 >bomb.tar.gz
	run "$FETCH" oci-archive:bomb.tar.gz
	fails_with limit "200 to 1"
}

@test "docker-archive: as it is, compressed, and by name" {
	run "$FETCH" "docker-archive:$IMAGES/docker.tar"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^diff_id ' <<<"$output")" -eq 2 ]
	gzip -c "$IMAGES/docker.tar" >docker.tar.gz
	for reference in docker.tar.gz docker.tar.gz:shop/web:1.0 docker.tar.gz:docker.io/shop/web:1.0 docker.tar.gz:@0; do
		run "$FETCH" "docker-archive:$reference"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^diff_id ' <<<"$output")" -eq 2 ]
	done
	run "$FETCH" docker-archive:docker.tar.gz:shop/web:2.0
	fails_with not-found "shop/web:1.0"
	run "$FETCH" docker-archive:docker.tar.gz:@1
	fails_with not-found "1 images"
	run "$FETCH" "docker-archive:$IMAGES/oci.tar"
	fails_with invalid "oci-archive:"
}

# As docker up to 24 wrote it: <id>/layer.tar, one of them a link to another.
@test "docker-archive: the old layout, linked layers, several images" {
	python3 - old.tar <<'PYTHON'
import hashlib, io, json, sys, tarfile
def tar(name, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name); info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
layers = [tar("a", b"one"), tar("b" * 150, b"two" * 1000)]
diff = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
    def add(name, data=None, link=None, kind=tarfile.SYMTYPE):
        info = tarfile.TarInfo(name)
        if link:
            info.type, info.linkname = kind, link
            archive.addfile(info)
        else:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    images = []
    add("./one/layer.tar", layers[0])
    add("two/layer.tar", layers[1])
    add("three/layer.tar", link="../one/layer.tar")
    add("four/layer.tar", link="two/layer.tar", kind=tarfile.LNKTYPE)
    add("loop/layer.tar", link="../loop/layer.tar")
    for tag, names, ids in (("x:1", ["one", "two"], diff), ("x:2", ["three", "four"], diff),
                            ("x:3", ["loop"], diff[:1]), ("x:4", ["none"], diff[:1])):
        config = json.dumps({"os": "linux", "architecture": "amd64", "tag": tag, "config": None,
                             "rootfs": {"type": "layers", "diff_ids": ids}}).encode()
        name = hashlib.sha256(config).hexdigest() + ".json"
        add(name, config)
        images.append({"Config": name, "RepoTags": [tag], "Layers": [n + "/layer.tar" for n in names]})
    add("manifest.json", json.dumps(images).encode())
PYTHON
	run "$FETCH" docker-archive:old.tar
	fails_with usage "4 images; choose one by :NAME:TAG: x:1, x:2"
	for tag in x:1 x:2; do
		run "$FETCH" "docker-archive:old.tar:$tag"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^diff_id ' <<<"$output")" -eq 2 ]
	done
	run "$FETCH" docker-archive:old.tar:x:3
	fails_with invalid "circles"
	run "$FETCH" docker-archive:old.tar:x:4
	fails_with not-found "none/layer.tar"
}

@test "dir: names the folder; anything else is refused" {
	mkdir rootfs
	run "$FETCH" dir:rootfs
	[ "$status" -eq 0 ]
	[[ $output == *"folder $(realpath rootfs)"* ]]
	run "$FETCH" dir:absent
	fails_with not-found absent
	touch file
	run "$FETCH" dir:file
	fails_with invalid "not a folder"
}

@test "an unknown transport lists those there are" {
	run "$FETCH" docker-tarball:x
	fails_with usage "docker-archive:"
}

@test "docker-daemon: exports one image through the socket" {
	"$ROOT/tests/tools/fake-docker" "$PWD/socket" docker.io/shop/web:1.0 "$IMAGES/docker.tar" 3>&- &
	daemon=$!
	for _ in $(seq 50); do
		[ -S socket ] && break
		sleep 0.1
	done
	export DOCKER_HOST=unix://$PWD/socket
	run "$FETCH" docker-daemon:shop/web:1.0
	first_status=$status first=$output
	run "$FETCH" docker-daemon:shop/web:2.0
	kill "$daemon"
	[ "$first_status" -eq 0 ] || { echo "$first"; return 1; }
	[ "$(grep -c '^diff_id ' <<<"$first")" -eq 2 ]
	fails_with not-found "No such image"
	DOCKER_HOST=tcp://127.0.0.1:1 run "$FETCH" docker-daemon:shop/web:1.0
	fails_with unsupported "docker-archive:"
	DOCKER_HOST=unix://$PWD/absent run "$FETCH" docker-daemon:shop/web:1.0
	fails_with network "docker daemon at $PWD/absent: there is no such socket"
	run "$FETCH" docker-daemon:Shop
	fails_with usage "no image reference"
}
