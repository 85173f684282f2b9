#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Tools beside real containers: of runc (as a user, as root, in a user namespace), docker and podman
# where they are. The container's image is one static program: no shell, no library.

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export build=${MOHS_BUILD:-$PWD/build}
	export work=$build/debug-test
	export MOHS_CACHE=$work/cache
	if [ "$(id -u)" -ne 0 ] || ! command -v runc >/dev/null; then
		export why_not="needs root and runc"
		return
	fi
	rm -rf "$work"
	mkdir -p "$work/state"
	export TMPDIR=$work/tmp
	mkdir "$TMPDIR"
	for name in plain root; do
		make_bundle "$work/$name" "$name"
		runc --root "$work/state" run -d --bundle "$work/$name" "mohs-debug-$name" </dev/null >"$work/$name.log" 2>&1
	done
	snapshot >"$work/before"
}

teardown_file() {
	[ -z "${why_not:-}" ] || return 0
	for name in plain root users; do
		runc --root "$work/state" delete -f "mohs-debug-$name" 2>/dev/null || true
	done
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
}

# make_bundle FOLDER plain|root|users: an OCI bundle whose process is user 33, or root with Docker's
# capabilities, or that in a user namespace.
make_bundle() {
	mkdir -p "$1/rootfs/etc" "$1/rootfs/proc" "$1/rootfs/dev" "$1/rootfs/data"
	cp "$build/tests/tools/listener" "$1/rootfs/listener"
	echo 'nameserver 192.0.2.53' >"$1/rootfs/etc/resolv.conf"
	echo secret >"$1/rootfs/data/file"
	chown -R 33:44 "$1/rootfs/data"
	jq -n --arg kind "$2" '
		["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_SETGID", "CAP_SETUID"] as $docker
		| (if $kind == "plain" then ["CAP_NET_BIND_SERVICE"] else $docker end) as $caps
		| {
			ociVersion: "1.0.2", hostname: "debugged", root: {path: "rootfs"},
			process: {
				args: ["/listener", "8080"], cwd: "/", env: ["PATH=/"], noNewPrivileges: true,
				user: (if $kind == "plain" then {uid: 33, gid: 44, additionalGids: [55]} else {uid: 0, gid: 0} end),
				capabilities: {bounding: $caps, effective: $caps, permitted: $caps}
			},
			mounts: [
				{destination: "/proc", type: "proc", source: "proc"},
				{destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]}
			],
			annotations: {
				"io.kubernetes.cri.sandbox-name": "shop-7d9f",
				"io.kubernetes.cri.sandbox-namespace": "web",
				"io.kubernetes.cri.container-name": "app"
			},
			linux: {namespaces: [({type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"})]}
		}
		| if $kind == "users" then .linux.namespaces += [{type: "user"}]
			| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
			| .linux.gidMappings = .linux.uidMappings else . end' >"$1/config.json"
}

# Names, sizes, times, owners and modes of everything the containers have.
snapshot() {
	find "$work"/plain/rootfs "$work"/root/rootfs -printf '%P %s %T@ %u %g %m\n' | sort
}

unchanged() {
	snapshot | diff "$work/before" -
}

# debug NAME [OPTION...] -- CMD...
debug() {
	local name=$1
	shift
	"$mohs" debug --state "$work/state" "mohs-debug-$name" "$@"
}

@test "it sees the container's processes, host name, ports and files" {
	run debug plain -- sh -c 'hostname; ps; netstat -ltn; nc 127.0.0.1 8080 </dev/null; cat /target/data/file /etc/resolv.conf'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *debugged* ]]
	[[ $output == *"1 33       /listener 8080"* ]]
	[[ $output == *0.0.0.0:8080* ]]
	[[ $output == *$'\nhi\n'* ]]
	[[ $output == *$'\nsecret\n'* ]]
	[[ $output == *"nameserver 192.0.2.53"* ]]
	# and none of this machine's
	[ "$(debug plain -- ps 2>/dev/null | wc -l)" -lt 8 ]
	[ "$(debug plain -- sh -c 'netstat -ltn | grep -c :' 2>/dev/null)" -le 2 ]
}

@test "the image has no shell, and the tools are not in it" {
	[ ! -e "$work/plain/rootfs/bin" ]
	run debug plain -- sh -c 'echo "$0 runs"; ls /target'
	[ "$status" -eq 0 ]
	[[ $output == *"sh runs"* ]]
	[[ $output != *bin* || $output == *busybox* ]]
	unchanged
}

@test "it is the container's user, with its groups and no more capabilities" {
	[ "$(debug plain -- id 2>/dev/null)" = "uid=33 gid=44 groups=55" ]
	debug plain -- grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status 2>/dev/null >"$BATS_TEST_TMPDIR/status"
	diff - "$BATS_TEST_TMPDIR/status" <<-'EXPECTED'
		CapEff:	0000000000000000
		CapBnd:	0000000000000400
		NoNewPrivs:	1
	EXPECTED
	[ "$(debug root -- id -u 2>/dev/null)" = 0 ]
	theirs=$(awk '/^CapEff/ {print $2}' "/proc/$(runc --root "$work/state" state mohs-debug-root | jq .pid)/status")
	[ "$(debug root -- awk '/^CapEff/ {print $2}' /proc/self/status 2>/dev/null)" = "$theirs" ]
}

@test "nothing can be written, by no way" {
	for name in plain root; do
		for path in /target/data/new /target/data/file /proc/1/root/data/new /target/proc/1/root/data/new; do
			run debug "$name" -- sh -c "echo x >>$path"
			[ "$status" -ne 0 ] || { echo "$name wrote $path"; return 1; }
		done
		run debug "$name" -- sh -c 'echo x >/proc/sys/kernel/domainname'
		[ "$status" -ne 0 ]
		run debug "$name" -- chmod 600 /dev/null
		[ "$status" -ne 0 ]
		run debug "$name" -- chmod 700 /bin/busybox
		[ "$status" -ne 0 ]
	done
	# a device of this machine is none here
	run debug root -- sh -c 'mknod /tmp/disk c 1 5 && head -c1 /tmp/disk'
	[ "$status" -ne 0 ]
	unchanged
	# its own root file system is for throwing away
	run debug root -- sh -c 'echo note >/note && cat /note'
	[ "$status" -eq 0 ]
	[ ! -e /note ]
}

@test "with --writable it can be written" {
	run debug plain --writable -- sh -c 'echo more >>/target/data/file'
	[ "$status" -eq 0 ]
	[[ $output == *WRITABLE* ]]
	[ "$(cat "$work/plain/rootfs/data/file")" = $'secret\nmore' ]
	# as the user it is
	run debug plain --writable -- touch /target/etc/new
	[ "$status" -ne 0 ]
	[ ! -e "$work/plain/rootfs/etc/new" ]
	snapshot >"$work/before"
}

@test "the exit status is the command's" {
	for code in 0 1 7 126; do
		run debug plain -- sh -c "exit $code"
		[ "$status" -eq "$code" ]
	done
	run debug plain -- sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	run debug plain -- no-such-tool
	[ "$status" -eq 3 ]
	[[ $output == *"cannot start no-such-tool of the tools: No such file"* ]]
}

@test "standard streams are passed on, and apart" {
	printf 'a\nb\n' | debug plain -- sh -c 'cat; echo error >&2' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/errors"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'a\nb' ]
	[ "$(tail -1 "$BATS_TEST_TMPDIR/errors")" = error ]
	# without a command: a shell
	run bash -c 'echo "echo read from input; exit 4" | "$mohs" debug --state "$work/state" mohs-debug-plain 2>/dev/null'
	[ "$status" -eq 4 ]
	[ "$output" = "read from input" ]
}

@test "tools from an image are served, and the image's own start is the default" {
	umoci init --layout "$work/tools"
	umoci new --image "$work/tools:t"
	mkdir -p "$work/layer/opt" && cp "$(command -v busybox)" "$work/layer/opt/busybox"
	truncate -s %512 "$work/layer/opt/busybox" # this umoci writes no padding behind the last file
	umoci insert --image "$work/tools:t" "$work/layer" /
	umoci config --image "$work/tools:t" --config.env MAGNIFIES=8 --config.entrypoint /opt/busybox \
		--config.cmd sh --config.cmd -c --config.cmd '/opt/busybox cat /target/data/file; echo x$MAGNIFIES'
	[ -c /dev/fuse ] || skip "no /dev/fuse"
	run debug plain --image "oci:$work/tools:t"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *secret*x8* ]]
	run debug plain --image "oci:$work/tools:t" -- /opt/busybox ls /
	[ "$status" -eq 0 ]
	[[ $output == *opt*target* ]]
	unchanged
}

