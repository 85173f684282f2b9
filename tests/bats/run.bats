#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The whole line on a real image: nginx from the distribution's packages, under wrk, with its suite.
# What mohs says of the result is checked with other people's tools.

load images
load registries
load peers

# mohs run with these arguments. The service's suite is a bats run too: it must not take itself for
# part of this one.
harden() {
	env $(compgen -e BATS_ | sed "s/^/-u /") PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"$mohs" run "$@"
}

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export work=${MOHS_BUILD:-$PWD/build}/run-test
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	mkdir -p "$work"
	demo_image "$work/image"
	"$mohs" db update --mirror data/advisories
	rm -rf "$work/demo" "$work/hardened"
	mkdir "$work/demo"
	cp -r demo/mohs.yaml demo/policy.yaml demo/tests "$work/demo/"
	sed -i "s|oci:out/image:nginx|oci:$work/image:nginx|; s|-d5s|-d2s|; s|-d3s|-d2s|" "$work/demo/mohs.yaml"
	sed -i 's|min_duration: 10s|min_duration: 5s|' "$work/demo/policy.yaml"
	start_registry shop && export SHOP=127.0.0.1:$PORT MOHS_PASSWORD=secret
	echo "output: $SHOP/shop/frontend:1-hardened" >>"$work/demo/mohs.yaml"
	"$mohs" key generate --force -o "$work/demo/shop" 2>/dev/null
	echo "sign: {key: shop.key}" >>"$work/demo/mohs.yaml"
	status=0
	export TMPDIR=$work/tmp
	mkdir -p "$TMPDIR"
	harden -v -f "$work/demo/mohs.yaml" -o "$work/hardened" >"$work/report" 2>"$work/errors" || status=$?
	echo "$status" >"$work/status"
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/pids" ] || stop_registries
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	evidence=$work/hardened/evidence.json
	hardened=oci:$work/hardened/image:hardened
}

# Unpacks the hardened image once, with umoci.
unpacked() {
	[ -d "$work/bundle" ] && [ "$work/bundle" -nt "$evidence" ] && return
	rm -rf "$work/bundle"
	umoci unpack --image "$work/hardened/image:hardened" "$work/bundle" >/dev/null
	touch "$work/bundle"
}

@test "the checklist passes" {
	cat "$work/errors" "$work/report"
	[ "$(cat "$work/status")" -eq 0 ]
	grep -q '^passed' "$work/report"
	jq -e '.verdict.passed == true' "$evidence"
}

