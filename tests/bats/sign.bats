#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs sign, attest and verify, in real registries and in layouts.

load images
load registries

mohs=${MOHS:-$BUILD/src/cmd/mohs}

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	export LAYOUT=$BATS_FILE_TMPDIR/layout PLAIN LOGIN FAULTS MOHS_PASSWORD=secret
	"$BUILD/tests/unit/hardened_image" "oci:$LAYOUT:v1" >/dev/null
	htpasswd -Bbn user 'open sesame' >htpasswd 2>/dev/null
	start_registry plain && PLAIN=127.0.0.1:$PORT
	start_registry login "$PWD/htpasswd" && LOGIN=127.0.0.1:$PORT
	start_faults faults && FAULTS=127.0.0.1:$PORT
	for name in a b c; do
		"$mohs" key generate -o "$name" 2>/dev/null
	done
}

teardown_file() {
	stop_registries
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MOHS_CACHE=$PWD/cache HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/run
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_CONFIG_HOME
	mkdir -p home run
	for name in a b c; do
		cp "$BATS_FILE_TMPDIR/$name".* .
	done
	DIGEST=$(manifest_of "$LAYOUT")
	cp -r "$LAYOUT" own
}

# pushed NAME: the image in a repository of the plain registry.
pushed() {
	IMAGE=$PLAIN/$1:1
	"$mohs" copy "oci:$LAYOUT:v1" "$IMAGE" >/dev/null
}

# there REPOSITORY TAG: the status of asking the faulty registry for it.
there() {
	curl -s -o /dev/null -w '%{http_code}' "http://$FAULTS/v2/$1/manifests/$2"
}

# refused TEXT: the last run ended with 1 and said so.
refused() {
	[ "$status" -eq 1 ] || { echo "status $status: $output"; return 1; }
	[[ $output == *"$1"* ]] || { echo "not \"$1\": $output"; return 1; }
}

@test "what is signed in a registry verifies, with its own key only" {
	pushed signed
	run "$mohs" verify --key a.pub "$IMAGE"
	refused "there is no signature of it"
	"$mohs" sign --key a.key "$IMAGE"
	"$mohs" verify --key a.pub "$IMAGE"
	"$mohs" verify --key a.key "$IMAGE"
	run "$mohs" verify --key b.pub "$IMAGE"
	refused "the key given is another one"
	run "$mohs" verify --json --key b.pub "$IMAGE"
	[ "$status" -eq 1 ]
	jq -e '.passed == false and .proof.signed == false and (.proof.documents | length) == 2' <<<"$output"
}

@test "a policy has nothing to go by where nothing attests the hardening" {
	"$mohs" sign --key a.key oci:own:v1
	run "$mohs" verify --key a.pub --policy "$BATS_TEST_DIRNAME/../../demo/policy.yaml" oci:own:v1
	refused "not judged by the policy: no good attestation of the hardening"
	[[ $output == *"signed by 1 of 1 key"* && $output != *"mohs profile"* ]]
	run "$mohs" verify --key a.pub --need 2 oci:own:v1
	[ "$status" -eq 2 ]
	[[ $output == *"2 signatures of different keys are asked for, and 1 key is given"* ]]
}

@test "the documents stand where cosign looks for them" {
	pushed where
	"$mohs" sign --key a.key -a build=7 "$IMAGE"
	curl -sf "http://$PLAIN/v2/where/manifests/${DIGEST/:/-}.sig" \
		-H 'Accept: application/vnd.oci.image.manifest.v1+json' >sig
	jq -e '.layers[0].mediaType == "application/vnd.dev.cosign.simplesigning.v1+json"' sig
	payload=$(jq -r '.layers[0].digest' sig)
	curl -sf "http://$PLAIN/v2/where/blobs/$payload" >payload
	jq -e --arg digest "$DIGEST" --arg name "$PLAIN/where" '.critical.image["docker-manifest-digest"] == $digest
		and .critical.identity["docker-reference"] == $name and .optional.build == "7"' payload
	jq -r '.layers[0].annotations["dev.cosignproject.cosign/signature"]' sig | base64 -d >signature
	openssl dgst -sha256 -verify a.pub -signature signature payload
	curl -sf "http://$PLAIN/v2/where/manifests/${DIGEST/:/-}" \
		-H 'Accept: application/vnd.oci.image.index.v1+json' >index
	jq -e '.manifests | length == 1 and .[0].artifactType == "application/vnd.dev.sigstore.bundle.v0.3+json"' index
}

