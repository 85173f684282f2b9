#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Run-time limits: proposed from what was seen, tried, and taken by runc as they are written.

bats_require_minimum_version 1.5.0
load images

# An image whose only content is a static program, as service NAME with these ARGUMENTS.
# make_service NAME ARGUMENTS...; the test is $work/NAME/check, which has $base and $run (1, 2, ...).
make_service() {
	local name=$1 folder=$work/$1
	shift
	rm -rf "$folder" "$work/root"
	mkdir -p "$folder" "$work/root/bin" "$work/root/data" "$work/root/etc" "$work/root/tmp" "$work/root/share"
	cp tests/bats/*.bats "$work/root/share/" # something to remove
	cp "$work/demanding" "$work/root/bin/"
	echo 'ID=debian' >"$work/root/etc/os-release"
	echo 'root:x:0:0::/:' >"$work/root/etc/passwd"
	chmod 1777 "$work/root/tmp" "$work/root/data"
	umoci init --layout "$folder/image"
	umoci new --image "$folder/image:v1"
	umoci insert --image "$folder/image:v1" "$work/root" /
	umoci config --image "$folder/image:v1" --config.entrypoint /bin/demanding \
		${user:+--config.user "$user"} "${@/#/--config.cmd=}"
	cat >"$folder/mohs.yaml" <<-END
		service: $name
		image: oci:$folder/image:v1
		ready: {http: "http://127.0.0.1:$1/ok", timeout: 30s}
		loads: [{name: ask, run: [curl, -sf, "http://127.0.0.1:$1/ok"]}]
		tests: [{name: ask, run: [bash, -eu, check, "http://127.0.0.1:$1"]}]
		stop_grace: 2s
	END
	cat >"$folder/check"
	# which of the runs of the suite this is: profiling, a round, the judged one, then trials
	sed -i "1i base=\$1\nrun=\$((\$(cat runs 2>/dev/null || echo 0) + 1))\necho \$run >runs\nget() { curl -sf \"\$base\$1\"; }" \
		"$folder/check"
}

# Hardens it; $limits is what came of it.
harden() {
	limits=$work/$1/out/limits
	"$mohs" run -f "$work/$1/mohs.yaml" -o "$work/$1/out" "${@:2}" >"$work/$1/report" 2>"$work/$1/errors" || true
	cat "$work/$1/report" "$work/$1/errors"
	[ -s "$limits/limits.json" ]
}

is() { # is JQ-EXPRESSION
	jq -e "$1" "$limits/limits.json" >/dev/null || {
		jq . "$limits/limits.json"
		return 1
	}
}

# Runs a program of $work/box under a filter: under_filter RUNTIME NO-NEW-PRIVILEGES FILTER PROGRAM...
under_filter() {
	local bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle"
	rm -f "$bundle/config.json"
	(cd "$bundle" && runc spec)
	jq --slurpfile filter "$3" --arg root "$work/box" --argjson privileges "$2" '
		.linux.seccomp = $filter[0] | .root = {path: $root, readonly: true} | .process.terminal = false
		| .process.args = $ARGS.positional | .process.noNewPrivileges = $privileges
		| del(.process.rlimits, .linux.resources)' \
		"$bundle/config.json" --args "${@:4}" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
	case $1 in
	crun) set -- crun --cgroup-manager=disabled ;;
	*) set -- "$1" ;;
	esac
	# crun refuses a mixture of both kinds of cgroups
	unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh \
		"$@" --root "$BATS_TEST_TMPDIR/state" run --bundle "$bundle" "limits-$$-$RANDOM" </dev/null
}

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export work=${MOHS_BUILD:-$PWD/build}/limits-test
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	mkdir -p "$work/box/proc" "$work/box/dev" "$work/box/sys" "$work/tmp"
	export TMPDIR=$work/tmp
	"$mohs" db update --mirror data/advisories
	"${CC:-cc}" -D_GNU_SOURCE -O2 -static -o "$work/demanding" tests/tools/demanding.c
	"${CC:-cc}" -O2 -static -nostdlib -ffreestanding -fno-stack-protector -o "$work/box/nothing" tests/tools/nothing.c
	cp "$work/demanding" "$work/box/"
	make_service plain 80 33 <<-'END'
		get /ok
		get /write/data/state
		get /write/tmp/scratch
	END
	harden plain >"$work/plain.log" 2>&1
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	limits=$work/plain/out/limits
}

@test "exactly the capabilities a service needs are kept, and its tests pass under all limits" {
	cat "$work/plain.log"
	is '.outcome == "passed" and .trials == 1 and .failed == 0'
	is '.capabilities.needed == ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]'
	is '[.limits[] | .proposed] == [true, true, true, true]'
	is '.ports == [{port: 80, protocol: "tcp", local: false}]'
}

@test "what is written becomes a volume" {
	is '[.writes.volumes[].path] == ["/data", "/tmp"]'
	is '.writes.not_writable == []'
}

@test "runc starts the service's program under the filter, and a call it never made is refused" {
	for privileges in true false; do
		run -0 under_filter runc "$privileges" "$limits/seccomp.json" /demanding try
		[ "$output" = "Operation not permitted" ]
	done
	jq '.syscalls[0].names += ["memfd_create"]' "$limits/seccomp.json" >"$BATS_TEST_TMPDIR/wider.json"
	run -0 under_filter runc true "$BATS_TEST_TMPDIR/wider.json" /demanding try
	[ "$output" = granted ]
}

@test "what is listed for runtimes starts a program that does nothing, and less does not" {
	jq 'del(.syscalls[] | select(.comment | startswith("the service")))' "$limits/seccomp.json" \
		>"$BATS_TEST_TMPDIR/runtime.json"
	jq '.syscalls[].names -= ["execve"]' "$BATS_TEST_TMPDIR/runtime.json" >"$BATS_TEST_TMPDIR/less.json"
	for runtime in runc crun; do
		command -v "$runtime" || continue
		for privileges in true false; do
			run -0 under_filter "$runtime" "$privileges" "$BATS_TEST_TMPDIR/runtime.json" /nothing
			run ! under_filter "$runtime" "$privileges" "$BATS_TEST_TMPDIR/less.json" /nothing
		done
	done
}

@test "both recorders list the same system calls" {
	for recorder in bpf notify; do
		MOHS_SYSCALLS=$recorder "$mohs" profile -f "$work/plain/mohs.yaml" -o "$BATS_TEST_TMPDIR/$recorder.json"
		[ "$(jq -r .demands.recorder "$BATS_TEST_TMPDIR/$recorder.json")" = "$recorder" ] || skip "no $recorder here"
		# write(2) cannot be notified of
		jq -c '.demands.system_calls - ["write"]' "$BATS_TEST_TMPDIR/$recorder.json" >"$BATS_TEST_TMPDIR/$recorder"
	done
	[ "$(jq length "$BATS_TEST_TMPDIR/bpf")" -gt 15 ]
	diff "$BATS_TEST_TMPDIR/bpf" "$BATS_TEST_TMPDIR/notify"
}

@test "a needed system call that no run has shown is found out, named, and allowed" {
	make_service later 8080 <<-'END'
		get /ok
		[ $run -lt 4 ] || get /memfd
	END
	harden later
	is '.outcome == "passed" and .trials > 1'
	is '.system_calls.added == ["memfd_create"]'
	is '.limits.seccomp.proposed'
	jq -e '[.syscalls[].names[]] | index("memfd_create")' "$limits/seccomp.json"
}

@test "the limit that the tests fail under is left out, with the reason" {
	make_service privileges 8080 <<-'END'
		get /ok
		[ $run -lt 2 ] || get /new-privileges
	END
	harden privileges
	is '.outcome == "passed"'
	is '[.limits | to_entries[] | select(.value.proposed | not) | .key] == ["no_new_privileges"]'
	is '.limits.no_new_privileges.reason | length > 0'
	! grep -q allowPrivilegeEscalation "$limits/kubernetes.yaml"
	grep -q 'left out: no_new_privileges: ' "$work/privileges/report"
}

@test "a directory whose files are read is not hidden by a volume: the root stays writable" {
	make_service writer 8080 <<-'END'
		get /ok
		get /write/bin/made
	END
	harden writer
	is '.writes.not_writable == [{path: "/bin/made", reason: "a volume at /bin would hide /bin/demanding"}]'
	is '[.limits | to_entries[] | select(.value.proposed | not) | .key] == ["read_only_root_filesystem"]'
	! grep -q readOnlyRootFilesystem "$limits/kubernetes.yaml"
}

@test "who is not root has no capability, and a low port by a sysctl" {
	user=33:33 make_service user 80 <<<'get /ok'
	harden user
	is '.outcome == "passed" and .trials == 1'
	is '.capabilities == {needed: [], doubtful: [], method: "not-root"} and .low_ports_by_sysctl'
	is '.user == {uid: 33, gid: 33, changed: false}'
	grep -q 'runAsUser: 33' "$limits/kubernetes.yaml"
	grep -q net.ipv4.ip_unprivileged_port_start "$limits/kubernetes.yaml"
}

@test "what the runtime runs inside, to see whether it is ready, is under the limits too" {
	make_service inside 8080 33 <<<'get /ok'
	sed -i 's|^ready:.*|ready: {command: [/bin/demanding, try], timeout: 30s}|' "$work/inside/mohs.yaml"
	# that says nothing of whether it listens yet
	sed -i 's|run: \[curl, |&--retry, "9", --retry-connrefused, |' "$work/inside/mohs.yaml"
	harden inside
	is '.outcome == "passed" and .trials == 1'
	is '.system_calls.service | index("memfd_create")'
}

@test "who is root without need is tried as somebody else" {
	make_service nobody 8080 <<<'get /ok'
	harden nobody
	is '.outcome == "passed" and .trials == 2'
	is '.user == {uid: 65532, gid: 65532, changed: true}'
	grep -q 'runAsNonRoot: true' "$limits/kubernetes.yaml"
	make_service needed 8080 <<-'END'
		get /ok
		[ $run -lt 5 ] || false
	END
	harden needed
	is '.outcome == "passed" and .passed == 1 and .user == {uid: 0, gid: 0, changed: false}'
}

@test "without the tracepoint of capabilities each one is tried without" {
	make_service tried 80 33 <<<'get /ok'
	MOHS_SYSCALLS=notify harden tried
	is '.outcome == "passed" and .capabilities.method == "calls"'
	is '.capabilities.needed == ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]'
}

@test "kubectl and the schemas take what is written" {
	python3 - "$limits" <<-'END' || [ $? -eq 77 ]
		import json, sys
		try:
		    import jsonschema
		except ImportError:
		    sys.exit(77)
		schema = json.load(open("data/schema/evidence.json"))["properties"]["limits"]
		jsonschema.validate(json.load(open(sys.argv[1] + "/limits.json")), schema)
	END
	command -v kubectl || skip "no kubectl"
	kubectl label --local --filename "$limits/kubernetes.yaml" --output json tried=yes >"$BATS_TEST_TMPDIR/read.json"
	jq -e '.spec.template.spec | (.containers[0].securityContext.capabilities
		== {add: ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"], drop: ["ALL"]})
		and .containers[0].securityContext.seccompProfile.localhostProfile == "mohs/plain.json"
		and [.containers[0].volumeMounts[].mountPath] == ["/data", "/tmp"] and (.volumes | length == 2)' \
		"$BATS_TEST_TMPDIR/read.json"
}

@test "a service that wants no limits gets none" {
	make_service none 8080 <<<'get /ok'
	echo 'limits: {enabled: false}' >>"$work/none/mohs.yaml"
	! harden none
	[ ! -e "$limits" ]
	sed -i '$d' "$work/none/mohs.yaml"
	! harden none --no-limits
	[ ! -e "$limits" ]
}
