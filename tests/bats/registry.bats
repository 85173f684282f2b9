#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Registry references, against a real registry and against one that misbehaves.

load images
load registries

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	export LAYOUT=$BATS_FILE_TMPDIR/layout PLAIN_PORT LOGIN_PORT TLS_PORT FAULT_PORT FAULT_TLS_PORT
	make_layout "$LAYOUT"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 \
		-subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
	htpasswd -Bbn user 'open sesame' >htpasswd 2>/dev/null
	start_registry plain && PLAIN_PORT=$PORT
	start_registry login "$PWD/htpasswd" && LOGIN_PORT=$PORT
	start_registry tls "" "$PWD/cert.pem" "$PWD/key.pem" && TLS_PORT=$PORT
	start_faults faults && FAULT_PORT=$PORT
	start_faults faults-tls "$PWD/cert.pem" "$PWD/key.pem" && FAULT_TLS_PORT=$PORT
	skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:v1" "docker://127.0.0.1:$PLAIN_PORT/shop/web:1.0"
	skopeo copy --quiet --dest-tls-verify=false --dest-creds 'user:open sesame' "oci:$LAYOUT:v1" \
		"docker://127.0.0.1:$LOGIN_PORT/shop/web:1.0"
	skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:v1" "docker://127.0.0.1:$TLS_PORT/shop/web:1.0"
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
	LOG=$BATS_FILE_TMPDIR/faults/log
	: >"$LOG"
}

good() {
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
	[[ $output == *"manifest $DIGEST"* ]] || { echo "$output"; return 1; }
	[ "$(grep -c '^blob ' <<<"$output")" -eq 3 ] || { echo "$output"; return 1; }
}

@test "a real registry: by tag, by digest, with and without docker://" {
	for reference in "127.0.0.1:$PLAIN_PORT/shop/web:1.0" "docker://localhost:$PLAIN_PORT/shop/web:1.0" \
		"127.0.0.1:$PLAIN_PORT/shop/web@$DIGEST" "127.0.0.1:$PLAIN_PORT/shop/web:9@$DIGEST"; do
		run "$FETCH" "$reference"
		good
	done
	[ "$(ls cache/blobs/sha256 | wc -l)" -eq 3 ]
}

@test "a real registry: what is not there" {
	run "$FETCH" "127.0.0.1:$PLAIN_PORT/shop/web:2.0"
	fails_with not-found "shop/web:2.0 (manifest unknown)"
	run "$FETCH" "127.0.0.1:$PLAIN_PORT/absent"
	fails_with not-found "absent:latest"
	run "$FETCH" "127.0.0.1:1/absent"
	fails_with network "127.0.0.1:1"
}

@test "a damaged blob of the cache is fetched again" {
	run "$FETCH" "127.0.0.1:$PLAIN_PORT/shop/web:1.0"
	good
	file=$(find cache/blobs/sha256 -size +100k)
	printf x | dd of="$file" bs=1 seek=500 conv=notrunc status=none
	run "$FETCH" "127.0.0.1:$PLAIN_PORT/shop/web:1.0"
	good
	[[ $output == *"is damaged; fetching it again"* ]]
	[ "$(sha256sum "$file" | cut -d' ' -f1)" = "$(basename "$file")" ]
}

@test "passwords: none stored, a wrong one, from every configuration file" {
	reference=127.0.0.1:$LOGIN_PORT/shop/web:1.0
	run "$FETCH" "$reference"
	fails_with auth "none are stored"
	for file in home/.docker/config.json home/.config/containers/auth.json run/containers/auth.json; do
		login_file "$file" "127.0.0.1:$LOGIN_PORT"
		run "$FETCH" "$reference"
		good
		rm "$file"
	done
	login_file docker/config.json "https://127.0.0.1:$LOGIN_PORT/v1/"
	DOCKER_CONFIG=$PWD/docker run "$FETCH" "$reference"
	good
	login_file auth.json "127.0.0.1:$LOGIN_PORT/shop"
	REGISTRY_AUTH_FILE=$PWD/auth.json run "$FETCH" "$reference"
	good
	login_file auth.json "127.0.0.1:$LOGIN_PORT/shopping"
	REGISTRY_AUTH_FILE=$PWD/auth.json run "$FETCH" "$reference"
	fails_with auth "none are stored"
	sed -i 's/"auth":"[^"]*"/"auth":"dXNlcjp3cm9uZw=="/; s/shopping/shop/' auth.json
	REGISTRY_AUTH_FILE=$PWD/auth.json run "$FETCH" "$reference"
	fails_with auth "refuses access to shop/web:1.0"
	echo '{"auths":' >auth.json
	REGISTRY_AUTH_FILE=$PWD/auth.json run "$FETCH" "$reference"
	fails_with invalid auth.json
}

@test "passwords: from a credential helper, whose argument list holds no secret" {
	mkdir -p bin home/.docker
	cat >bin/docker-credential-test <<-'HELPER'
		#!/bin/sh
		echo "$*" >>"$HELPER_LOG"
		read -r server
		case $server in
		127.0.0.1:*) printf '{"ServerURL":"%s","Username":"user","Secret":"open sesame"}' "$server" ;;
		*) echo "credentials not found in native keychain"; exit 1 ;;
		esac
	HELPER
	chmod +x bin/docker-credential-test
	export HELPER_LOG=$PWD/helper.log
	echo '{"credsStore":"test"}' >home/.docker/config.json
	PATH=$PWD/bin:$PATH run "$FETCH" "127.0.0.1:$LOGIN_PORT/shop/web:1.0"
	good
	[ "$(sort -u helper.log)" = get ]
	PATH=$PWD/bin:$PATH run "$FETCH" "localhost:$LOGIN_PORT/shop/web:1.0"
	fails_with auth "none are stored"
	printf '{"credHelpers":{"127.0.0.1:%s":"test"}}' "$LOGIN_PORT" >home/.docker/config.json
	PATH=$PWD/bin:$PATH run "$FETCH" "127.0.0.1:$LOGIN_PORT/shop/web:1.0"
	good
	run "$FETCH" "127.0.0.1:$LOGIN_PORT/shop/web:1.0"
	fails_with not-found "docker-credential-test"
	echo '{"credsStore":"../../bin/sh"}' >home/.docker/config.json
	run "$FETCH" "127.0.0.1:$LOGIN_PORT/shop/web:1.0"
	fails_with invalid "no name of a credential helper"
}