@test "a user namespace is joined" {
	make_bundle "$work/users" users
	chown -R 100000:100000 "$work/users/rootfs"
	chmod 711 "$work"
	runc --root "$work/state" run -d --bundle "$work/users" mohs-debug-users </dev/null >"$work/users.log" 2>&1 ||
		skip "runc cannot make user namespaces here: $(tail -1 "$work/users.log")"
	run debug users -- sh -c 'id -u; cat /proc/self/uid_map; ls -ln /target/data; touch /target/x /proc/1/root/x'
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *$'\n0\n'* ]]
	[[ $output == *"0     100000      65536"* ]]
	[[ $output == *" 0        0 "*file* ]]
	[ ! -e "$work/users/rootfs/x" ]
}

@test "a terminal is passed through" {
	run script -qec "'$mohs' debug --state '$work/state' mohs-debug-plain -- sh -c 'tty; test -t 0 && test -t 1 && echo terminal; exit 5'" /dev/null </dev/null
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == */dev/console* ]]
	[[ $output == *terminal* ]]
	# ^C is the command's, not mohs's
	run bash -c '(sleep 1; printf "sleep 100\r"; sleep 1; printf "\003"; sleep 0.5; printf "echo after \$?; exit 6\r"; sleep 1) |
		script -qec "\"$mohs\" debug --state \"$work/state\" mohs-debug-plain -- sh" /dev/null'
	echo "$output"
	[ "$status" -eq 6 ]
	[[ $output == *"after 130"* ]]
}

