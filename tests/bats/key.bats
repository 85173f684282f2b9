#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs key, with openssl as the judge.

setup() {
	mohs=$(realpath "${MOHS:-build/src/cmd/mohs}")
	type=$PWD/tests/tools/type-at-prompt
	cd "$BATS_TEST_TMPDIR"
	unset MOHS_PASSWORD COSIGN_PASSWORD
}

@test "generate writes an encrypted private key for its owner only, and its public key" {
	MOHS_PASSWORD=secret run "$mohs" key generate -o a
	[ "$status" -eq 0 ]
	[ "$(stat -c %a a.key)" = 600 ]
	[ "$(head -n 1 a.key)" = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----" ]
	openssl pkey -pubin -in a.pub -noout
	COSIGN_PASSWORD=secret "$mohs" key public a.key >again.pub
	cmp a.pub again.pub
	"$mohs" key public a.pub | cmp - a.pub
}

@test "a wrong password is said, and nothing is printed" {
	MOHS_PASSWORD=secret "$mohs" key generate -o a
	run "$mohs" key public --password-fd 0 a.key <<<wrong
	[ "$status" -eq 3 ]
	[[ $output == *"wrong password"* ]]
	run "$mohs" key public --password-fd 0 a.key <<<secret
	[ "$status" -eq 0 ]
	[[ $output == "-----BEGIN PUBLIC KEY-----"* ]]
}

@test "files that are there are not replaced without --force" {
	MOHS_PASSWORD= "$mohs" key generate -o a
	cp a.key before
	MOHS_PASSWORD= run "$mohs" key generate -o a
	[ "$status" -eq 2 ]
	[[ $output == *"--force"* ]]
	cmp a.key before
	MOHS_PASSWORD= "$mohs" key generate --type ed25519 --force -o a
	run cmp a.key before
	[ "$status" -eq 1 ]
}

@test "keys of openssl are imported" {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec.pem 2>/dev/null
	openssl genrsa -traditional -out rsa.pem 2048 2>/dev/null
	for name in ec rsa; do
		MOHS_PASSWORD=x "$mohs" key import -o "$name" "$name.pem"
		openssl pkey -in "$name.pem" -pubout | cmp - "$name.pub"
	done
	openssl pkey -in ec.pem -aes256 -passout pass:y -out locked.pem
	MOHS_PASSWORD=x run "$mohs" key import -o locked locked.pem
	[ "$status" -eq 3 ]
	[[ $output == *"openssl pkey"* ]]
	[ ! -e locked.key ]
}

@test "the password is asked for on the terminal, twice, and not shown" {
	run "$type" typed typed -- "$mohs" key generate -o t
	[ "$status" -eq 0 ]
	[[ $output == *"New password for t.key: "*"Once more for t.key: "* ]]
	[[ $output != *typed* ]]
	MOHS_PASSWORD=typed "$mohs" key public t.key | cmp - t.pub
	run "$type" typed other -- "$mohs" key generate -o u
	[ "$status" -eq 3 ]
	[[ $output == *"differ"* ]]
	run "$type" ^C -- "$mohs" key generate -o u
	[ "$status" -eq 3 ]
	[[ $output == *"interrupted"* ]]
	[ ! -e u.key ]
}

@test "wrong usage" {
	for line in "generate x" "import" "public" "polish" "public --type x f" "generate --type dsa" \
		"public --password-fd x f"; do
		# shellcheck disable=SC2086
		run "$mohs" key $line
		[ "$status" -eq 2 ]
	done
}