@test "annotations can be asked for" {
	"$mohs" sign --key a.key -a build=7 -a team=web oci:own:v1
	"$mohs" verify --key a.pub -a build=7 -a team=web oci:own:v1
	run "$mohs" verify --key a.pub -a build=8 oci:own:v1
	refused "it does not have the annotation build=8"
	run "$mohs" sign --key a.key -a nonsense oci:own:v1
	[ "$status" -eq 2 ]
}

@test "any, all, or so many of the keys" {
	"$mohs" sign --key a.key oci:own:v1
	"$mohs" verify --key a.pub --key b.pub --key c.pub oci:own:v1
	run "$mohs" verify --need 2 --key a.pub --key b.pub --key c.pub oci:own:v1
	refused "1 of 3 keys signed it, and 2 must"
	"$mohs" sign --key b.key oci:own:v1
	"$mohs" verify --need 2 --key a.pub --key b.pub --key c.pub oci:own:v1
	run "$mohs" verify --need all --key a.pub --key b.pub --key c.pub oci:own:v1
	refused "2 of 3 keys signed it, and 3 must"
	# the same key twice is one signer
	run "$mohs" verify --need 2 --key a.pub --key a.key oci:own:v1
	[ "$status" -eq 2 ]
}

@test "attestations of any type; what can be made of the image is made" {
	pushed attested
	"$mohs" attest --key a.key --type spdx "$IMAGE"
	"$mohs" attest --key a.key --type cyclonedx --format bundle "$IMAGE"
	echo '{"reviewed": true}' >review.json
	"$mohs" attest --key a.key --type https://example.com/review/v1 --predicate review.json "$IMAGE"
	run "$mohs" verify --key a.pub "$IMAGE"
	refused "nothing beside it is a signature"
	"$mohs" sign --key a.key "$IMAGE"
	"$mohs" verify --key a.pub --type spdx --type cyclonedx --type https://example.com/review/v1 "$IMAGE"
	run "$mohs" verify --key a.pub --type hardening "$IMAGE"
	refused "no attestation of type hardening holds"
	run "$mohs" attest --key a.key --type hardening "$IMAGE"
	[ "$status" -eq 2 ]
	[[ $output == *"--predicate"* ]]
}

@test "signatures go along with the image, and a signature that is there stays" {
	pushed one
	"$mohs" sign --key a.key "$IMAGE"
	"$mohs" attest --key a.key --type spdx "$IMAGE"
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/two:1"
	"$mohs" sign --key b.key "$PLAIN/two:1"
	"$mohs" copy "$IMAGE" "$PLAIN/two:1"
	"$mohs" verify --need all --key a.pub --key b.pub --type spdx "$PLAIN/two:1"
	run "$mohs" verify --json --key a.pub "$PLAIN/two:1"
	jq -e '.proof.documents | length == 6' <<<"$output"
}

@test "signed at the same time, nothing is lost" {
	pushed together
	pids=
	for name in a b c; do
		"$mohs" sign --key "$name.key" "$IMAGE" >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	"$mohs" verify --need all --key a.pub --key b.pub --key c.pub "$IMAGE"
	"$mohs" verify --json --need all --key a.pub --key b.pub --key c.pub "$IMAGE" |
		jq -e '[.proof.documents[] | select(.passed)] | length == 6'
}

@test "a registry with passwords" {
	export REGISTRY_AUTH_FILE=$PWD/auth.json
	login_file auth.json "$LOGIN"
	"$mohs" copy "oci:$LAYOUT:v1" "$LOGIN/shop:1"
	"$mohs" sign --key a.key "$LOGIN/shop:1"
	"$mohs" verify --key a.pub "$LOGIN/shop:1"
	rm auth.json
	run "$mohs" verify --key a.pub "$LOGIN/shop:1"
	[ "$status" -eq 3 ]
}

