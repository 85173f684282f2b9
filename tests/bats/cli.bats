#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line as a person meets it: help, wrong usage, exit codes.

setup() {
	mohs=${MOHS:-build/src/cmd/mohs}
	verbs="init run scan rescan diff profile harden test why sbom sign attest verify copy key db debug doctor"
}

@test "mohs alone says how it is used, on stderr, with status 2" {
	run "$mohs"
	[ "$status" -eq 2 ]
	[[ $output == *"Usage: mohs VERB"* ]]
}

@test "every verb is in the overview, in the manual, and has its own page" {
	run "$mohs" --help
	[ "$status" -eq 0 ]
	for verb in $verbs; do
		[[ $output == *"  $verb "* ]]
		[ -f "man/mohs-$verb.1.scd" ]
		grep -q "mohs-$verb" man/mohs.1.scd
	done
}

@test "every verb prints its manual page for --help" {
	for verb in $verbs; do
		run "$mohs" "$verb" --help
		[ "$status" -eq 0 ]
		[[ $output == NAME*"mohs-$verb - "*"OPTIONS"* ]]
		[ "$(wc -L <<<"$output")" -lt 80 ]
		[ "$output" = "$("$mohs" help "$verb")" ]
	done
}

@test "every option of a manual page is taken by its verb" {
	for verb in init run scan rescan diff profile harden test why sbom sign attest verify copy key debug doctor; do
		for option in $(sed -n 's/^\*\(-[a-z]\*, \*\)\{0,1\}--\([a-z-]*\)\*.*/\2/p' "man/mohs-$verb.1.scd"); do
			run "$mohs" "$verb" "--$option" --help
			[[ $output != *"no option"* ]] || {
				echo "$verb --$option"
				return 1
			}
		done
	done
}

@test "an unknown verb or option is wrong usage and points to help" {
	run "$mohs" polish
	[ "$status" -eq 2 ]
	[[ $output == *'no verb "polish"'*"--help"* ]]
	run "$mohs" scan --frobnicate x
	[ "$status" -eq 2 ]
	[[ $output == *"no option --frobnicate"*"--help"* ]]
	run "$mohs" scan
	[ "$status" -eq 2 ]
	[[ $output == *"an argument is missing"*"mohs scan "*" IMAGE"* ]]
	run "$mohs" scan a b
	[ "$status" -eq 2 ]
	[[ $output == *"too many: b"*"mohs scan "*" IMAGE"* ]]
}

@test "a verb that is nearly one is named" {
	run "$mohs" scna
	[ "$status" -eq 2 ]
	[[ $output == *"did you mean scan?"* ]]
	for far in x db2345 polish "" "$(printf 'scan%.0s' {1..99})"; do
		run "$mohs" help "$far"
		[ "$status" -eq 2 ]
		[[ $output != *"did you mean"* ]]
	done
}

@test "what is no evidence is not a thing that is not there" {
	echo '{}' >"$BATS_TEST_TMPDIR/x.json"
	run "$mohs" why "$BATS_TEST_TMPDIR/x.json" libc6
	[ "$status" -eq 3 ]
	[[ $output == *"x.json: it is not the evidence.json of a run"* ]]
	run "$mohs" diff "$BATS_TEST_TMPDIR/x.json"
	[ "$status" -eq 3 ]
	[[ $output == *"x.json: it is not the evidence of a run"* ]]
}

@test "a file that is not there, or is another, is named as that" {
	cd "$BATS_TEST_TMPDIR" || return 1
	mohs=$(cd "$OLDPWD" && realpath "$mohs")
	export MOHS_CACHE=$PWD/cache MOHS_DB=$PWD/advisories.db
	mkdir empty
	echo '{}' >other.json
	printf 'service: s\nimage: oci:none\n' >no-tests.yaml
	while IFS='|' read -r status wanted arguments; do
		# shellcheck disable=SC2086
		run "$mohs" $arguments
		echo "$arguments: $status: $output"
		[ "$status" -eq "${wanted%% *}" ]
		[[ $output == *"${wanted#* }"* ]]
	done <<-'END'
		|3 cannot open none: No such file|db import none
		|3 the mirror none: No such file|db update --mirror none
		|3 the mirror other.json is no folder|db update --mirror other.json
		|2 no-tests.yaml declares no tests|test -f no-tests.yaml
		|3 other.json: it is no profile.json|harden -p other.json -o oci:out oci:none
		|3 other.json: it is no profile.json|profile --unite other.json
		|3 cannot open folder none|sbom oci:none
	END
	"$mohs" db update --mirror "$BATS_TEST_DIRNAME/../../data/advisories" >/dev/null
	# a folder without a bill is no clean bill
	run "$mohs" rescan --fail-on high empty
	[ "$status" -eq 3 ]
	[[ $output == *"no bill of materials was found: nothing was looked at"* ]]
	run "$mohs" db export feeds
	[ "$status" -eq 0 ]
	[[ $output == "wrote feeds, "* ]]
}

@test "an unknown transport lists those there are" {
	MOHS_DB=$BATS_TEST_TMPDIR/none run "$mohs" init floppy:/image -o -
	[ "$status" -ne 0 ]
	[[ $output == *"oci:"* ]]
}

@test "doctor says what it found and exits by it" {
	MOHS_DB=$BATS_TEST_TMPDIR/none run "$mohs" doctor
	[ "$status" -eq 1 ]
	[[ $output == *"advisories"*"mohs db update"* ]]
	MOHS_DB=$BATS_TEST_TMPDIR/none run "$mohs" doctor --json
	[ "$status" -eq 1 ]
	echo "$output" | jq -e 'map(select(.name == "advisories"))[0].state == "missing"'
}
