#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys on PKCS #11 tokens, with SoftHSM and openssl as the judge.

setup_file() {
	tests/tools/make-token "$BATS_FILE_TMPDIR/token"
	export SOFTHSM2_CONF=$BATS_FILE_TMPDIR/token/softhsm2.conf
}

setup() {
	mohs=$(realpath "${MOHS:-build/src/cmd/mohs}")
	type=$PWD/tests/tools/type-at-prompt
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