@test "documents that were changed, cut short or grew are refused with a reason" {
	"$mohs" sign --key a.key --format legacy oci:own:v1
	payload=$(grep -l '"critical"' own/blobs/sha256/*)
	cp "$payload" good
	printf ' ' >>"$payload"
	run "$mohs" verify --key a.pub oci:own:v1
	refused "the bytes do not match"
	head -c 40 good >"$payload"
	run "$mohs" verify --key a.pub oci:own:v1
	refused "the bytes do not match"
	rm "$payload"
	run "$mohs" verify --key a.pub oci:own:v1
	refused "cannot open"
	cp good "$payload"
	"$mohs" verify --key a.pub oci:own:v1
}

@test "a document over the limit is a gap, not a crash" {
	"$mohs" sign --key a.key oci:own:v1
	# a layer that says it is 40 MB, of a bundle's type
	jq -n --arg d "$DIGEST" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		config: {mediaType: "application/vnd.oci.empty.v1+json", size: 2,
			digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		layers: [{mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", size: 40000000,
			digest: ("sha256:" + ("0" * 64))}],
		subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: 1}}' -c |
		tr -d '\n' >huge
	digest=$(sha256sum huge | cut -d' ' -f1)
	cp huge "own/blobs/sha256/$digest"
	tag=${DIGEST/:/-}
	fallback=$(jq -r --arg tag "$tag" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag)
		| .digest' own/index.json)
	jq -c --arg d "sha256:$digest" --argjson n "$(wc -c <huge)" '.manifests += [{digest: $d, size: $n,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json"}]' "own/blobs/sha256/${fallback#sha256:}" |
		tr -d '\n' >list
	new=$(sha256sum list | cut -d' ' -f1)
	cp list "own/blobs/sha256/$new"
	jq -c --arg tag "$tag" --arg d "sha256:$new" --argjson n "$(wc -c <list)" '.manifests |= map(
		if .annotations["org.opencontainers.image.ref.name"] == $tag then .digest = $d | .size = $n else . end)' \
		own/index.json >index
	cp index own/index.json
	run "$mohs" verify --key a.pub oci:own:v1
	[ "$status" -eq 0 ]
	[[ $output == *"at most"* ]]
}

@test "what breaks on the way goes on, and the image comes with all that is beside it" {
	"$mohs" sign --key a.key oci:own:v1
	"$mohs" attest --key a.key --type spdx oci:own:v1
	for fault in up-die up-busy up-race up-api up-match; do
		"$mohs" copy oci:own:v1 "$FAULTS/$fault:1"
		"$mohs" verify --key a.pub --type spdx "$FAULTS/$fault:1"
	done
}

@test "a registry that lies, or whose lists do not hold still: no tag, and no signature without its attestations" {
	"$mohs" sign --key a.key oci:own:v1
	"$mohs" attest --key a.key --type spdx oci:own:v1
	for fault in up-lie up-flip up-mismatch up-war up-down; do
		run "$mohs" copy oci:own:v1 "$FAULTS/$fault:9"
		[ "$status" -eq 3 ] || { echo "$fault: $status $output"; return 1; }
		[ "$(there "$fault" 9)" = 404 ]
		[ "$(there "$fault" "${DIGEST/:/-}.sig")" = 404 ] || [ "$(there "$fault" "${DIGEST/:/-}.att")" = 200 ]
	done
	run "$mohs" sign --key a.key "127.0.0.1:1/shop:1"
	[ "$status" -eq 3 ]
}

@test "wrong usage is told" {
	for line in "sign oci:own:v1" "sign --key a.key" "attest --key a.key oci:own:v1" \
		"attest --key a.key --type nothing oci:own:v1" "verify oci:own:v1" \
		"verify --key a.pub --need none oci:own:v1" "verify --key a.pub --max-age 3d oci:own:v1" \
		"sign --key a.key --format paper oci:own:v1" "sign --key a.key --password-fd x oci:own:v1"; do
		# shellcheck disable=SC2086
		run "$mohs" $line
		[ "$status" -eq 2 ] || { echo "$line: $status $output"; return 1; }
	done
	run "$mohs" sign --key a.pub oci:own:v1
	[ "$status" -ne 0 ]
	run "$mohs" sign --key a.key docker-archive:x.tar
	[ "$status" -eq 2 ]
}

@test "the key is in no argument list, log or environment that is left" {
	MOHS_PASSWORD=secret run "$mohs" sign -v --key a.key oci:own:v1
	[ "$status" -eq 0 ]
	[[ $output != *secret* ]]
	! grep -rq secret own
}
