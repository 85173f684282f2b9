#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys on PKCS #11 tokens, with SoftHSM and openssl as the judge.

load images

setup_file() {
	cd "$ROOT" || return 1
	tests/tools/make-token "$BATS_FILE_TMPDIR/token"
	export SOFTHSM2_CONF=$BATS_FILE_TMPDIR/token/softhsm2.conf
}

setup() {
	mohs=$(realpath "${MOHS:-$BUILD/src/cmd/mohs}")
	type=$ROOT/tests/tools/type-at-prompt
	module=${MOHS_TEST_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}
	cd "$BATS_TEST_TMPDIR"
	unset MOHS_PASSWORD COSIGN_PASSWORD MOHS_PKCS11_MODULE PKCS11_PROVIDER_MODULE
}

@test "the public key of a token's key is shown without its PIN, and is the token's" {
	head -c 32 /dev/zero >hash
	id=0
	for name in p256 p384 p521 rsa2048; do
		id=$((id + 1))
		"$mohs" key public "pkcs11:token=mohs;object=$name" </dev/null >"$name.pub"
		mechanism=ECDSA
		[ "$name" = rsa2048 ] && mechanism=RSA-PKCS
		pkcs11-tool --module "$module" --token-label mohs --login --pin 2718 --sign --mechanism "$mechanism" \
			--signature-format openssl --id "0$id" -i hash -o "$name.sig" >/dev/null
		openssl pkeyutl -verify -pubin -inkey "$name.pub" -in hash -sigfile "$name.sig"
	done
	"$mohs" key public "pkcs11:token=mohs;object=certified" >certified.pub
	cmp certified.pub <(openssl pkey -pubin -inform DER -in "$BATS_FILE_TMPDIR/token/certified.pub.der")
}

@test "the PIN comes from a descriptor, a variable, a file or the terminal" {
	uri="pkcs11:token=mohs;object=lonely-rsa"
	run "$mohs" key public "$uri"
	[ "$status" -eq 3 ]
	[[ $output == *'no PIN for token "mohs"'* ]]
	"$mohs" key public --password-fd 0 "$uri" <<<2718 >a
	openssl pkey -pubin -in a -noout
	MOHS_PASSWORD=2718 "$mohs" key public "$uri" | cmp - a
	echo 2718 >pin
	"$mohs" key public "$uri?pin-source=file:$PWD/pin" | cmp - a
	run "$type" 2718 -- "$mohs" key public "$uri"
	[ "$status" -eq 0 ]
	[[ $output == *'PIN for token "mohs": '* ]]
	[[ $output != *2718* ]]
	[[ $output == *"BEGIN PUBLIC KEY"* ]]
}

@test "a wrong PIN is tried once and said" {
	run "$mohs" key public --password-fd 0 "pkcs11:token=mohs;object=lonely-rsa" <<<999999
	[ "$status" -eq 3 ]
	[[ $output == *'token "mohs": wrong PIN'* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "a PIN in the URI is refused, and not repeated" {
	run "$mohs" key public "pkcs11:token=mohs;object=p256?pin-value=2718"
	[ "$status" -eq 2 ]
	[[ $output == *"pin-source=file:"* ]]
	[[ $output != *2718* ]]
}

@test "what is not there is said, with what is" {
	run "$mohs" key public "pkcs11:token=none"
	[ "$status" -eq 3 ]
	[[ $output == *'"mohs"'* ]]
	run "$mohs" key public --password-fd 0 "pkcs11:token=mohs;object=none" <<<2718
	[ "$status" -eq 3 ]
	[[ $output == *'it has '*'"p384"'* ]]
	run "$mohs" key public "pkcs11:token=mohs?module-path=/nowhere.so"
	[ "$status" -eq 3 ]
	[[ $output == *"no PKCS #11 module /nowhere.so"* ]]
	run "$mohs" key public "pkcs11:token=mohs;object=bits"
	[ "$status" -eq 3 ]
	[[ $output == *"1024 bits"* ]]
}

@test "an image is signed, attested and verified with keys on a token and in a file" {
	make_layout own
	echo '{"by": "two people"}' >predicate.json
	MOHS_PASSWORD=x "$mohs" key generate -o file
	uri="pkcs11:token=mohs;object=p384"
	run "$mohs" sign -v --key "$uri" --password-fd 0 oci:own:v1 <<<2718
	[ "$status" -eq 0 ]
	[[ $output != *2718* ]]
	MOHS_PASSWORD=2718 "$mohs" attest --key "$uri" --type https://example.com/review/v1 \
		--predicate predicate.json oci:own:v1
	MOHS_PASSWORD=x "$mohs" sign --key file.key oci:own:v1
	"$mohs" verify --key "$uri" --key file.pub --need all --type https://example.com/review/v1 oci:own:v1
	run "$mohs" verify --key "pkcs11:token=mohs;object=p256" oci:own:v1
	[ "$status" -eq 1 ]
	[[ $output == *"the key given is another one"* ]]
}

@test "what a token does not sign is not stored" {
	make_layout own
	for key in mismatched lonely; do
		run "$mohs" sign --key "pkcs11:token=mohs;object=$key" --password-fd 0 oci:own:v1 <<<2718
		[ "$status" -eq 3 ]
	done
	[[ $output == *"no public key or certificate"* ]]
	jq -e '.manifests | length == 1' own/index.json
}
