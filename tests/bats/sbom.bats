#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs sbom on the package records of this machine, judged by dpkg-query, by tests/tools/sbom_check.py
# and, where they are to be had, by the formats' schemas ($MOHS_SCHEMAS) and by Trivy.

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root
	export mohs=${MOHS:-${MOHS_BUILD:-$root/build}/src/cmd/mohs}
	export image=$BATS_FILE_TMPDIR/image MOHS_CACHE=$BATS_FILE_TMPDIR/cache
	if ! command -v dpkg-query >/dev/null || ! command -v python3 >/dev/null; then
		export why_not="needs dpkg and python3"
		return
	fi
	mkdir -p "$image/etc" "$image/var/lib/dpkg/info" "$image/usr/share/doc"
	# The machine's own release would decide what scanners look up.
	printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n' >"$image/etc/os-release"
	echo 12.0 >"$image/etc/debian_version"
	cp /var/lib/dpkg/status "$image/var/lib/dpkg/"
	cp /var/lib/dpkg/info/*.list "$image/var/lib/dpkg/info/"
	for file in /usr/share/doc/b*/copyright /usr/share/doc/lib[a-d]*/copyright; do
		[ -f "$file" ] || continue
		mkdir -p "$image/${file%/*}"
		cp "$file" "$image/$file"
	done
	dpkg-query --admindir "$image/var/lib/dpkg" -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' |
		sed -n '/^config-files /d; s/^[a-z-]* //p' >"$BATS_FILE_TMPDIR/packages"
	export packages=$BATS_FILE_TMPDIR/packages SOURCE_DATE_EPOCH=1795420800
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "SPDX: every package dpkg knows, and a document that holds together" {
	"$mohs" sbom "dir:$image" -o out.json
	run "$root/tests/tools/sbom_check.py" out.json "$packages"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" -gt 50 ]
	grep -q '"created": "2026-11-23T08:00:00Z"' out.json
	jq -e '[.packages[] | select(.licenseDeclared != "NOASSERTION")] | length > 5' out.json
}

@test "CycloneDX 1.6 and 1.5: the same packages" {
	for format in cyclonedx cyclonedx-1.5; do
		"$mohs" sbom --format "$format" "dir:$image" -o out.json
		run "$root/tests/tools/sbom_check.py" out.json "$packages"
		echo "$output"
		[ "$status" -eq 0 ]
	done
	[ "$(jq -r .specVersion out.json)" = 1.5 ]
}

@test "the same image gives the same bytes" {
	for format in spdx cyclonedx; do
		"$mohs" sbom --files --format "$format" "dir:$image" >first
		MOHS_CACHE=$BATS_TEST_TMPDIR/other "$mohs" sbom --files --format "$format" "dir:$image" -o second
		cmp first second
		cp -a "$image" elsewhere
		"$mohs" sbom --files --format "$format" "dir:$PWD/elsewhere" -o second
		rm -r elsewhere
		cmp first second
	done
}

@test "--files: the digests are those of sha256sum and sha1sum" {
	"$mohs" sbom --files "dir:$image" -o out.json
	"$root/tests/tools/sbom_check.py" out.json "$packages"
	for n in 1 256; do
		jq -r ".files[] | (.checksums[] | select(.algorithm == \"SHA$n\").checksumValue) + \"  \" + .fileName" out.json |
			sort -k2 >said
		(cd "$image" && find . -type f -exec "sha${n}sum" {} + | sort -k2) >true
		cmp said true
	done
	"$mohs" sbom --files --format cyclonedx "dir:$image" -o out.json
	"$root/tests/tools/sbom_check.py" out.json "$packages"
	[ "$(jq '[.components[] | ., .components[]? | select(.type == "file")] | length' out.json)" -eq "$(wc -l <true)" ]
}

@test "an image without a package database is not an empty list" {
	mkdir -p bare/etc
	echo 'ID=debian' >bare/etc/os-release
	"$mohs" sbom "dir:$PWD/bare" -o out.json 2>errors
	grep -q 'gap: packages: no package database' errors
	jq -e '.annotations[0].comment | test("no package database")' out.json
	"$mohs" sbom --format cyclonedx "dir:$PWD/bare" 2>/dev/null |
		jq -e '.compositions[0].aggregate == "incomplete"'
}

@test "wrong usage is said" {
	run "$mohs" sbom --format csv "dir:$image"
	[ "$status" -eq 2 ]
	[[ $output == *cyclonedx-1.5* ]]
	run "$mohs" sbom
	[ "$status" -eq 2 ]
	run "$mohs" sbom --removed x "dir:$image"
	[ "$status" -eq 2 ]
	run "$mohs" sbom --removed "$BATS_TEST_TMPDIR/nothing.json"
	[ "$status" -eq 3 ]
}

@test "Trivy finds the same in the documents as in the image" {
	need_trivy
	# shellcheck disable=SC2046
	"$root/tests/tools/trivy_db.py" cache $(cut -d' ' -f4 "$packages")
	trivy() {
		"$trivy" "$@" --cache-dir cache --offline-scan --skip-db-update --format json 2>/dev/null |
			jq -r '.Results[].Vulnerabilities[]? | "\(.PkgName) \(.InstalledVersion) \(.VulnerabilityID)"' | sort
	}
	trivy rootfs --scanners vuln "$image" >wanted
	[ "$(wc -l <wanted)" -gt 50 ]
	for format in spdx cyclonedx-1.5; do
		"$mohs" sbom --format "$format" "dir:$image" -o out.json
		trivy sbom out.json >found
		diff wanted found
	done
}
