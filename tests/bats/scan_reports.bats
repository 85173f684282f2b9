#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mohs scan: the formats of its report, what fails, what is set aside and by whom. The image is a
# Debian 12 of the packages in tests/bats/sboms/status.

bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root
	export mohs=${MOHS:-${MOHS_BUILD:-$root/build}/src/cmd/mohs}
	export MOHS_CACHE=$BATS_FILE_TMPDIR/cache MOHS_DB=$BATS_FILE_TMPDIR/advisories.db
	export image=$BATS_FILE_TMPDIR/image SOURCE_DATE_EPOCH=1795651200 # 2026-11-26
	mkdir -p "$image/etc" "$image/var/lib/dpkg/info"
	printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n' >"$image/etc/os-release"
	cp "$BATS_TEST_DIRNAME/sboms/status" "$image/var/lib/dpkg/status"
	"$mohs" db import "$root/data/advisories" >/dev/null
	"$mohs" scan --json "dir:$image" >"$BATS_FILE_TMPDIR/all.json"
	export all=$BATS_FILE_TMPDIR/all.json
}

setup() {
	command -v jq >/dev/null || skip "needs jq"
	cd "$BATS_TEST_TMPDIR" || return 1
	total=$(jq .findings.before.findings.total "$all")
	digest=$("$mohs" scan --json "dir:$image" | jq -r .image.before.digest)
	# a finding of libssl3 that counts
	cve=$(jq -r '[.findings.before.items[] | select(.package == "libssl3" and
		.status != "undetermined")][0].id' "$all")
	[ "$total" -gt 20 ]
	[ -n "$cve" ]
}

need_schemas() {
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
}

# counts: how many findings of $cve in libssl3 still count with these options.
counts() {
	"$mohs" scan --json "$@" "dir:$image" >scan.json || return
	jq --arg cve "$cve" '[.findings.before.items[] |
		select(.id == $cve and .package == "libssl3")] | length' scan.json
}

# openvex STATUS PRODUCT [SUBCOMPONENT [TIME]]: one statement of $cve.
openvex() {
	jq -n --arg cve "$cve" --arg status "$1" --arg product "$2" --arg part "${3:-}" \
		--arg time "${4:-2026-11-01T00:00:00Z}" '{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1",
		author: "ann@example.com", timestamp: $time, version: 1, statements: [{
			vulnerability: {name: $cve}, status: $status,
			products: [{"@id": $product} + if $part == "" then {} else
				{subcomponents: [{"@id": $part}]} end],
			justification: "vulnerable_code_not_in_execute_path",
			impact_statement: "never called"}]}'
}

@test "every format has every finding that counts" {
	for format in sarif junit markdown cyclonedx gitlab github table json; do
		"$mohs" scan --format "$format" -o "$format" "dir:$image"
		"$mohs" scan --format "$format" "dir:$image" >again
		cmp "$format" again
	done
	[ "$(jq '.runs[0].results | length' sarif)" -eq "$total" ]
	[ "$(grep -c '<failure ' junit)" -eq "$total" ]
	[ "$(grep -cE '^\| .*(CVE|TEMP)-' markdown)" -eq "$total" ]
	[ "$(jq '.vulnerabilities | length' cyclonedx)" -eq "$total" ]
	[ "$(jq '.vulnerabilities | length' gitlab)" -eq "$total" ]
	[ "$(grep -c '^::[a-z]* title=[CT]' github)" -eq "$total" ]
	cmp json "$all"
	run -2 "$mohs" scan --format pdf "dir:$image"
	[[ $output == *"table, json, sarif"* ]]
}

@test "JUnit is well-formed and its sums are right" {
	"$mohs" scan --format junit -o junit "dir:$image"
	python3 - junit "$total" <<-'END'
		import sys, xml.etree.ElementTree as tree
		root = tree.parse(sys.argv[1]).getroot()
		suite = root[0]
		assert (root.tag, suite.tag) == ("testsuites", "testsuite")
		cases = suite.findall("testcase")
		assert len(cases) == int(suite.get("tests")) == int(sys.argv[2])
		assert sum(c.find("failure") is not None for c in cases) == int(suite.get("failures"))
	END
}

@test "rules, references and required members of the JSON formats hold together" {
	for format in sarif cyclonedx gitlab; do
		"$mohs" scan --format "$format" -o "$format" "dir:$image"
	done
	jq -e '.runs[0] as $run | .version == "2.1.0" and all($run.results[];
		$run.tool.driver.rules[.ruleIndex].id == .ruleId and .locations[0].physicalLocation
		and .message.text) and ([$run.tool.driver.rules[].id] | length == (unique | length))' sarif
	jq -e '([.components[]."bom-ref"] | unique) as $refs |
		all(.vulnerabilities[].affects[]; [.ref] - $refs == []) and
		([.vulnerabilities[]."bom-ref"] | length == (unique | length))' cyclonedx
	jq -e '.scan.type == "container_scanning" and .scan.status == "success" and
		(.scan.start_time | test("^[0-9-]{10}T[0-9:]{8}$")) and all(.vulnerabilities[];
		.id and .location.image and .location.operating_system and
		.location.dependency.package.name and (.identifiers | length > 0))' gitlab
}

