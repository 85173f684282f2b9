#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images and what refers to them on their way to registries and layouts; skopeo judges the result.

load images
load registries

mohs=${MOHS:-$BUILD/src/cmd/mohs}
ATTACH=$BUILD/tests/tools/attach

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	export LAYOUT=$BATS_FILE_TMPDIR/layout PLAIN LOGIN TLS FAULTS FAULTS_TLS
	make_layout "$LAYOUT"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 \
		-subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
	htpasswd -Bbn user 'open sesame' >htpasswd 2>/dev/null
	start_registry plain && PLAIN=127.0.0.1:$PORT
	start_registry login "$PWD/htpasswd" && LOGIN=127.0.0.1:$PORT
	start_registry tls "" "$PWD/cert.pem" "$PWD/key.pem" && TLS=localhost:$PORT
	start_faults faults && FAULTS=127.0.0.1:$PORT
	start_faults faults-tls "$PWD/cert.pem" "$PWD/key.pem" && FAULTS_TLS=localhost:$PORT
	head -c 300000 /dev/zero | openssl enc -aes-128-ctr -pass pass:y -nosalt -pbkdf2 >blob
	printf 'sha256:%s' "$(sha256sum blob | cut -d' ' -f1)" >blob.digest
}

teardown_file() {
	stop_registries
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MOHS_CACHE=$PWD/cache HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/run MOHS_CERTS=$PWD/certs
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_CONFIG_HOME SSL_CERT_FILE SSL_CERT_DIR
	mkdir -p home run
	DIGEST=$(manifest_of "$LAYOUT")
	TAG=${DIGEST/:/-}
	BLOB=$BATS_FILE_TMPDIR/blob
	BLOB_DIGEST=$(cat "$BATS_FILE_TMPDIR/blob.digest")
	LOG=$BATS_FILE_TMPDIR/faults/log
	: >"$LOG"
}

# copied TEXT...: the last run was good, and its JSON has these members.
copied() {
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
	for filter in "$@"; do
		jq -e "$filter" <<<"$output" >/dev/null || { echo "not $filter: $output"; return 1; }
	done
}

# skopeo_digest REFERENCE [OPTION...]: skopeo reads all of the image; the digest of its manifest.
skopeo_digest() {
	rm -rf judged
	skopeo copy --quiet "${@:2}" "$1" dir:judged
	printf 'sha256:%s' "$(sha256sum judged/manifest.json | cut -d' ' -f1)"
}

# push_blob REPOSITORY [OPTION...]: one blob of 300 KB to the registry that misbehaves.
push_blob() {
	run "$ATTACH" "${@:2}" --blob "$FAULTS/$1" "$BLOB" "$BLOB_DIGEST"
}

# held REPOSITORY: the registry that misbehaves gives back the blob's bytes.
held() {
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
	curl -sf "http://$FAULTS/v2/$1/blobs/$BLOB_DIGEST" | cmp - "$BLOB"
}

