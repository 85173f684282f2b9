#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What mohs stores is good for others, and what others store is good for mohs: skopeo, podman and
# docker; cosign; the libraries of sigstore for JavaScript.

load images
load registries
load peers

mohs=${MOHS:-$BUILD/src/cmd/mohs}
TYPE=https://example.com/review/v1

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	export LAYOUT=$BATS_FILE_TMPDIR/layout PLAIN LOGIN
	make_layout "$LAYOUT"
	htpasswd -Bbn user 'open sesame' >htpasswd 2>/dev/null
	start_registry plain && PLAIN=127.0.0.1:$PORT
	start_registry login "$PWD/htpasswd" && LOGIN=127.0.0.1:$PORT
	MOHS_PASSWORD=sesame "$mohs" key generate -o key
	MOHS_PASSWORD=sesame "$mohs" key generate -o other
	echo '{"reviewed": true, "by": "two people"}' >predicate.json
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/shop:1"
	MOHS_PASSWORD=sesame "$mohs" sign --key key.key -a stage=production "$PLAIN/shop:1"
	MOHS_PASSWORD=sesame "$mohs" attest --key key.key --type "$TYPE" --predicate predicate.json "$PLAIN/shop:1"
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/bundles:1"
	MOHS_PASSWORD=sesame "$mohs" sign --key key.key --format bundle "$PLAIN/bundles:1"
	MOHS_PASSWORD=sesame "$mohs" attest --key key.key --format bundle --type "$TYPE" --predicate predicate.json \
		"$PLAIN/bundles:1"
}

teardown_file() {
	stop_registries
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MOHS_CACHE=$PWD/cache HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/run COSIGN_PASSWORD=sesame
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_CONFIG_HOME MOHS_PASSWORD
	mkdir -p home run
	cp "$BATS_FILE_TMPDIR"/{key,other}.* "$BATS_FILE_TMPDIR/predicate.json" .
	DIGEST=$(manifest_of "$LAYOUT")
	# No log is asked, nothing is uploaded; registries here speak HTTP.
	CHECK=(--insecure-ignore-tlog=true --allow-http-registry)
	MAKE=(--yes --tlog-upload=false --allow-http-registry)
	empty_trusted_root root.json
}

teardown() {
	stop_docker
}

# get_bundles REPOSITORY: the bundles at the fallback tag, as 0.json, 1.json, ...
get_bundles() {
	local url=http://$PLAIN/v2/$1 digest n=0
	for digest in $(curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json' "$url/manifests/${DIGEST/:/-}" |
		jq -r '.manifests[].digest'); do
		digest=$(curl -sf -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$url/manifests/$digest" |
			jq -r '.layers[0].digest')
		curl -sf "$url/blobs/$digest" >$n.json
		n=$((n + 1))
	done
	[ "$n" -gt 0 ]
}

# fails TEXT COMMAND...: not with success, and says so.
fails() {
	run "${@:2}"
	[ "$status" -ne 0 ] || { echo "succeeded: $output"; return 1; }
	[[ $output == *"$1"* ]] || { echo "does not say \"$1\": $output"; return 1; }
}

# hash_option COMMAND KEY: HASH is what cosign must be told of larger curves, where it can be.
hash_option() {
	HASH=()
	case $2 in
	*p384) HASH=(--signature-digest-algorithm sha384) ;;
	*p521) HASH=(--signature-digest-algorithm sha512) ;;
	esac
	"$COSIGN" "$1" --help | grep -q signature-digest-algorithm || HASH=()
}

# holds_not ARGUMENT...: mohs could look, and says that it does not hold.
holds_not() {
	run "$mohs" "$@"
	[ "$status" -eq 1 ] || { echo "status $status: $output"; return 1; }
}

@test "skopeo pulls what mohs pushed" {
	skopeo copy --quiet --src-tls-verify=false "docker://$PLAIN/shop:1" dir:pulled
	[ "sha256:$(sha256sum <pulled/manifest.json | cut -d' ' -f1)" = "$DIGEST" ]
}

@test "podman pulls what mohs pushed" {
	need_podman
	"${PODMAN[@]}" pull --quiet --tls-verify=false --signature-policy podman/policy.json "$PLAIN/shop:1"
	[ "$("${PODMAN[@]}" image inspect --format '{{.Digest}}' "$PLAIN/shop:1")" = "$DIGEST" ]
}

