#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The advisory database as a signed file and in a real registry; cosign and the libraries of
# sigstore for JavaScript as judges.

bats_require_minimum_version 1.5.0

load images
load registries
load peers

mohs=${MOHS:-$BUILD/src/cmd/mohs}
TYPE=https://mohs.dev/attestation/advisories/v1

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	export SOURCE_DATE_EPOCH=1795420800 MOHS_PASSWORD=sesame PLAIN HOME_DB=$PWD/home.db
	start_registry plain && PLAIN=127.0.0.1:$PORT
	"$mohs" key generate -o key 2>/dev/null
	"$mohs" key generate -o other 2>/dev/null
	"$mohs" db import --db home.db "$ROOT/data/advisories" >/dev/null
	"$mohs" db export --db home.db --key key.key --file signed.mohs >/dev/null
	"$mohs" db export --db home.db --file plain.mohs >/dev/null 2>&1
	"$mohs" db push --db home.db --key key.key "$PLAIN/db:today" >/dev/null
}

teardown_file() {
	stop_registries
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MOHS_DB=$PWD/away/advisories.db MOHS_CACHE=$PWD/cache HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/run
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_CONFIG_HOME
	mkdir -p home run
	cp "$BATS_FILE_TMPDIR"/{key,other}.* "$BATS_FILE_TMPDIR"/*.mohs .
}

# json FILTER: of $output.
json() {
	jq -r "$1" <<<"$output"
}

# refused TEXT: the last run could not do it, said so, and left nothing.
refused() {
	[ "$status" -eq 3 ] || { echo "status $status: $output$stderr"; return 1; }
	[[ $output$stderr == *"$1"* ]] || { echo "not \"$1\": $output$stderr"; return 1; }
	[ ! -e "$MOHS_DB" ]
	[ ! -e "$MOHS_DB.new" ]
}

@test "a signed file is taken with its key, and what is here says where it came from" {
	run --separate-stderr "$mohs" db import --key other.pub signed.mohs
	refused "the key given is another one"
	run --separate-stderr "$mohs" db import --key key.pub signed.mohs
	[ "$status" -eq 0 ] && [ -z "$stderr" ]
	run --separate-stderr "$mohs" db status --json
	[ "$status" -eq 0 ] && [ -z "$stderr" ]
	[ "$(json '.origin | [.kind, .from] | join(" ")')" = "file signed.mohs" ]
	[ "$(json .origin.key)" = "$(openssl pkey -pubin -in key.pub -outform DER | openssl dgst -sha256 -binary | base64)" ]
	[ "$(json .database.advisories)" = 23888 ]
	run "$mohs" db status
	[[ $output == *"from signed.mohs, signed with the key "* ]]
	# the database is the very bytes, and can be handed on as they came
	cmp -n "$(stat -c %s "$HOME_DB")" "$HOME_DB" "$MOHS_DB"
	"$mohs" db export --file again.mohs 2>/dev/null
	cmp again.mohs plain.mohs
	# an update makes it one that was made here
	"$mohs" db update --mirror "$ROOT/data/advisories" >/dev/null
	run "$mohs" db status --json
	[ "$(json '.origin | tostring')" = '{"kind":"update"}' ]
}

@test "what nobody signed must be asked for, and stays marked" {
	make_layout layout
	run --separate-stderr "$mohs" db import --key key.pub plain.mohs
	refused "nobody signed it"
	run --separate-stderr "$mohs" db import plain.mohs
	[ "$status" -eq 2 ]
	[[ $stderr == *--insecure-unsigned* ]]
	run --separate-stderr "$mohs" db import --insecure-unsigned plain.mohs
	[ "$status" -eq 0 ]
	[[ $stderr == *"nobody vouches"* ]]
	run --separate-stderr "$mohs" db status
	[[ $stderr == *"nobody vouches for this database: it is from plain.mohs"* ]]
	run --separate-stderr "$mohs" scan --json oci:layout:v1
	[ "$(json '.gaps[] | select(.subject == "advisories" and (.text | test("nobody|no signature"))) | .text')" = \
		"the database is from plain.mohs, and no signature of it was looked at" ]
	run --separate-stderr "$mohs" db export --key key.key --file laundered.mohs
	[ "$status" -eq 3 ]
	[[ $stderr == *"would vouch for it"* ]]
	[ ! -e laundered.mohs ]
	run --separate-stderr "$mohs" db update --mirror "$ROOT/data/advisories"
	[ "$status" -eq 0 ]
	[[ $stderr == *"old database was not used: nobody vouches for it"* ]]
}

@test "an older one is refused, unless it is asked for" {
	cp -r "$ROOT/data/advisories" later
	jq '.debian = "2026-11-24T00:00:00Z"' "$ROOT/data/advisories/feeds.json" >later/feeds.json
	"$mohs" db import later >/dev/null
	before=$(sha256sum <"$MOHS_DB")
	run --separate-stderr "$mohs" db import --key key.pub signed.mohs
	[ "$status" -eq 3 ]
	[[ $stderr == *"of 2026-11-23T00:00:00Z"*--allow-older* ]]
	run --separate-stderr "$mohs" db pull --key key.pub "$PLAIN/db:today"
	[ "$status" -eq 3 ]
	[[ $stderr == *--allow-older* ]]
	[ "$(sha256sum <"$MOHS_DB")" = "$before" ]
	"$mohs" db pull --allow-older --key key.pub "$PLAIN/db:today"
}

@test "wrong usage" {
	local words
	for words in "export" "export --file x folder" "export --key key.key folder" "export --file x --release sid" \
		"import --key key.pub ." "status --key key.pub" "push" "pull" "pull $PLAIN/db:today" "update --file x" \
		"import --key key.pub --insecure-unsigned signed.mohs" "push --allow-older $PLAIN/x:1" \
		"export --file x --key key.key --key other.key"; do
		# shellcheck disable=SC2086
		run "$mohs" db $words
		[ "$status" -eq 2 ] || { echo "$words: $status: $output"; return 1; }
	done
}

@test "any tar shows what is in the file" {
	[ "$(tar tf signed.mohs)" = $'statement.json\nbundle.json\nadvisories.db.zst' ]
	[ "$(tar tf plain.mohs)" = $'statement.json\nadvisories.db.zst' ]
	tar xf signed.mohs
	jq -er .dsseEnvelope.payload bundle.json | base64 -d | cmp - statement.json
	zstd -qd advisories.db.zst
	for name in advisories.db advisories.db.zst; do
		jq -er --arg name $name '.subject[] | select(.name == $name) | "\(.digest.sha256)  \($name)"' statement.json
	done | sha256sum -c --quiet
	cmp advisories.db "$HOME_DB"
	# bytes of the same length in place of others
	printf x | dd of=signed.mohs bs=1 seek=$(($(stat -c %s signed.mohs) - 4096)) conv=notrunc status=none
	run --separate-stderr "$mohs" db import --key key.pub signed.mohs
	refused "not what its statement is of"
}

@test "sigstore's libraries verify the file's bundle" {
	need_sigstore_js
	tar xf signed.mohs
	"${SIGSTORE[@]}" verify bundle.json key.pub | cmp - statement.json
	run "${SIGSTORE[@]}" verify bundle.json other.pub
	[ "$status" -ne 0 ]
}

@test "cosign verifies the file's bundle" {
	need_cosign
	tar xf signed.mohs
	empty_trusted_root root.json
	local check=(verify-blob-attestation --new-bundle-format --bundle bundle.json --trusted-root root.json
		--insecure-ignore-tlog=true --type "$TYPE")
	"$COSIGN" "${check[@]}" --key key.pub advisories.db.zst
	zstd -qd advisories.db.zst
	"$COSIGN" "${check[@]}" --key key.pub advisories.db
	run "$COSIGN" "${check[@]}" --key other.pub advisories.db.zst
	[ "$status" -ne 0 ]
	printf x >>advisories.db.zst
	run "$COSIGN" "${check[@]}" --key key.pub advisories.db.zst
	[ "$status" -ne 0 ]
}

@test "what was pushed is pulled once" {
	run --separate-stderr "$mohs" db pull --key other.pub "$PLAIN/db:today"
	refused "another"
	run "$mohs" db pull --json --key key.pub "$PLAIN/db:today"
	[ "$status" -eq 0 ] && [ "$(json .unchanged)" = false ]
	digest=$(json .digest)
	run "$mohs" db status --json
	[ "$(json '.origin | [.kind, .from, .digest] | join(" ")')" = "registry $PLAIN/db:today $digest" ]
	inode=$(stat -c %i "$MOHS_DB")
	[ -z "$(find cache -size +64k)" ] # a database is not kept twice
	run "$mohs" db pull --json --key key.pub "$PLAIN/db:today"
	[ "$status" -eq 0 ] && [ "$(json .unchanged)" = true ]
	[ "$(stat -c %i "$MOHS_DB")" = "$inode" ]
	# nothing but documents was fetched
	[ -z "$(find cache -size +64k)" ]
	run "$mohs" db pull --json --key key.pub "$PLAIN/db@$digest"
	[ "$status" -eq 0 ] && [ "$(json .unchanged)" = true ]
}

@test "cosign and mohs verify what was pushed, and it is copied like an image" {
	"$mohs" verify --key key.pub "$PLAIN/db:today"
	"$mohs" copy "$PLAIN/db:today" oci:carried:today
	"$mohs" db pull --key key.pub oci:carried:today
	need_cosign
	"$COSIGN" verify --insecure-ignore-tlog=true --allow-http-registry --key key.pub "$PLAIN/db:today" >verified
	jq -e --arg name "$PLAIN/db" '.[0].critical.identity["docker-reference"] == $name' verified
	run "$COSIGN" verify --insecure-ignore-tlog=true --allow-http-registry --key other.pub "$PLAIN/db:today"
	[ "$status" -ne 0 ]
}

@test "who pushes need not be who signs" {
	"$mohs" db push --db "$HOME_DB" "$PLAIN/apart:1" 2>/dev/null
	run --separate-stderr "$mohs" db pull --key key.pub "$PLAIN/apart:1"
	refused "there is no signature of it"
	"$mohs" sign --key key.key "$PLAIN/apart:1"
	"$mohs" db pull --key key.pub "$PLAIN/apart:1"
}