@test "TLS: an unknown authority is refused, one from certs or the environment is taken" {
	reference=localhost:$TLS_PORT/shop/web:1.0
	run "$FETCH" "$reference"
	fails_with network certificate
	[ ! -e cache/blobs ]
	SSL_CERT_FILE=$BATS_FILE_TMPDIR/cert.pem run "$FETCH" "$reference"
	good
	mkdir -p "certs/localhost:$TLS_PORT"
	cp "$BATS_FILE_TMPDIR/cert.pem" "certs/localhost:$TLS_PORT/ca.crt"
	run "$FETCH" "$reference"
	good
	run "$FETCH" "127.0.0.1:$TLS_PORT/shop/web:1.0"
	fails_with network certificate
	run "$FETCH" --plain-http "127.0.0.1:$TLS_PORT/shop/web:1.0"
	fails_with network certificate
}

@test "a broken download goes on where it stopped" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/truncate:1"
	good
	grep -q 'blobs/.* range=bytes=[1-9]' "$LOG"
}

@test "a broken download starts over where ranges are not served" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/norange:1"
	good
}

@test "a download goes on in the next run" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/stop:1"
	[ "$status" -eq 3 ]
	[ -n "$(find cache/blobs/sha256 -name '*.part' -size +0)" ]
	run "$FETCH" "127.0.0.1:$FAULT_PORT/truncate:1"
	good
	[ -z "$(find cache/blobs/sha256 -name '*.part')" ]
}

@test "the rest of an earlier run is not trusted" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/good:1"
	good
	for file in cache/blobs/sha256/*; do
		mv "$file" "$file.part"
		printf xx | dd of="$file.part" bs=1 conv=notrunc status=none
	done
	run "$FETCH" "127.0.0.1:$FAULT_PORT/good:1"
	good
}

@test "bytes that do not match are thrown away" {
	for fault in wrong longer; do
		run "$FETCH" "127.0.0.1:$FAULT_PORT/$fault:1"
		fails_with digest "sha256:"
		[ -z "$(find cache/blobs -type f -name '????????????????????????????????????????????????????????????????')" ]
	done
	run "$FETCH" "127.0.0.1:$FAULT_PORT/mismatch:1"
	fails_with digest "other bytes than it said"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/mismatch@$DIGEST"
	fails_with digest "other bytes than the digest names"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/shorter:1"
	fails_with network "end early"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/missing:1"
	fails_with not-found "blob sha256:"
}

@test "answers without end are stopped" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/huge:1"
	fails_with limit "4194304 bytes"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/headers:1"
	[ "$status" -eq 3 ]
	run "$FETCH" "127.0.0.1:$FAULT_PORT/loop:1"
	fails_with network "redirects"
}

@test "a busy registry is asked again, after what it says in Retry-After" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/busy:1"
	good
	[ "$(grep -c /busy/manifests/1 "$LOG")" -eq 3 ]
}

@test "a registry that stays down is given up on" {
	run "$FETCH" "127.0.0.1:$FAULT_PORT/down:1"
	fails_with network "answered 500"
	[ "$(grep -c /down/manifests/1 "$LOG")" -eq 5 ]
}

@test "credentials stay with their host when it redirects" {
	login_file home/.docker/config.json "127.0.0.1:$FAULT_PORT"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/redirect:1"
	good
	grep -q '^main .* auth=Basic' "$LOG"
	[ "$(grep -c '^other .* auth=none' "$LOG")" -eq 3 ]
	run grep '^other .* auth=Basic' "$LOG"
	[ "$status" -eq 1 ]
}

@test "a redirect from https to plain HTTP is refused" {
	export SSL_CERT_FILE=$BATS_FILE_TMPDIR/cert.pem
	: >"$BATS_FILE_TMPDIR/faults-tls/log"
	run "$FETCH" "localhost:$FAULT_TLS_PORT/plain:1"
	fails_with network "from https to plain HTTP"
	run grep ^other "$BATS_FILE_TMPDIR/faults-tls/log"
	[ "$status" -eq 1 ]
}

@test "bearer tokens: fetched once with the credentials, which the registry itself never sees" {
	login_file home/.docker/config.json "127.0.0.1:$FAULT_PORT"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/token:1"
	good
	[ "$(grep -c '^main /token' "$LOG")" -eq 1 ]
	run grep '^main /v2/.* auth=Basic' "$LOG"
	[ "$status" -eq 1 ]
	rm home/.docker/config.json
	run "$FETCH" "127.0.0.1:$FAULT_PORT/token:1"
	fails_with auth "token service"
}

@test "credentials go to no token service without TLS, and to no unknown scheme" {
	login_file home/.docker/config.json "127.0.0.1:$FAULT_PORT"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/badrealm:1"
	fails_with auth "without TLS"
	run "$FETCH" "127.0.0.1:$FAULT_PORT/noway:1"
	fails_with auth "no way to log in"
}