@test "docker pulls what mohs pushed" {
	start_docker
	"${DOCKER[@]}" pull --quiet "$PLAIN/shop:1"
	[ "$("${DOCKER[@]}" image inspect --format '{{index .RepoDigests 0}}' "$PLAIN/shop:1")" = "$PLAIN/shop@$DIGEST" ]
	"${DOCKER[@]}" save "$PLAIN/shop:1" | tar -xO manifest.json | jq -e '.[0].Layers | length == 2'
}

@test "cosign reads keys of mohs, and mohs reads keys of cosign" {
	need_cosign
	"$COSIGN" public-key --key key.key | cmp - key.pub
	"$COSIGN" generate-key-pair --output-key-prefix theirs
	MOHS_PASSWORD=sesame "$mohs" key public theirs.key | cmp - theirs.pub
	for type in ecdsa-p384 ecdsa-p521 rsa-3072 ed25519; do
		MOHS_PASSWORD=sesame "$mohs" key generate --type "$type" -o "$type"
		"$COSIGN" public-key --key "$type.key" | cmp - "$type.pub"
	done
}

@test "cosign verifies signatures of mohs" {
	need_cosign
	"$COSIGN" verify "${CHECK[@]}" --key key.pub -a stage=production "$PLAIN/shop@$DIGEST" >verified
	jq -e --arg digest "$DIGEST" '.[0].critical.image["docker-manifest-digest"] == $digest' verified
	fails "no matching signatures" "$COSIGN" verify "${CHECK[@]}" --key other.pub "$PLAIN/shop@$DIGEST"
	fails "annotation" "$COSIGN" verify "${CHECK[@]}" --key key.pub -a stage=test "$PLAIN/shop@$DIGEST"
}

@test "cosign verifies attestations of mohs, as envelopes and as bundles" {
	need_cosign
	local check=("${CHECK[@]}" --type "$TYPE")
	"$COSIGN" verify-attestation --new-bundle-format=false "${check[@]}" --key key.pub "$PLAIN/shop@$DIGEST" >envelope
	"$COSIGN" verify-attestation --new-bundle-format --trusted-root root.json "${check[@]}" --key key.pub \
		"$PLAIN/bundles@$DIGEST" >bundle
	for form in envelope bundle; do
		jq -r .payload "$form" | base64 -d | jq -e --slurpfile predicate predicate.json \
			'.predicate == $predicate[0]'
	done
	fails "signature" "$COSIGN" verify-attestation --new-bundle-format=false "${check[@]}" --key other.pub \
		"$PLAIN/shop@$DIGEST"
	fails "signature" "$COSIGN" verify-attestation --new-bundle-format --trusted-root root.json "${check[@]}" \
		--key other.pub "$PLAIN/bundles@$DIGEST"
	fails "predicate type" "$COSIGN" verify-attestation --new-bundle-format --trusted-root root.json "${CHECK[@]}" \
		--type https://example.com/other --key key.pub "$PLAIN/bundles@$DIGEST"
}

@test "signatures with every type of key pass between cosign and mohs" {
	need_cosign
	for type in ecdsa-p384 ecdsa-p521 rsa-2048 ed25519; do
		MOHS_PASSWORD=sesame "$mohs" key generate --type "$type" -o "$type"
		"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/$type:1"
		MOHS_PASSWORD=sesame "$mohs" sign --key "$type.key" "$PLAIN/$type:1"
		hash_option verify "$type"
		"$COSIGN" verify "${CHECK[@]}" "${HASH[@]}" --key "$type.pub" "$PLAIN/$type@$DIGEST"
		"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/theirs-$type:1"
		"$COSIGN" sign "${MAKE[@]}" --key "$type.key" "$PLAIN/theirs-$type@$DIGEST"
		"$mohs" verify --key "$type.pub" "$PLAIN/theirs-$type:1"
	done
}

@test "mohs verifies signatures and attestations of cosign" {
	need_cosign
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/theirs:1"
	holds_not verify --key key.pub "$PLAIN/theirs:1"
	"$COSIGN" sign "${MAKE[@]}" --key key.key -a stage=production "$PLAIN/theirs@$DIGEST"
	"$mohs" verify --key key.pub -a stage=production "$PLAIN/theirs:1"
	holds_not verify --key key.pub -a stage=test "$PLAIN/theirs:1"
	holds_not verify --key other.pub "$PLAIN/theirs:1"
	for format in false true; do
		local type=https://example.com/bundle-$format/v1
		holds_not verify --key key.pub --type "$type" "$PLAIN/theirs:1"
		"$COSIGN" attest "${MAKE[@]}" --new-bundle-format=$format --key key.key --type "$type" \
			--predicate predicate.json "$PLAIN/theirs@$DIGEST"
		"$mohs" verify --key key.pub --type "$type" "$PLAIN/theirs:1"
	done
}

