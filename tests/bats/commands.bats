#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A service that runs commands through a shell: hardened without one, it does so still, by a table.

bats_require_minimum_version 1.5.0
source tests/bats/images.bash

setup_file() {
	export mohs=${MOHS:-$BUILD/src/cmd/mohs}
	export work=$BUILD/commands-test image=$BUILD/run-test/image
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	mkdir -p "$work/tmp"
	export TMPDIR=$work/tmp
	demo_image "$image"
	"$mohs" db update --mirror data/advisories >/dev/null
	service
	harden >"$work/report" 2>"$work/errors" || cat "$work/errors" "$work/report"
	umoci unpack --image "$work/out/image:hardened" "$work/bundle" >/dev/null
	# as engines start it, but in the namespace of what asks
	jq '.process.terminal = false | .root.readonly = false | .process.rlimits = []' "$work/bundle/config.json" >"$work/config"
	mv "$work/config" "$work/bundle/config.json"
}

# service: the image with the service in it, and its mohs.yaml.
service() {
	rm -rf "$work/image" "$work/out" "$work/bundle" "$work/top"
	cp -r "$image" "$work/image"
	mkdir "$work/top"
	cp tests/bats/commands/service "$work/top/service"
	umoci insert --image "$work/image:nginx" "$work/top" /srv
	umoci config --image "$work/image:nginx" --clear=config.entrypoint --clear=config.cmd --clear=config.exposedports \
		--config.entrypoint /srv/service --config.exposedports 8080/tcp --config.env GREETING=hi --config.stopsignal SIGTERM
	add_health_check "$work/image"
	cp tests/bats/commands/suite tests/bats/entrypoint/policy.yaml "$work/"
	cat >"$work/mohs.yaml" <<-END
		service: commands
		image: oci:image:nginx
		policy: policy.yaml
		ready: {http: "http://127.0.0.1:8080/", timeout: 30s}
		loads: [{name: pages, run: [./suite]}]
		tests: [{name: suite, run: [./suite]}]
		harden: {commands: auto}
	END
}

# put_blob LAYOUT: of standard input; prints its digest and size.
put_blob() {
	cat >"$work/blob"
	local digest
	digest=$(sha256sum "$work/blob" | cut -d' ' -f1)
	mv "$work/blob" "$1/blobs/sha256/$digest"
	echo "sha256:$digest $(stat -c %s "$1/blobs/sha256/$digest")"
}

# add_health_check LAYOUT: a line for a shell, as `HEALTHCHECK CMD` of a Dockerfile. umoci knows none.
add_health_check() {
	local manifest config digest size
	manifest=$1/blobs/sha256/$(manifest_of "$1" nginx | cut -d: -f2)
	config=$1/blobs/sha256/$(jq -r .config.digest "$manifest" | cut -d: -f2)
	read -r digest size < <(jq '.config.Healthcheck = {Test: ["CMD-SHELL", "uname -s | tr a-z A-Z || exit 1"]}' "$config" | put_blob "$1")
	read -r digest size < <(jq --arg d "$digest" --argjson s "$size" '.config += {digest: $d, size: $s}' "$manifest" | put_blob "$1")
	jq --arg d "$digest" --argjson s "$size" '.manifests |= map(if .annotations["org.opencontainers.image.ref.name"] == "nginx"
		then . + {digest: $d, size: $s} else . end)' "$1/index.json" >"$work/index"
	mv "$work/index" "$1/index.json"
}

harden() { env $(compgen -e BATS_ | sed "s/^/-u /") "$mohs" run --no-limits -f "$work/mohs.yaml" -o "$work/out"; }

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	evidence=$work/out/evidence.json
	id=mohs-commands-$$-$BATS_TEST_NUMBER
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/started" ] || runc delete --force "$id"
}

# starts: in the background, by plain runc.
starts() {
	touch "$BATS_TEST_TMPDIR/started"
	runc run --detach --bundle "$work/bundle" "$id" >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null
	pid=$(runc state "$id" | jq .pid)
	nsenter -t "$pid" -n ip link set lo up
	page / >/dev/null
}