# left MARK: processes with this in their command line, this machine over.
left() {
	grep -lsaE "$1" /proc/[0-9]*/cmdline | grep -v "/$$/" | wc -l
}

@test "nothing is left behind: no process, mount or file" {
	debug plain -- sh -c 'setsid sleep 98761 & setsid sh -c "sleep 98761; true" & sleep 0.3' 2>/dev/null
	[ "$(left '[s]leep.98761')" -eq 0 ]
	! grep -qF "$work" /proc/self/mountinfo
	[ -z "$(ls "$TMPDIR")" ]
	unchanged
}

@test "nothing is left when mohs is killed, or asked to end" {
	for signal in KILL TERM; do
		"$mohs" debug --state "$work/state" mohs-debug-plain -- sleep 98762 2>/dev/null &
		pid=$!
		for _ in $(seq 100); do
			[ "$(left '[s]leep.98762')" -ge 2 ] && break
			sleep 0.1
		done
		[ "$(left '[s]leep.98762')" -ge 2 ]
		kill "-$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$signal" = KILL ] || [ "$status" -eq 3 ]
		for _ in $(seq 100); do
			[ "$(left '[s]leep.98762')" -eq 0 ] && break
			sleep 0.1
		done
		[ "$(left '[s]leep.98762')" -eq 0 ]
	done
	[ -z "$(ls "$TMPDIR")" ]
}

@test "names are found by their start when that is unique, and a process by its number" {
	pid=$(runc --root "$work/state" state mohs-debug-plain | jq .pid)
	for name in runc:mohs-debug-pl "$pid" "pid:$pid"; do
		[ "$("$mohs" debug --state "$work/state" "$name" -- hostname 2>/dev/null)" = debugged ]
	done
	run "$mohs" debug --state "$work/state" mohs-debug -- true
	[ "$status" -eq 2 ]
	[[ $output == *"begins more than one container"* ]]
	run "$mohs" debug --state "$work/state" no-such-container -- true
	[ "$status" -eq 3 ]
	[[ $output == *"no running container"* ]]
	run "$mohs" debug rkt:x -- true
	[ "$status" -eq 2 ]
	[[ $output == *"no engine \"rkt\""* ]]
}

