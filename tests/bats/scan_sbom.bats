#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs scan of bills of materials: the same findings as of what they describe. Documents are mohs's
# own, Trivy's ($MOHS_TRIVY, else from npm) and some written by hand in the
# shapes that Trivy and Syft give theirs (tests/bats/sboms).

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root
	export mohs=${MOHS:-${MOHS_BUILD:-$root/build}/src/cmd/mohs}
	export MOHS_CACHE=$BATS_FILE_TMPDIR/cache MOHS_DB=$BATS_FILE_TMPDIR/advisories.db
	export sboms=$BATS_TEST_DIRNAME/sboms image=$BATS_FILE_TMPDIR/image small=$BATS_FILE_TMPDIR/small
	for program in jq umoci zstd; do
		command -v $program >/dev/null || { export why_not="needs $program"; return; }
	done
	"$mohs" db import "$root/data/advisories" >/dev/null
	make_root "$small" "$sboms/status"
	if [ -f /var/lib/dpkg/status ]; then
		make_root "$image" /var/lib/dpkg/status
		cp /var/lib/dpkg/info/*.list "$image/var/lib/dpkg/info/"
		tar -C "$image" --sort=name -cf "$BATS_FILE_TMPDIR/layer.tar" .
		umoci init --layout "$BATS_FILE_TMPDIR/oci"
		umoci new --image "$BATS_FILE_TMPDIR/oci:v1"
		umoci raw add-layer --image "$BATS_FILE_TMPDIR/oci:v1" "$BATS_FILE_TMPDIR/layer.tar"
		umoci gc --layout "$BATS_FILE_TMPDIR/oci"
	fi
}

# make_root FOLDER STATUS: a Debian 12 of these packages, whatever this machine is.
make_root() {
	mkdir -p "$1/etc" "$1/var/lib/dpkg/info"
	printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n' >"$1/etc/os-release"
	echo 12.4 >"$1/etc/debian_version"
	cp "$2" "$1/var/lib/dpkg/status"
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return 1
}

need_dpkg() {
	[ -d "$image" ] || skip "no dpkg on this machine"
}

# findings REFERENCE: "PACKAGE VERSION CVE STATUS SEVERITY FIXED" lines.
findings() {
	"$mohs" scan --json "$1" >"$BATS_TEST_TMPDIR/scan.json" || return
	jq -r '.findings.before.items[] |
		"\(.package) \(.version) \(.id) \(.status) \(.severity) \(.fixed_version)"' \
		"$BATS_TEST_TMPDIR/scan.json" | sort
}

# same WANTED FOUND
same() {
	cmp "$1" "$2" || { diff "$1" "$2" | head -n 20; return 1; }
}

@test "mohs's own documents have the findings of the image" {
	need_dpkg
	findings "oci:$BATS_FILE_TMPDIR/oci:v1" >wanted
	[ "$(wc -l <wanted)" -gt 100 ]
	for format in spdx cyclonedx cyclonedx-1.5; do
		"$mohs" sbom --format "$format" "oci:$BATS_FILE_TMPDIR/oci:v1" -o "$format.json"
		findings "sbom:$format.json" >found
		same wanted found
	done
	"$mohs" sbom --files --format cyclonedx "oci:$BATS_FILE_TMPDIR/oci:v1" -o files.json
	findings sbom:files.json >found
	same wanted found
}

@test "Trivy's documents have the findings of the image" {
	need_dpkg
	need_trivy
	findings "oci:$BATS_FILE_TMPDIR/oci:v1" >wanted
	for format in cyclonedx spdx-json; do
		"$trivy" image --input "$BATS_FILE_TMPDIR/oci" --cache-dir cache --offline-scan \
			--skip-db-update --format "$format" -o "$format" 2>log || { cat log; return 1; }
		findings "sbom:$format" >found
		same wanted found
		"$mohs" scan --json "sbom:$format" |
			jq -e '[.gaps[] | select(.text | test("not matched"))] == []'
	done
}

@test "documents in the shapes of Trivy and Syft: the same findings, the rest as gaps" {
	findings "dir:$small" >wanted
	cut -d' ' -f1 wanted | sort -u >packages
	[ "$(wc -l <packages)" -gt 4 ]
	grep -q '^bsdutils 1:2.38.1' wanted
	for tool in trivy syft; do
		for format in cdx spdx; do
			findings "sbom:$sboms/$tool.$format.json" >found
			same wanted found
			"$mohs" scan --json "sbom:$sboms/$tool.$format.json" >out.json
			jq -e 'any(.gaps[]; .subject == "npm" and
				.text == "not on the mirror: nothing of Node.js can be matched (components not matched: 1)")' out.json
			jq -e '.inventory.before.by_ecosystem == {dpkg: 7, npm: 1}' out.json
		done
	done
	"$mohs" scan "sbom:$sboms/trivy.spdx.json" | grep 'npm: not matched: the document gives it no package URL'
	"$mohs" scan "sbom:$sboms/trivy.cdx.json" | grep 'srv/package-lock.json: not matched: '
}

@test "the evidence names the document and no image" {
	"$mohs" scan --json "sbom:$sboms/syft.cdx.json" >out.json
	jq -e --arg digest "sha256:$(sha256sum <"$sboms/syft.cdx.json" | cut -d' ' -f1)" \
		--arg reference "sbom:$sboms/syft.cdx.json" '.image == {after: null, before: null} and
		.inventory.before.os == "Debian GNU/Linux 12 (bookworm)" and
		.inventory.before.document == {digest: $digest, format: "CycloneDX 1.6",
			name: "registry.example/app", reference: $reference}' out.json
	"$mohs" scan --json "dir:$small" | jq -e '.inventory.before.document == null'
}

@test "the evidence is as its schema says" {
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
	"$mohs" scan --json "sbom:$sboms/syft.cdx.json" >out.json
	python3 - out.json "$root/data/schema/evidence.json" <<-'END'
		import json, jsonschema, sys
		document, schema = (json.load(open(name)) for name in sys.argv[1:])
		wrong = jsonschema.Draft202012Validator(schema).iter_errors(document)
		sys.exit("\n".join(error.message[:200] for error in wrong) or 0)
	END
}

@test "standard input, a plain file, a table and a diff" {
	cp "$sboms/trivy.spdx.json" plain
	"$mohs" scan --packages sbom:- <plain >table
	grep -q '^sbom:-$' table
	grep -q 'SPDX-2.3 of registry.example/app:1$' table
	grep -q '^debian 12.4, 8 packages (7 dpkg, 1 npm)$' table
	grep -q '^bsdutils  *1:2.38.1-5+deb12u3  *dpkg  *amd64  *util-linux$' table
	grep -q '^left-pad  *1.3.0  *npm *$' table
	"$mohs" scan plain >table
	grep -q '^debian 12.4, 8 packages (7 dpkg, 1 npm)$' table
	"$mohs" diff "dir:$small" sbom:plain >table
	grep -q '^left-pad  *-  *1.3.0$' table
	grep -q '^all .* 0.0 %$' table
}

@test "a plain file that is no document stays the name of an image" {
	mkdir 127.0.0.1
	cp "$sboms/status" 127.0.0.1/app
	run -3 timeout 60 "$mohs" scan --plain-http 127.0.0.1/app
	[[ $output == *127.0.0.1* && $output != *"bill of materials"* ]]
	[[ $output == *"a file of that name is here: say what it is, as oci-archive:FILE"*sbom:FILE* ]]
	cp "$sboms/trivy.cdx.json" 127.0.0.1/app
	"$mohs" scan --plain-http 127.0.0.1/app | grep -q '^debian 12.4, 8 packages (7 dpkg, 1 npm)$'
	run -2 "$mohs" sbom sbom:127.0.0.1/app
	[[ $output == *"mohs scan and mohs diff take one"* ]]
}

@test "the system is unknown: nothing is matched, and that is said" {
	jq 'del(.packages[] | select(.name == "debian")) |
		.packages[].externalRefs[]?.referenceLocator |= sub("&distro=[^&]*"; "") |
		.packages[].externalRefs[]?.referenceLocator |= sub("deb/debian/"; "deb/")' \
		"$sboms/trivy.spdx.json" >unknown.json
	"$mohs" scan --json sbom:unknown.json >out.json
	jq -e '.findings.before.matched == false and .inventory.before.os == null' out.json
	"$mohs" scan sbom:unknown.json >table
	grep -q 'system: the document names none' table
	grep -q 'No advisories could be matched' table
	jq '.components += [{type: "operating-system", name: "debian", version: "11"}]' "$sboms/trivy.cdx.json" >two.json
	"$mohs" scan sbom:two.json >table
	grep -q 'system: the document states both debian 12.4 and debian 11' table
	grep -q 'No advisories could be matched' table
	echo '{"bomFormat":"CycloneDX","specVersion":"1.6"}' >empty.json
	"$mohs" scan sbom:empty.json >table
	grep -q 'No advisories could be matched' table
}

@test "hostile documents end in an error that says why" {
	refused() {
		run -3 "$mohs" scan "sbom:$1"
		[[ $output == *"$2"* ]] || { echo "$output"; return 1; }
		[ "${#output}" -lt 1000 ]
	}
	full=$sboms/syft.cdx.json
	head -c 3000 "$full" >truncated
	refused truncated "not valid JSON"
	{ printf '{"bomFormat":"CycloneDX","specVersion":"1.6","components":'; head -c 1000000 /dev/zero | tr '\0' '['; } >deep
	refused deep "not valid JSON"
	jq -n 'reduce range(40) as $i ([]; [{type: "a", components: .}]) |
		{bomFormat: "CycloneDX", specVersion: "1.6", components: .}' >nested
	refused nested "inside one another"
	truncate -s 65M large
	refused large "67108864"
	jq '.components[0].purl = {a: 1}' "$full" >type
	refused type 'member "purl" is not a string'
	jq '.components = "x"' "$full" >list
	refused list 'member "components" is not a list'
	sed 's/"specVersion": "1.6",/&&/' "$full" >twice
	refused twice "duplicate"
	jq '.spdxVersion = "SPDX-2.3"' "$full" >both
	refused both 'both "spdxVersion" and "bomFormat"'
	jq '.components[0].name = "a\u001b[31m\u0000"' "$full" >nul
	refused nul "NUL"
	echo '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>' >xml
	refused xml "not valid JSON"
	echo '{}' >other
	refused other "neither SPDX"
	jq '.specVersion = "1.3"' "$full" >old
	refused old "CycloneDX 1.3: only 1.4 to 1.7"
	refused /dev/null "not valid JSON"
	refused "$BATS_TEST_TMPDIR" "Is a directory"
	run -2 "$mohs" scan sbom:
	# what can be read has its terminal codes taken out
	jq '.components[0].purl = "pkg:deb/debian/\u001b[31mred" | .components[1].purl = "\u001b[31m"' "$full" >red
	"$mohs" scan --packages sbom:red >out
	! grep -q $'\x1b' out
}