@test "what both stored beside one image holds for both" {
	need_cosign
	"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/both:1"
	"$COSIGN" sign "${MAKE[@]}" --key other.key "$PLAIN/both@$DIGEST"
	"$COSIGN" attest "${MAKE[@]}" --new-bundle-format --key other.key --type "$TYPE" --predicate predicate.json \
		"$PLAIN/both@$DIGEST"
	MOHS_PASSWORD=sesame "$mohs" sign --key key.key "$PLAIN/both:1"
	MOHS_PASSWORD=sesame "$mohs" attest --key key.key --type "$TYPE" --predicate predicate.json "$PLAIN/both:1"
	"$mohs" verify --key key.pub --key other.pub --need all --type "$TYPE" "$PLAIN/both:1"
	for key in key other; do
		"$COSIGN" verify "${CHECK[@]}" --key $key.pub "$PLAIN/both@$DIGEST"
		"$COSIGN" verify-attestation --new-bundle-format --trusted-root root.json "${CHECK[@]}" --type "$TYPE" \
			--key $key.pub "$PLAIN/both@$DIGEST"
	done
}

@test "sigstore for JavaScript verifies the bundles of mohs, and no changed one" {
	need_sigstore_js
	get_bundles bundles
	[ -e 1.json ] && [ ! -e 2.json ]
	for bundle in 0 1; do
		"${SIGSTORE[@]}" verify $bundle.json key.pub >statement
		jq -e --arg digest "${DIGEST#sha256:}" '.subject[0].digest.sha256 == $digest' statement
		fails "unknown key hint" "${SIGSTORE[@]}" verify $bundle.json other.pub
		jq '.dsseEnvelope.payload = (.dsseEnvelope.payload | @base64d | sub("example"; "exchange") + " " | @base64)' \
			$bundle.json >changed.json
		fails SIGNATURE_ERROR "${SIGSTORE[@]}" verify changed.json key.pub
	done
}

@test "mohs verifies what sigstore for JavaScript stored" {
	need_sigstore_js
	login_file home/.docker/config.json "$LOGIN"
	"$mohs" copy "oci:$LAYOUT:v1" "$LOGIN/shop:1"
	get_bundles bundles
	holds_not verify --key key.pub "$LOGIN/shop:1"
	for bundle in 0 1; do
		"${SIGSTORE[@]}" attach "$LOGIN/shop" "$DIGEST" $bundle.json application/vnd.dev.sigstore.bundle.v0.3+json
	done
	"$mohs" verify --key key.pub --type "$TYPE" "$LOGIN/shop:1"
	holds_not verify --key other.pub "$LOGIN/shop:1"
	MOHS_PASSWORD=sesame "$mohs" attest --key key.key --type https://example.com/later/v1 \
		--predicate predicate.json "$LOGIN/shop:1"
	"$mohs" verify --key key.pub --type "$TYPE" --type https://example.com/later/v1 "$LOGIN/shop:1"
}

@test "cosign verifies what a key on a token signed" {
	local name uri
	need_cosign
	"$ROOT/tests/tools/make-token" "$PWD/token"
	export SOFTHSM2_CONF=$PWD/token/softhsm2.conf
	for name in p256 p384 rsa2048 edwards; do
		# SoftHSM 2.6.1 does not free the name of Ed25519's curve.
		[ "$name" != edwards ] || export ASAN_OPTIONS=detect_leaks=0
		uri="pkcs11:token=mohs;object=$name"
		"$mohs" copy "oci:$LAYOUT:v1" "$PLAIN/token-$name:1"
		"$mohs" key public "$uri" >$name.pub
		"$mohs" sign --key "$uri" --password-fd 0 "$PLAIN/token-$name:1" <<<2718
		"$mohs" attest --key "$uri" --password-fd 0 --type "$TYPE" --predicate predicate.json \
			"$PLAIN/token-$name:1" <<<2718
		hash_option verify "$name"
		"$COSIGN" verify "${CHECK[@]}" "${HASH[@]}" --key $name.pub "$PLAIN/token-$name@$DIGEST"
		# Before 2.6 it knows one hash for attestations, and cannot be told another.
		hash_option verify-attestation "$name"
		[ "$name" = p384 ] && [ "${#HASH[@]}" -eq 0 ] ||
			"$COSIGN" verify-attestation --new-bundle-format --trusted-root root.json "${CHECK[@]}" "${HASH[@]}" \
				--type "$TYPE" --key $name.pub "$PLAIN/token-$name@$DIGEST"
		"$mohs" verify --key "$uri" --type "$TYPE" "$PLAIN/token-$name:1"
	done
}