page() { nsenter -t "$pid" -n curl -sf --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:8080$1"; }

@test "the shell is gone, and what stands in its place is no shell" {
	jq -e '.verdict.checks[] | select(.check == "shell") | .state == "pass" and
		(.measured | contains("/usr/bin/sh: command table of "))' "$evidence"
	jq -e '.shells | .shells == 0 and ([.items[] | select(.kind == "commands").path] == ["/.mohs/commands", "/usr/bin/sh"])' \
		"$evidence"
	[ "$(readlink "$work/bundle/rootfs/usr/bin/sh")" = /.mohs/commands ]
	[ -z "$(find "$work/bundle/rootfs" -name dash -o -name bash)" ]
	! grep -q '^Package: dash$' "$work/bundle/rootfs/var/lib/dpkg/status"
}

@test "the evidence tells what is run, by whom, and what stays for it" {
	jq -e '.commands | .form == "table" and .left == [] and .shells == ["/usr/bin/sh"] and .runs >= 10' "$evidence"
	jq -e '.commands.seen | map(.line) | contains(["wc -c /tmp/work-{digits}.txt; true", "expr {host} : '"'.*'"'; true",
		"df -kP / | tail -n 1 | wc -l"])' "$evidence"
	jq -e '.commands.seen[] | select(.input) | .from == "/usr/bin/perl" and .programs == ["df"]' "$evidence"
	grep -q 'a table of them takes its place' "$work/report"
	run "$mohs" why "$evidence" /usr/bin/wc
	[[ $output == *"a command that is carried out without a shell: "*"wc -"* ]]
	run "$mohs" why "$evidence" /usr/bin/sh
	[[ $output == *"leads to a table of "*" commands"* ]]
}

@test "what was seen is carried out by plain runc, as by a shell" {
	starts
	[ "$(page /pipe)" = 1 ]
	[ "$(page /quoted)" = $'a  b-c$d\n42\ndone' ]
	[ "$(page /variable)" = 3 ]
	[ "$(page /file)" = kept ]
	[ "$(page /host)" -gt 1 ]
	[ "$(page /status)" = 3 ]
	[[ $(page '/count?123456') == "12 /tmp/work-123456.txt" ]]
	for _ in 1 2 3; do [[ $(page /monitor) == Filesystem*% ]] || [[ $(page /monitor) == Filesystem*/ ]]; done
	runc kill "$id" TERM
	for _ in {1..50}; do [ "$(runc state "$id" | jq -r .status)" != stopped ] || return 0 && sleep 0.1; done
	false
}

@test "the health check works, as an engine runs it" {
	starts
	run -0 runc exec "$id" /bin/sh -c 'uname -s | tr a-z A-Z || exit 1'
	[ "$output" = LINUX ]
	jq -e '.gaps | map(select(.subject == "health check")) == []' "$evidence"
	jq -e '.commands.seen | map(.line) | contains(["uname -s | tr a-z A-Z || exit 1"])' "$evidence"
}

@test "anything else is refused, and said" {
	starts
	[ "$(page '/run?id')" = 126 ]
	[ "$(page '/run?df%20-kP%20/etc')" = 126 ]
	grep -q 'mohs-commands: not seen while profiling, and there is no shell here: df -kP /etc; true' "$BATS_TEST_TMPDIR/log"
	for name in '12;id;' '12%20' '$(id)' '1%0aid' '../x' '12a' '-1' '1|id' '`id`'; do
		[ -z "$(page "/count?$name")" ] || { echo "$name was carried out"; return 1; }
	done
	[ "$(page '/watch?/etc')" = 'the shell is gone' ]
	! grep -q 'uid=' "$BATS_TEST_TMPDIR/log"
}

@test "it is not to be talked to" {
	starts
	for arguments in '' '-i' '-s' '-s monitor x' '/etc/passwd' '-c' '-c id x' '-ec true' '--help'; do
		run -126 runc exec "$id" /bin/sh $arguments </dev/null
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "mohs-commands: "* ]]
	done
	run -126 runc exec "$id" /bin/sh -s monitor <<<'id'
	[[ $output == *"not seen while profiling"*": id?" ]]
	run -0 runc exec "$id" /bin/sh -s monitor <<<$'\n\n'
	[ -z "$output" ]
}

@test "without being asked for, or where a command needs more of a shell, the shell stays and is named" {
	sed -i '/^harden:/d' "$work/mohs.yaml"
	echo 'harden: {commands: auto}' >>"$work/mohs.yaml"
	cat >>"$work/suite" <<<'[ "$(get "/run?test%20-e%20/etc")" = 0 ]'
	run harden
	[ "$status" -ne 0 ]
	jq -e '.commands | .form == "kept" and .table == null and
		(.left == [{subject: "test -e /etc; true", text: "test is the shell'"'"'s own"}])' "$evidence"
	jq -e '.verdict.checks[] | select(.check == "shell") | .state == "fail" and
		(.detail | contains("a shell is needed for: test -e /etc; true"))' "$evidence"
}