@test "what went out is signed and attested, and whoever has the key can judge it" {
	remote=$SHOP/shop/frontend:1-hardened
	digest=$(jq -r .image.after.digest "$evidence")
	[ "$(skopeo inspect --tls-verify=false "docker://$remote" | jq -r .Digest)" = "$digest" ]
	jq -e --arg digest "$digest" '.proof.signed and .proof.digest == $digest
		and ([.proof.documents[] | select(.passed | not)] == [])' "$evidence"
	for name in hardening vuln test-result provenance openvex spdx cyclonedx; do
		"$mohs" verify --key "$work/demo/shop.pub" --type "$name" "$remote" >/dev/null
	done
	run "$mohs" verify --json --key "$work/demo/shop.pub" --policy "$work/demo/policy.yaml" "$remote"
	[ "$status" -eq 0 ]
	# the same rows from the attestation as from the run, figures and all
	diff <(jq '[.verdict.checks[] | [.check, .state]]' <<<"$output") \
		<(jq '[.verdict.checks[] | [.check, .state]]' "$evidence")
	diff <(jq '[.verdict.checks[] | select(.check == "reduction" or .check == "tests") | .measured]' <<<"$output") \
		<(jq '[.verdict.checks[] | select(.check == "reduction" or .check == "tests") | .measured]' "$evidence")
}

@test "cosign verifies all that was attested, by its own names for the types" {
	need_cosign
	cd "$BATS_TEST_TMPDIR"
	remote=$SHOP/shop/frontend@$(jq -r .image.after.digest "$evidence")
	"$COSIGN" verify --insecure-ignore-tlog=true --allow-http-registry --key "$work/demo/shop.pub" "$remote" >/dev/null
	empty_trusted_root root.json
	for type in spdxjson cyclonedx vuln openvex slsaprovenance1 https://mohs.dev/attestation/hardening/v1 \
		https://in-toto.io/attestation/vulns/v0.2 https://in-toto.io/attestation/test-result/v0.1; do
		for form in --new-bundle-format=false "--new-bundle-format --trusted-root root.json"; do
			# shellcheck disable=SC2086
			"$COSIGN" verify-attestation $form --insecure-ignore-tlog=true --allow-http-registry --type "$type" \
				--key "$work/demo/shop.pub" "$remote" >attested
			jq -e '.payload | @base64d | fromjson | .predicate | length > 0' attested
		done
	done
}

@test "evidence, profile and predicates are what their schemas say" {
	/usr/bin/python3 -c 'import jsonschema' || skip "needs python3-jsonschema"
	check() {
		/usr/bin/python3 -c 'import json, jsonschema, sys
schema, document = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.validate(document, schema)' "$BATS_TEST_DIRNAME/../../data/schema/$1.json" "$2"
	}
	check evidence "$evidence"
	check profile "$work/hardened/profile.json"
	check hardening "$work/hardened/predicates/hardening.json"
	check openvex "$work/hardened/predicates/openvex.json"
	jq '.tests.passed = "many"' "$evidence" >"$BATS_TEST_TMPDIR/wrong.json"
	! check evidence "$BATS_TEST_TMPDIR/wrong.json"
}

@test "a policy that asks for more than was attested is not met" {
	remote=$SHOP/shop/frontend:1-hardened
	sed 's/minimum: 70%/minimum: 99%/; s/minimum: 15/minimum: 1500/' "$work/demo/policy.yaml" >"$BATS_TEST_TMPDIR/strict.yaml"
	run "$mohs" verify --json --key "$work/demo/shop.pub" --policy "$BATS_TEST_TMPDIR/strict.yaml" "$remote"
	[ "$status" -eq 1 ]
	jq -e '[.verdict.checks[] | select(.state == "fail") | .check] == ["reduction", "tests"]' <<<"$output"
}

@test "pushed again, no byte of a blob moves" {
	before=$(find "$BATS_FILE_TMPDIR/shop/data" -type f -path '*/blobs/*' -name data -printf '%p %T@\n' | sort)
	run "$mohs" copy --json "oci:$work/hardened/image:hardened" "$SHOP/shop/frontend:1-hardened"
	[ "$status" -eq 0 ]
	jq -e '.bytes_moved == 0 and .blobs_moved == 0' <<<"$output"
	[ "$before" = "$(find "$BATS_FILE_TMPDIR/shop/data" -type f -path '*/blobs/*' -name data -printf '%p %T@\n' | sort)" ]
}

@test "a registry that cannot be reached: the run says so, and what was measured stays" {
	sed 's|^output: .*|output: 127.0.0.1:1/shop:1|' "$work/demo/mohs.yaml" >"$work/demo/down.yaml"
	run harden --json -f "$work/demo/down.yaml" --profile "$work/hardened/profile.json" \
		-o "$BATS_TEST_TMPDIR/down"
	[ "$status" -eq 3 ]
	jq -e '.proof == null and .verdict.passed == false
		and ([.verdict.checks[] | select(.state == "not done") | .check] == ["signature", "sbom"])' \
		"$BATS_TEST_TMPDIR/down/evidence.json"
}

@test "-v says each step, one line each, where there is no terminal" {
	for step in "reading the image" "profiling under load" "load browse" "testing the hardened image" "judging"; do
		[ "$(grep -cxF "$step" "$work/errors")" -eq 1 ]
	done
}

@test "the reduction is at least 70 % and its numbers are those of two scans" {
	before=$("$mohs" scan --json "oci:$work/image:nginx" | jq '.findings.before.findings.total')
	after=$("$mohs" scan --json "$hardened" | jq '.findings.before.findings.total')
	echo "$before -> $after"
	[ "$before" -gt 100 ]
	[ $((after * 10)) -le $((before * 3)) ]
}

@test "skopeo takes the image and sees the original's configuration" {
	skopeo copy --quiet "$hardened" "docker-archive:$BATS_TEST_TMPDIR/image.tar:shop:hardened"
	skopeo inspect --config "$hardened" | jq -e '.config.Entrypoint == ["/usr/sbin/nginx"]'
}

@test "dpkg-query on the result lists exactly the packages mohs lists" {
	unpacked
	dpkg-query --admindir="$work/bundle/rootfs/var/lib/dpkg" -W -f '${Package} ${Version} ${Architecture}\n' |
		sort >"$BATS_TEST_TMPDIR/dpkg"
	"$mohs" scan --json "$hardened" | jq -r '.inventory.components[] | "\(.name) \(.version) \(.architecture)"' |
		sort >"$BATS_TEST_TMPDIR/mohs"
	[ -s "$BATS_TEST_TMPDIR/dpkg" ]
	diff "$BATS_TEST_TMPDIR/dpkg" "$BATS_TEST_TMPDIR/mohs"
}

@test "the bills of materials are of the hardened image, and what was removed is the rest" {
	for file in sbom.spdx.json sbom.cdx.json; do
		tests/tools/sbom_check.py "$work/hardened/$file"
	done
	jq -e --arg digest "$(jq -r .image.after.digest "$evidence")" '.packages[0].versionInfo == $digest' \
		"$work/hardened/sbom.spdx.json"
	"$mohs" sbom --removed "$evidence" -o "$BATS_TEST_TMPDIR/removed.json"
	tests/tools/sbom_check.py "$BATS_TEST_TMPDIR/removed.json"
	jq -e '.name | startswith("components removed from ")' "$BATS_TEST_TMPDIR/removed.json"
	listed() { jq -r '.packages[2:][] | "\(.name) \(.versionInfo)"' "$@" | sort; }
	"$mohs" sbom "oci:$work/image:nginx" -o "$BATS_TEST_TMPDIR/original.json"
	diff <(listed "$BATS_TEST_TMPDIR/original.json") \
		<(listed "$BATS_TEST_TMPDIR/removed.json" "$work/hardened/sbom.spdx.json")
}

@test "every file dpkg still lists is there, and every ELF file left has a package on record" {
	unpacked
	root=$work/bundle/rootfs
	dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}\n' |
		xargs -n1 dpkg-query --admindir="$root/var/lib/dpkg" -L | sort -u >"$BATS_TEST_TMPDIR/listed"
	while read -r path; do
		[ "$path" = /. ] || [ -e "$root$path" ] || [ -L "$root$path" ] || {
			echo "listed, not there: $path"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/listed"
	find "$root" -xdev -type f -exec sh -c 'head -c4 "$1" | grep -q ELF && echo "$1"' _ {} \; |
		while read -r file; do
			path=${file#"$root"}
			grep -qxF -e "$path" -e "${path#/usr}" "$BATS_TEST_TMPDIR/listed" || {
				echo "no package on record: $path"
				exit 1
			}
		done
}

@test "no shell is left" {
	unpacked
	[ -z "$(find "$work/bundle/rootfs" \( -name sh -o -name bash -o -name dash -o -name busybox \) ! -type d)" ]
	jq -e '.shells.items | map(select(.kind != "interpreter")) == []' "$evidence"
}

@test "what stays is byte- and metadata-exact" {
	unpacked
	rm -rf "$work/original"
	umoci unpack --image "$work/image:nginx" "$work/original" >/dev/null
	cd "$work/bundle/rootfs"
	find . -xdev ! -path './var/lib/dpkg*' ! -type d -printf '%P\0' | while IFS= read -r -d '' path; do
		a=$(stat -c '%F %a %u %g %s %Y' "$path")
		b=$(stat -c '%F %a %u %g %s %Y' "$work/original/rootfs/$path")
		[ "$a" = "$b" ] || {
			echo "$path: $a, was $b"
			exit 1
		}
		[ ! -f "$path" ] || [ -L "$path" ] || cmp "$path" "$work/original/rootfs/$path" || exit 1
	done
}

@test "the tests pass under the limits that were seen to do for nginx" {
	jq -e '.limits | .outcome == "passed" and .passed >= 15 and .failed == 0
		and ([.limits[] | .proposed] | all)
		and .capabilities.needed == ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]
		and [.writes.volumes[].path] == ["/run", "/var/lib/nginx", "/var/log/nginx"]
		and [.ports[].port] == [80, 443]' "$evidence"
	# for nginx and its libraries, by name: what a container break-out begins with is not among them
	jq -e '([.syscalls[].names[]] | unique) as $names | ($names | length < 130)
		and (["accept4", "sendfile", "epoll_wait"] - $names == [])
		and (["bpf", "init_module", "io_uring_setup", "keyctl", "mount", "perf_event_open", "ptrace", "setns",
			"unshare", "userfaultfd"] - $names | length == 10)' "$work/hardened/limits/seccomp.json"
	grep -q '^Run-time limits: ' "$work/report"
}

@test "the same input gives the same digest, in another folder too" {
	for folder in a b; do
		"$mohs" harden -p "$work/hardened/profile.json" -f "$work/demo/mohs.yaml" \
			-o "oci:$BATS_TEST_TMPDIR/$folder/image:x" >/dev/null
	done
	diff -r "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	wanted=$(jq -r .image.after.digest "$evidence")
	[ "$(skopeo inspect "oci:$BATS_TEST_TMPDIR/a/image:x" | jq -r .Digest)" = "$wanted" ]
}

@test "a profile without what only the tests use is extended to that of the same image" {
	cd "$work"
	jq '(.phases | map(.kind == "test") | index(true)) as $test | .paths |= map(select(.phases != [$test]))' \
		hardened/profile.json >narrow.json
	[ "$(jq '.paths | length' narrow.json)" -lt "$(jq '.paths | length' hardened/profile.json)" ]
	rm -rf extended
	run env $(compgen -e BATS_ | sed "s/^/-u /") PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"$mohs" run -f demo/mohs.yaml -o extended --profile narrow.json
	echo "$output"
	[ "$status" -eq 0 ]
	jq -e '[.extension.rounds[].added[].path] | index("/var/www/html/404.html")' extended/evidence.json
	[ "$(jq -r .image.after.digest extended/evidence.json)" = "$(jq -r .image.after.digest "$evidence")" ]
}

@test "diff takes the evidence for its two images, and everybody else says what it is" {
	"$mohs" diff "$evidence" >"$BATS_TEST_TMPDIR/diff"
	"$mohs" diff "oci:$work/image:nginx" "$(jq -r .image.after.reference "$evidence")" |
		diff - "$BATS_TEST_TMPDIR/diff"
	grep -q '^all  ' "$BATS_TEST_TMPDIR/diff"
	run "$mohs" scan "$evidence"
	[ "$status" -eq 2 ]
	[[ $output == *"is the evidence of a run and no image; it is of oci:$work/image:nginx and "* ]]
	jq '.image.before.digest = "sha256:" + ("0" * 64)' "$evidence" >"$BATS_TEST_TMPDIR/other.json"
	run "$mohs" diff "$BATS_TEST_TMPDIR/other.json"
	[ "$status" -eq 3 ]
	[[ $output == *"is no longer the image of the evidence"* ]]
	run "$mohs" diff "$hardened"
	[ "$status" -eq 2 ]
}

@test "why tells the chain of a library, and that a shell is gone" {
	run "$mohs" why "$evidence" /usr/lib/x86_64-linux-gnu/libc.so.6
	[ "$status" -eq 0 ]
	run "$mohs" why "$evidence" libc6
	[ "$status" -eq 0 ]
	[[ $output == *libc6* ]]
}

@test "a profile of another image is refused, and accepted when asked for with words in the evidence" {
	jq '.image = "sha256:0000000000000000000000000000000000000000000000000000000000000000"' \
		"$work/hardened/profile.json" >"$BATS_TEST_TMPDIR/foreign.json"
	run "$mohs" harden -p "$BATS_TEST_TMPDIR/foreign.json" -o "oci:$BATS_TEST_TMPDIR/x:x" "oci:$work/image:nginx"
	[ "$status" -eq 3 ]
	[ ! -e "$BATS_TEST_TMPDIR/x" ]
}

@test "the image view and its container leave nothing behind" {
	! grep -q "$work" /proc/self/mountinfo
	[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'mohs-*')" ]
}