@test "of a bill of materials: CycloneDX with vulnerabilities" {
	"$mohs" scan --format cyclonedx "sbom:$BATS_TEST_DIRNAME/sboms/syft.cdx.json" >out
	[ "$(jq '.vulnerabilities | length' out)" -eq "$total" ]
	jq -e '.metadata.component.name == "registry.example/app"' out
	[ "$("$mohs" scan --json sbom:out | jq .findings.before.findings.total)" -eq "$total" ]
}

@test "--fail-on: a finding of at least that severity is exit 1" {
	run -1 "$mohs" scan --fail-on high "dir:$image"
	run -0 "$mohs" scan --fail-on exploited "dir:$image"
	run -1 "$mohs" scan --fail-on exploited --fail-on low "dir:$image"
	run -2 "$mohs" scan --fail-on awful "dir:$image"
	run -1 --separate-stderr "$mohs" scan --format sarif --fail-on high "dir:$image"
	jq -e '.runs[0].results | length > 0' <<<"$output"
	mkdir -p empty
	run -3 "$mohs" scan --fail-on critical "dir:empty"
}

@test "--only-fixable: the rest is told in a line" {
	fixable=$(jq .findings.before.findings.fixable "$all")
	"$mohs" scan --only-fixable "dir:$image" >table
	grep -qx "$((total - fixable)) not counted: $((total - fixable)) without a fix" table
	"$mohs" scan --only-fixable --json "dir:$image" |
		jq -e --argjson n "$fixable" '.findings.before.findings.total == $n'
}

@test "--baseline: only what is new counts" {
	"$mohs" scan --baseline "$all" --fail-on negligible "dir:$image" >table
	grep -qx "$total not counted: $total in the baseline" table
	jq --arg cve "$cve" '.findings.before.items |= map(select(.id != $cve))' "$all" >older
	run -1 "$mohs" scan --baseline older --fail-on negligible "dir:$image"
	[ "$(counts --baseline older)" -eq 1 ]
	[ "$(jq .findings.before.findings.total scan.json)" -eq 1 ]
	mv scan.json newer # what was known then is known now, what was new then too
	[ "$(counts --baseline newer)" -eq 0 ]
	[ "$(jq .findings.before.findings.total scan.json)" -eq 0 ]
	jq '.findings.before.matched = false' "$all" >nothing
	run -3 "$mohs" scan --baseline nothing "dir:$image"
}

@test "--ignore: a reason, until it expires; what is wrong has a line" {
	cat >ignore.yaml <<-END
		ignore:
		  - {id: $cve, package: libssl3, reason: "not reachable", expires: 2027-01-31, approved_by: ann@example.com}
		  - {id: CVE-1999-0001, reason: "not there", expires: 2027-01-31, approved_by: ann@example.com}
	END
	[ "$(counts --ignore ignore.yaml)" -eq 0 ]
	jq -e --arg cve "$cve" '.findings.before.not_counted | .total == 1 and .by_reason.ignored == 1 and
		(.items[0] | .id == $cve and .reason == "not reachable" and .why == "ignored" and
		.source == "ignore.yaml: line 2" and .approved_by == "ann@example.com")' scan.json
	"$mohs" scan --ignore ignore.yaml "dir:$image" >table
	grep -qx '1 not counted: 1 ignored' table
	grep -q "^$cve .*not reachable (ann@example.com, until 2027-01-31)" table
	grep -q '^ignore.yaml: line 3: CVE-1999-0001: not among' table
	"$mohs" scan --ignore ignore.yaml --format sarif "dir:$image" |
		jq -e '[.runs[0].results[] | select(.suppressions)] | length == 1'
	"$mohs" scan --ignore ignore.yaml --format junit "dir:$image" | grep -q '<skipped message="not reachable'

	sed -i 's/2027/2020/' ignore.yaml
	[ "$(counts --ignore ignore.yaml)" -eq 1 ]
	"$mohs" scan --ignore ignore.yaml "dir:$image" | grep -q '^ignore.yaml: line 2: .*: expired on 2020-01-31'

	echo "ignore: [{id: $cve, because: x}]" >bad.yaml
	run -3 "$mohs" scan --ignore bad.yaml "dir:$image"
	[[ $output == *'bad.yaml: line 1: unknown key "because"'* ]]
}