@test "a layout to a registry: skopeo finds it whole, under the same digest" {
	run "$mohs" copy --json "oci:$LAYOUT:v1" "$PLAIN/shop/web:1.0"
	copied ".digest == \"$DIGEST\"" '.blobs_moved == 3' '.bytes_moved > 290000'
	[ "$(skopeo_digest "docker://$PLAIN/shop/web:1.0" --src-tls-verify=false)" = "$DIGEST" ]
	run "$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/shop/web:1.0"
	[ "$status" -eq 0 ]
	[[ $output == *"wrote $PLAIN/shop/web:1.0"*"$DIGEST"* ]]
}

@test "an unchanged image moves no blob" {
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/again:1"
	run "$mohs" copy --json "oci:$LAYOUT:v1" "$PLAIN/again:2"
	copied '.blobs_moved == 0' '.blobs_there == 3' '.bytes_moved == 0'
	[ "$(skopeo_digest "docker://$PLAIN/again:2" --src-tls-verify=false)" = "$DIGEST" ]
}

@test "between repositories of one registry blobs are mounted" {
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/mount/from:1"
	run "$mohs" copy --json "$PLAIN/mount/from:1" "$PLAIN/mount/to:1"
	copied '.blobs_mounted == 3' '.bytes_moved == 0'
	[ "$(skopeo_digest "docker://$PLAIN/mount/to:1" --src-tls-verify=false)" = "$DIGEST" ]
	[ ! -e cache/blobs ]
}

@test "by digest, without a tag" {
	run "$mohs" copy --json "oci:$LAYOUT:v1" "$PLAIN/untagged@$DIGEST"
	copied ".digest == \"$DIGEST\""
	[ "$(skopeo_digest "docker://$PLAIN/untagged@$DIGEST" --src-tls-verify=false)" = "$DIGEST" ]
	[ "$(curl -s "http://$PLAIN/v2/untagged/tags/list" | jq -c .tags)" != '["latest"]' ]
	run "$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/untagged@sha256:$(printf 0%.0s {1..64})"
	fails_with "mohs copy" "is not what"
}

@test "a registry with passwords: refused without, taken with" {
	run "$mohs" copy "oci:$LAYOUT:v1" "$LOGIN/shop/web:1"
	[ "$status" -eq 3 ]
	[[ $output == *"none are stored"* ]]
	login_file home/.docker/config.json "$LOGIN"
	run "$mohs" copy --json "oci:$LAYOUT:v1" "$LOGIN/shop/web:1"
	copied '.blobs_moved == 3'
	[ "$(skopeo_digest "docker://$LOGIN/shop/web:1" --src-tls-verify=false --src-creds 'user:open sesame')" = "$DIGEST" ]
}

@test "a registry with TLS: only with an authority that is known" {
	run "$mohs" copy "oci:$LAYOUT:v1" "$TLS/shop/web:1"
	[ "$status" -eq 3 ]
	[[ $output == *certificate* ]]
	SSL_CERT_FILE=$BATS_FILE_TMPDIR/cert.pem run "$mohs" copy --json "oci:$LAYOUT:v1" "$TLS/shop/web:1"
	copied '.blobs_moved == 3'
	[ "$(skopeo_digest "docker://$TLS/shop/web:1" --src-tls-verify=false)" = "$DIGEST" ]
}

@test "an index goes with all its platforms" {
	cp -r "$LAYOUT" multi
	jq -c '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
		(.manifests[0] | del(.annotations) | .platform = {os: "linux", architecture: "amd64"})]}' multi/index.json >list
	list=$(sha256sum list | cut -d' ' -f1)
	cp list "multi/blobs/sha256/$list"
	jq -c ".manifests += [{mediaType: \"application/vnd.oci.image.index.v1+json\", digest: \"sha256:$list\",
		size: $(stat -c %s list), annotations: {\"org.opencontainers.image.ref.name\": \"all\"}}]" multi/index.json >new
	mv new multi/index.json
	run "$mohs" copy --json oci:multi:all "$PLAIN/multi:1"
	copied '.manifests == 2' ".digest == \"sha256:$list\""
	[ "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/multi:1" | sha256sum | cut -d' ' -f1)" = "$list" ]
	run "$mohs" copy --json "$PLAIN/multi:1" oci:back:all
	copied '.manifests == 2'
	cmp list "back/blobs/sha256/$list"
}

@test "what refers to an image goes along, in both directions" {
	"$mohs" copy "oci:$LAYOUT:v1" oci:here:v1
	first=$("$ATTACH" oci:here:v1 application/x-first one)
	"$ATTACH" oci:here:v1 application/x-second two
	"$ATTACH" "oci:here:$first" application/x-deep three
	skopeo copy --quiet oci:here:v1 "oci:here:$TAG.sig"
	run "$mohs" copy --json oci:here:v1 "$PLAIN/refers:1"
	copied '.referrers == 3'
	run "$ATTACH" --list "$PLAIN/refers:1"
	[ "${#lines[@]}" -eq 2 ]
	[[ $output == *"$first application/x-first one"* ]]
	run "$ATTACH" --list "$PLAIN/refers@$first"
	[[ $output == *"application/x-deep three"* ]]
	[ "$(skopeo_digest "docker://$PLAIN/refers:$TAG.sig" --src-tls-verify=false)" = "$DIGEST" ]
	run "$mohs" copy --json "$PLAIN/refers:1" oci:back:v1
	copied '.referrers == 3'
	run "$ATTACH" --list oci:back:v1 application/x-second
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"application/x-second two"* ]]
	[ "$(manifest_of back "$TAG.sig")" = "$DIGEST" ]
	[ "$(skopeo_digest oci:back:v1)" = "$DIGEST" ]
	diff <(cd here/blobs/sha256 && ls) <(cd back/blobs/sha256 && ls) | grep '^<' | wc -l | grep -qx '[01]'
}

@test "what refers to an image does not count as a second image of a layout" {
	"$mohs" copy "oci:$LAYOUT:v1" oci:one
	"$ATTACH" oci:one application/x-first one
	run "$FETCH" oci:one
	[ "$status" -eq 0 ]
	[[ $output == *"manifest $DIGEST"* ]]
	run "$mohs" copy --json oci:one oci:two
	copied '.referrers == 1'
}

@test "the fallback tag is an index that other clients can read" {
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/fallback:1"
	made=$("$ATTACH" "$PLAIN/fallback:1" application/x-first one)
	"$ATTACH" "$PLAIN/fallback:1" application/x-first one
	"$ATTACH" "$PLAIN/fallback:1" application/x-second two
	skopeo inspect --raw --tls-verify=false "docker://$PLAIN/fallback:$TAG" >index
	jq -e '.mediaType == "application/vnd.oci.image.index.v1+json"' index
	jq -e '.manifests | length == 2' index
	jq -e ".manifests[] | select(.digest == \"$made\") | .artifactType == \"application/x-first\"
		and .annotations[\"dev.mohs.note\"] == \"one\"" index
	skopeo inspect --raw --tls-verify=false "docker://$PLAIN/fallback@$made" | jq -e ".subject.digest == \"$DIGEST\"
		and .config.data == \"e30=\" and .artifactType == \"application/x-first\""
}

@test "attached at the same time, nothing is lost" {
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/race:1"
	"$mohs" copy "oci:$LAYOUT:v1" oci:race:1
	for place in "$PLAIN/race:1" oci:race:1; do
		pids=()
		for i in 1 2 3 4; do
			"$ATTACH" "$place" application/x-race "note $i" >/dev/null &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid"
		done
		run "$ATTACH" --list "$place"
		[ "${#lines[@]}" -eq 4 ] || { echo "$output"; return 1; }
	done
}

@test "an overwritten list of referrers is merged again" {
	"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-race:1"
	"$ATTACH" "$FAULTS/up-race:1" application/x-mine mine
	run "$ATTACH" --list "$FAULTS/up-race:1"
	[[ $output == *"application/x-mine mine"* ]]
	[[ $output == *"sha256:1111"*"application/x-other"* ]]
	"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-war:1"
	run timeout 100 "$ATTACH" "$FAULTS/up-war:1" application/x-mine mine
	fails_with network "again and again"
}

@test "a conditional write that fails is made again on what is there now" {
	"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-match:1"
	"$ATTACH" "$FAULTS/up-match:1" application/x-zero zero
	"$ATTACH" "$FAULTS/up-match:1" application/x-mine mine
	run "$ATTACH" --list "$FAULTS/up-match:1"
	[[ $output == *"application/x-zero zero"* ]]
	[[ $output == *"application/x-mine mine"* ]]
	[[ $output == *"sha256:1111"* ]]
	[[ $output == *"sha256:2222"* ]]
	[ "${#lines[@]}" -eq 4 ]
}

@test "the referrers API is used where it is, in pages; a claim alone is not enough" {
	"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-api:1"
	"$ATTACH" "$FAULTS/up-api:1" application/x-first one
	"$ATTACH" "$FAULTS/up-api:1" application/x-second two
	run grep "PUT /v2/up-api/manifests/$TAG" "$LOG"
	[ "$status" -eq 1 ]
	run "$ATTACH" --list "$FAULTS/up-api:1"
	[ "${#lines[@]}" -eq 2 ]
	run "$ATTACH" --list "$FAULTS/up-api:1" application/x-second
	[ "${#lines[@]}" -eq 1 ]
	"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-claims:1"
	"$ATTACH" "$FAULTS/up-claims:1" application/x-first one
	grep "PUT /v2/up-claims/manifests/$TAG" "$LOG"
	run "$ATTACH" --list "$FAULTS/up-claims:1"
	[[ $output == *"application/x-first one"* ]]
}

@test "referrers that cannot be asked for are an error, not none" {
	mkdir broken
	run "$mohs" copy "$FAULTS/up-broken:1" oci:broken/layout:1
	[ "$status" -eq 3 ]
	"$ATTACH" --blob "$FAULTS/up-broken" "$BLOB" "$BLOB_DIGEST"
	skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:v1" "docker://$FAULTS/up-broken:1"
	run "$ATTACH" --list "$FAULTS/up-broken:1"
	fails_with network "list of referrers"
}

@test "a broken upload goes on where it stopped, in pieces and as a whole" {
	push_blob up-die
	held up-die
	[ "$(grep -c 'POST /v2/up-die/' "$LOG")" -eq 1 ]
	grep -q 'PUT /v2/up-die/.* length=150000' "$LOG"
	push_blob up-good --chunk 100000
	held up-good
	[ "$(grep -c 'PATCH /v2/up-good/.* length=100000' "$LOG")" -eq 2 ]
	push_blob up-keep --chunk 100000
	held up-keep
}

@test "an upload whose session is gone starts over" {
	push_blob up-gone
	held up-gone
	[ "$(grep -c 'POST /v2/up-gone/' "$LOG")" -eq 2 ]
}

@test "a busy registry is asked again; one that is down is given up on, with no tag" {
	push_blob up-busy
	held up-busy
	push_blob up-down
	fails_with network "answered 500"
	[ "$(grep -c 'PUT /v2/up-down/' "$LOG")" -eq 5 ]
	run "$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-partly:1"
	[ "$status" -eq 3 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$FAULTS/v2/up-partly/manifests/1")" -eq 404 ]
	run grep 'PUT /v2/up-partly/manifests' "$LOG"
	[ "$status" -eq 1 ]
}

@test "a registry that takes other bytes than were sent is not believed" {
	push_blob up-lie
	fails_with digest "took blob $BLOB_DIGEST for something else"
	push_blob up-flip
	fails_with digest "got other bytes"
	push_blob up-more --chunk 100000
	fails_with network "more of blob"
	run "$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/up-mismatch:1"
	[ "$status" -eq 3 ]
	[[ $output == *"for something else"* ]]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$FAULTS/v2/up-mismatch/manifests/1")" -eq 404 ]
	for fault in up-head up-size; do
		"$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/$fault:1"
		run "$mohs" copy "oci:$LAYOUT:v1" "$FAULTS/$fault:2"
		[ "$status" -eq 3 ]
		[[ $output == *"for something else"* || $output == *"is there with "* ]]
		[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$FAULTS/v2/$fault/manifests/2")" -eq 404 ]
	done
}

@test "bytes that are not what their digest says are not sent" {
	run "$ATTACH" --blob "$FAULTS/up-good" "$BLOB" "sha256:$(printf 0%.0s {1..64})"
	fails_with digest "have another digest"
	cp -r "$LAYOUT" bad
	file=$(find bad/blobs/sha256 -size +100k)
	printf x | dd of="$file" bs=1 seek=500 conv=notrunc status=none
	run "$mohs" copy oci:bad:v1 "$PLAIN/bad:1"
	[ "$status" -eq 3 ]
	[[ $output == *"another digest"* ]]
	run "$mohs" copy oci:bad:v1 oci:worse:v1
	[ "$status" -eq 3 ]
	[ -z "$(find worse -name index.json)" ]
}

@test "an upload that another host takes gets no credentials there" {
	login_file home/.docker/config.json "$FAULTS"
	push_blob up-elsewhere
	[ "$status" -eq 0 ]
	grep -q '^main POST .* auth=Basic' "$LOG"
	grep -q '^other PUT .* auth=none length=300000' "$LOG"
	run grep '^other .* auth=Basic' "$LOG"
	[ "$status" -eq 1 ]
	push_blob up-redirect
	fails_with network "answered 307"
	run grep '/taken' "$LOG"
	[ "$status" -eq 1 ]
}

@test "an upload does not go from https to plain HTTP" {
	export SSL_CERT_FILE=$BATS_FILE_TMPDIR/cert.pem
	run "$ATTACH" --blob "$FAULTS_TLS/up-plain" "$BLOB" "$BLOB_DIGEST"
	fails_with network "from https to plain HTTP"
	run grep ^other "$BATS_FILE_TMPDIR/faults-tls/log"
	[ "$status" -eq 1 ]
}

@test "a hardened image is built right into a registry" {
	hardened=$BUILD/tests/unit/hardened_image
	"$hardened" oci:local:x >all
	head -1 all >digest
	run "$hardened" "$PLAIN/hard/image:x"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$(cat digest)" ]
	[ "$(skopeo_digest "docker://$PLAIN/hard/image:x" --src-tls-verify=false)" = "$(cat digest)" ]
	[ "$(skopeo_digest oci:local:x)" = "$(cat digest)" ]
	run "$hardened" "$FAULTS/up-down:hard"
	[ "$status" -eq 3 ]
	[[ $output == *"answered 500"* ]]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$FAULTS/v2/up-down/manifests/hard")" -eq 404 ]
	run "$hardened" "$PLAIN/hard/image@$DIGEST"
	[ "$status" -eq 2 ]
	run "$hardened" floppy/image
	[ "$status" -eq 2 ]
	[[ $output == *"HOST/NAME"* ]]
}

@test "places that cannot be copied to are named" {
	run "$mohs" copy "oci:$LAYOUT:v1" docker-archive:x.tar
	[ "$status" -eq 2 ]
	run "$mohs" copy "oci:$LAYOUT:v1" ./somewhere
	[ "$status" -eq 2 ]
	run "$mohs" copy oci:absent:v1 oci:new:v1
	[ "$status" -eq 3 ]
	[ ! -e new ]
	mkdir full && touch full/file
	run "$mohs" copy "oci:$LAYOUT:v1" oci:full:v1
	[ "$status" -eq 2 ]
	[ "$(ls full)" = file ]
}