@test "a process that took over a number is not taken for the container" {
	mkdir -p "$work/stale/old"
	jq ".init_process_pid = $$" "$work/state/mohs-debug-plain/state.json" >"$work/stale/old/state.json"
	run "$mohs" debug --state "$work/stale" old -- true
	[ "$status" -eq 3 ]
	[[ $output == *"has ended; its process $$ is another one by now"* ]]
	jq '.init_process_pid = 0' "$work/state/mohs-debug-plain/state.json" >"$work/stale/old/state.json"
	run "$mohs" debug --state "$work/stale" old -- true
	[ "$status" -eq 3 ]
	[[ $output == *"does not run"* ]]
}

@test "the same for a cluster is printed" {
	run "$mohs" debug --kubectl --state "$work/state" mohs-debug-plain -- sh -c "echo 'hi there'"
	[ "$status" -eq 0 ]
	[ "$output" = "kubectl debug -it -n web shop-7d9f --image=busybox:stable --target=app --profile=general -- sh -c 'echo '\''hi there'\'''" ]
	run "$mohs" debug --kubectl --image nicolaka/netshoot some-pod
	[ "$output" = "kubectl debug -it some-pod --image=nicolaka/netshoot --target=CONTAINER --profile=general -- sh" ]
	run debug plain -- true
	[[ $output == *"in a cluster: kubectl debug -it -n web shop-7d9f "* ]]
}

@test "without root it says so" {
	command -v setpriv >/dev/null || skip "no setpriv"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$mohs" --version || skip "others cannot start $mohs"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$mohs" debug 1 -- true
	[ "$status" -eq 3 ]
	[[ $output == *"needs root"* ]]
}

@test "a container of docker, by its name" {
	command -v dockerd >/dev/null || skip "dockerd is not installed"
	run_docker
	DOCKER_HOST=unix://$work/docker.sock run "$mohs" debug docker:mohs-debug-docker -- sh -c 'ps; ls /target; touch /target/x'
	echo "$output"
	stop_docker
	[ "$status" -ne 0 ]
	[[ $output == *"/listener 8080"* ]]
	[[ $output == *Read-only* ]]
}

run_docker() {
	mkdir -p "$work/docker"
	dockerd --data-root "$work/docker/data" --exec-root "$work/docker/run" -H "unix://$work/docker.sock" \
		--pidfile "$work/docker/pid" --iptables=false --bridge=none >"$work/docker/log" 2>&1 3>&- &
	docker_pid=$!
	for _ in $(seq 100); do
		[ -S "$work/docker.sock" ] && docker_at version >/dev/null 2>&1 && break
		sleep 0.2
	done
	tar -C "$work/plain/rootfs" -c . | docker_at import --change 'ENTRYPOINT ["/listener", "8080"]' - mohs-debug:1 >/dev/null
	docker_at run -d --name mohs-debug-docker --network none mohs-debug:1 >/dev/null
}

docker_at() {
	DOCKER_API_VERSION=1.41 docker -H "unix://$work/docker.sock" "$@"
}

stop_docker() {
	docker_at rm -f mohs-debug-docker >/dev/null 2>&1 || true
	kill "$docker_pid"
	wait "$docker_pid" || true
}

@test "a container of podman, by its name" {
	command -v podman >/dev/null || skip "podman is not installed"
	mkdir -p "$work/podman"
	cat >"$work/podman/storage.conf" <<-CONF
		[storage]
		driver = "vfs"
		graphroot = "$work/podman/graph"
		runroot = "$work/podman/run"
	CONF
	export CONTAINERS_STORAGE_CONF=$work/podman/storage.conf
	tar -C "$work/plain/rootfs" -c . | podman import --change 'ENTRYPOINT ["/listener", "8080"]' - mohs-debug:1 >/dev/null
	podman --runtime runc --cgroup-manager cgroupfs run -d --name mohs-debug-podman --network none \
		--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 mohs-debug:1
	run "$mohs" debug podman:mohs-debug-podman -- sh -c 'ps; ls /target; touch /target/x'
	echo "$output"
	podman --runtime runc --cgroup-manager cgroupfs rm -f mohs-debug-podman
	[ "$status" -ne 0 ]
	[[ $output == *"/listener 8080"* ]]
	[[ $output == *Read-only* ]]
}