@test "--vex: a statement applies to its own product only" {
	purl=$(jq -r '[.findings.before.items[] | select(.package == "libssl3")][0].purl' "$all")
	product="pkg:oci/image@${digest/:/%3A}"
	other="pkg:oci/image@sha256%3A$(printf '0%.0s' {1..64})"
	openvex not_affected "$product" "$purl" >good
	[ "$(counts --vex good)" -eq 0 ]
	jq -e '.findings.before.not_counted.items | length == 1 and .[0].why == "stated" and
		.[0].reason == "not_affected: vulnerable_code_not_in_execute_path: never called" and
		.[0].source == "good (OpenVEX by ann@example.com)"' scan.json
	for case in "not_affected|$product" "fixed|$purl" \
		"not_affected|pkg:deb/debian/libssl3" "not_affected|pkg:deb/debian/openssl?arch=source"; do
		openvex "${case%%|*}" "${case#*|}" >vex
		[ "$(counts --vex vex)" -eq 0 ]
	done
	for case in "not_affected|$other|$purl" "not_affected|$product|pkg:deb/debian/tar" \
		"not_affected|pkg:deb/debian/libssl3@1.0|" "not_affected|pkg:deb/ubuntu/libssl3|" \
		"not_affected|pkg:oci/image|" "affected|$product|$purl" "not_affected|libssl3|"; do
		IFS='|' read -r status about part <<<"$case"
		openvex "$status" "$about" "$part" >vex
		[ "$(counts --vex vex)" -eq 1 ]
	done
	"$mohs" scan --vex vex "dir:$image" | grep -q '^vex: none of its 1 statements'
}

@test "--vex: the latest statement is the one that holds" {
	openvex not_affected pkg:deb/debian/libssl3 >first
	openvex affected pkg:deb/debian/libssl3 "" 2026-11-02T00:00:00Z >second
	[ "$(counts --vex first --vex second)" -eq 1 ]
	[ "$(counts --vex second --vex first)" -eq 1 ]
	openvex fixed pkg:deb/debian/libssl3 "" 2026-11-03T00:00:00Z >third
	[ "$(counts --vex third --vex second --vex first)" -eq 0 ]
}

@test "--vex: CycloneDX and CSAF say the same" {
	jq -n --arg cve "$cve" '{bomFormat: "CycloneDX", specVersion: "1.6", version: 1,
		components: [{type: "library", name: "libssl3", "bom-ref": "a", purl: "pkg:deb/debian/libssl3"}],
		vulnerabilities: [{id: $cve, affects: [{ref: "a"}],
			analysis: {state: "not_affected", justification: "code_not_reachable"}}]}' >cdx
	jq -n --arg cve "$cve" '{document: {category: "csaf_vex", csaf_version: "2.0",
			publisher: {name: "Example"}, tracking: {current_release_date: "2026-11-01T00:00:00Z"}},
		product_tree: {branches: [{branches: [{product: {product_id: "P", name: "libssl3",
			product_identification_helper: {purl: "pkg:deb/debian/libssl3"}}}]}]},
		vulnerabilities: [{cve: $cve, product_status: {known_not_affected: ["P"]},
			flags: [{label: "vulnerable_code_not_present", product_ids: ["P"]}]}]}' >csaf
	[ "$(counts --vex cdx)" -eq 0 ]
	jq -e '.findings.before.not_counted.items[0].reason == "not_affected: code_not_reachable"' scan.json
	[ "$(counts --vex csaf)" -eq 0 ]
	jq -e '.findings.before.not_counted.items[0].source == "csaf (CSAF by Example)"' scan.json
	echo '{}' >neither
	run -3 "$mohs" scan --vex neither "dir:$image"
}

@test "the evidence of a scan with findings set aside is as its schema says" {
	need_schemas
	openvex not_affected pkg:deb/debian/libssl3 >vex
	"$mohs" scan --json --vex vex --only-fixable "dir:$image" >out.json
	python3 - out.json "$root/data/schema/evidence.json" <<-'END'
		import json, jsonschema, sys
		document, schema = (json.load(open(name)) for name in sys.argv[1:])
		wrong = jsonschema.Draft202012Validator(schema).iter_errors(document)
		sys.exit("\n".join(error.message[:200] for error in wrong) or 0)
	END
}

# on_terminal COLUMNS [VARIABLE=VALUE...]: the table as a terminal of this width gets it.
on_terminal() {
	local columns=$1
	shift
	env -u NO_COLOR TERM=xterm-256color "$@" python3 - "$columns" "$mohs" scan "dir:$image" <<-'END'
		import fcntl, os, pty, struct, sys, termios
		child, master = pty.fork()
		if child == 0:
		    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
		    os.execvp(sys.argv[2], sys.argv[2:])
		while True:
		    try:
		        data = os.read(master, 65536)
		    except OSError:
		        break
		    if not data:
		        break
		    sys.stdout.buffer.write(data)
		os.waitpid(child, 0)
	END
}

@test "on a terminal: it fits, severities have colours, CVEs lead to the tracker" {
	link=$(printf '\033]8;;https://security-tracker.debian.org/tracker/%s' "$cve")
	on_terminal 80 VTE_VERSION=7000 >out
	grep -qF "$link" out
	grep -q "$(printf '\033\\[1;31mcritical')" out
	on_terminal 80 VTE_VERSION=7000 NO_COLOR=1 >out
	! grep -q "$(printf '\033')" out || return 1
	on_terminal 80 >out
	! grep -q "$(printf '\033]8')" out || return 1
	for width in 60 80; do
		on_terminal $width NO_COLOR=1 >out
		tr -d '\r' <out | sed -n '/^severity  *CVE/,/^$/p' | python3 -c "
import sys
lines = sys.stdin.read().splitlines()
assert len(lines) > 20, lines
assert max(map(len, lines)) <= $width, max(lines, key=len)"
	done
}
