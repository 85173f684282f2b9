#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Runs that go wrong: the container, its load, its tests, the disk, the service file, and mohs itself
# being killed. Each ends with a reason and leaves nothing behind. The images are made here.

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export maker=$PWD/tests/tools/hostile-image
	export work=$BATS_FILE_TMPDIR
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db TMPDIR=$work/tmp
	# in the environment of mohs, of what it starts and of containers: finds them all
	export mark=FAULTS_MARK=$$-$BATS_ROOT_PID
	why_not=
	[ "$(id -u)" -eq 0 ] || why_not="needs root: containers are made"
	[ -c /dev/fuse ] || why_not="needs /dev/fuse"
	command -v runc >/dev/null || command -v crun >/dev/null || why_not="needs runc or crun"
	command -v busybox >/dev/null && [ -z "$(ldd "$(command -v busybox)" 2>/dev/null)" ] ||
		why_not="needs a static busybox (Debian: busybox-static)"
	export why_not
	[ -z "$why_not" ] || return 0

	mkdir "$TMPDIR"
	"$mohs" db update --mirror data/advisories >/dev/null
	make_rootfs "$work/rootfs"
	image web "Entrypoint=[\"/bin/sh\",\"-c\",\"echo starting; exec /bin/httpd -f -p 8080 -h /www\"]"
	cat >"$work/policy.yaml" <<-END
		checks:
		  profile: {required: true, complete: true, min_duration: 0s}
		  reduction: {required: false}
		  tests: {required: true, minimum: 1}
		  shell: {required: false}
		  signature: {required: false}
		  sbom: {required: false}
	END
}

make_rootfs() {
	mkdir -p "$1"/bin "$1"/etc "$1"/www "$1"/tmp "$1"/var/lib/dpkg/info
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in sh sleep httpd true; do
		ln -s busybox "$1/bin/$applet"
	done
	printf 'ID=debian\nVERSION_ID="12"\n' >"$1/etc/os-release"
	echo 'root:x:0:0::/:/bin/sh' >"$1/etc/passwd"
	printf 'Package: busybox-static\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.35.0-4\n\n' \
		>"$1/var/lib/dpkg/status"
	printf '/.\n/bin\n/bin/busybox\n' >"$1/var/lib/dpkg/info/busybox-static.list"
	echo one >"$1/www/index.html"
	echo two >"$1/www/other.html"
}

# image NAME [KEY=JSON...]: of the root file system, as oci:$work/NAME:x
image() {
	local name=$1
	shift
	"$maker" --pack "${rootfs:-$work/rootfs}" "$work/$name" 'StopSignal="SIGKILL"' \
		"Env=[\"PATH=/bin\",\"$mark\"]" "$@"
}

setup() {
	[ -z "$why_not" ] || skip "$why_not"
	results=$BATS_TEST_TMPDIR/results
	out=$BATS_TEST_TMPDIR/out
	errors=$BATS_TEST_TMPDIR/errors
	ready='ready: {http: "http://127.0.0.1:8080/", timeout: 20s}'
	loads='loads: [{name: get, run: [busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/index.html"]}]'
	tests='tests: [{name: page, run: [busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/other.html"]}]'
}

teardown() {
	[ -n "$why_not" ] || nothing_left
}

# service IMAGE LINE...: the service file of this test
service() {
	printf '%s\n' "service: web" "image: oci:$work/$1:x" "policy: $work/policy.yaml" "${@:2}" \
		>"$BATS_TEST_TMPDIR/mohs.yaml"
}

run_mohs() {
	env "$mark" "$mohs" run -f "$BATS_TEST_TMPDIR/mohs.yaml" -o "${1:-$results}" >"$out" 2>"$errors"
}

# ends STATUS TEXT: mohs run ends so, with the text in what it prints.
ends() {
	local status=0
	run_mohs || status=$?
	if [ "$status" -ne "$1" ] || ! cat "$out" "$errors" | grep -qF -- "$2"; then
		echo "status $status, wanted $1 with \"$2\":"
		cat "$errors" "$out"
		return 1
	fi
	if [ "$1" -eq 3 ]; then
		[ "$(wc -l <"$errors")" -eq 1 ]
	fi
	! grep -q Sanitizer "$errors"
}

processes() {
	grep -lzxF -- "$mark" /proc/[0-9]*/environ 2>/dev/null || true
}

# No process, no mount, no temporary folder, no cgroup directory, no part of a document.
nothing_left() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ -n "$(processes)" ] || break
		sleep 0.1
	done
	[ -z "$(processes)" ] || {
		for i in $(processes); do tr '\0' ' ' <"${i%/environ}/cmdline"; echo; done
		return 1
	}
	! grep -F "$work" /proc/self/mountinfo
	[ -z "$(ls -A "$TMPDIR")" ] || {
		echo "left: $(find "$TMPDIR")"
		return 1
	}
	if [ -n "${session:-}" ]; then
		[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$session")" ]
	fi
	whole_results "$results"
}

# Whole documents and a whole image, or none.
whole_results() {
	[ -d "$1" ] || return 0
	for document in "$1"/*.json; do
		[ ! -e "$document" ] || jq empty "$document"
	done
	[ -z "$(find "$1" -name '*.json.*' -o -name '.mohs*')" ]
	[ ! -e "$1/image/index.json" ] || "$mohs" scan "oci:$1/image:hardened" >/dev/null
	[ ! -e "$1/evidence.json" ] || [ -e "$1/profile.json" ]
}

@test "a good run, to compare with" {
	service web "$ready" "$loads" "$tests"
	ends 0 "passed"
	jq -e '.verdict.passed' "$results/evidence.json"
}

@test "an image for another architecture is refused before anything runs" {
	image s390x 'architecture="s390x"' 'Entrypoint=["/bin/true"]'
	service s390x
	ends 3 "the image is for s390x, this machine is $(uname -m)"
	[ ! -e "$results/evidence.json" ]
}

@test "an entrypoint that is not there, and none at all" {
	image nowhere 'Entrypoint=["/bin/nowhere"]'
	service nowhere "$ready" "$loads" "$tests"
	ends 1 "no such program in the image"
	ends 1 '"/bin/nowhere"'
	[ ! -e "$results/image" ]
	image none
	service none "$ready" "$loads" "$tests"
	ends 1 "neither ENTRYPOINT nor CMD"
}

@test "a container that ends at once: its status and last words" {
	image ends 'Entrypoint=["/bin/sh","-c","echo my last words; exit 7"]'
	service ends "$ready" "$loads" "$tests"
	ends 1 "the container ended with status 7 before it was ready: my last words"
	jq -e '.verdict.passed == false and .profile.complete == false' "$results/evidence.json"
}

@test "a container that never becomes ready" {
	image sleeps 'Entrypoint=["/bin/sleep","1000"]'
	service sleeps 'ready: {http: "http://127.0.0.1:8080/", timeout: 1s}' "$loads" "$tests"
	SECONDS=0
	ends 1 "not ready after 1 s: http://127.0.0.1:8080/ does not answer"
	[ "$SECONDS" -lt 15 ]
	[ ! -e "$results/image" ]
}

@test "a container that dies under load" {
	service web "$ready" "$tests" 'loads: [{name: kill, run: [sh, -c, "kill -9 $MOHS_PID; sleep 5"]}]'
	ends 1 "kill: the load did not pass: the container ended with status 137"
	[ ! -e "$results/image" ]
}

@test "a load that fails, cannot be run, or takes too long: the profile is not used" {
	service web "$ready" "$tests" 'loads: [{name: bad, run: [sh, -c, "echo out of order; exit 3"]}]'
	ends 1 "bad: the load did not pass: status 3: out of order"
	[ ! -e "$results/image" ]
	service web "$ready" "$tests" 'loads: [{name: bad, run: [/no/such/program]}]'
	ends 1 "bad: the load did not pass: status 127: cannot run /no/such/program"
	grep -q 'load "bad" failed (status 127: there is no such program)' "$out"
	grep -q "^logs      $results/logs$" "$out"
	service web "$ready" "$tests" 'loads: [{name: slow, run: [sleep, "1000"], timeout: 1s}]'
	ends 1 "slow: the load did not pass: not done after"
	[ ! -e "$results/image" ]
}

@test "on a terminal a long load says how long it takes" {
	service web "$ready" "$tests" 'loads: [{name: browse, run: [sleep, "5"]}, {name: bad, run: ["false"]}]'
	script -qec "env $mark $mohs run -f $BATS_TEST_TMPDIR/mohs.yaml -o $results" /dev/null >"$out" </dev/null || true
	grep -q 'load browse, [2-5][.0-9]* s' "$out"
	grep -q 'load bad' "$out"
}

@test "a test that fails on the original too is not blamed on hardening" {
	service web "$ready" "$loads" 'tests: [{name: bad, run: [sh, -c, "echo never worked; exit 3"]}]'
	ends 1 "bad: the test did not pass: status 3: never worked"
	[ ! -e "$results/image" ]
}

@test "a test that fails on the hardened image only: the missing path and who asked for it" {
	service web "$ready" "$loads" "$tests" 'harden: {drop: [/www/other.html]}'
	ends 1 "harden.drop removes it although it was used while profiling"
	grep -q "/www/other.html is missing in test .*, asked for by /bin/busybox: harden.drop names it" "$out"
	jq -e '.extension.wanted[] | select(.path == "/www/other.html" and .program == "/bin/busybox")' \
		"$results/evidence.json"
	jq -e '.verdict.passed == false' "$results/evidence.json"
}

@test "JUnit XML that cannot be used is a gap, and no test has passed" {
	for xml in '<testsuite><testcase name=' '' '<testsuite></testsuite>' \
		'<!DOCTYPE x [<!ENTITY f SYSTEM "/etc/passwd">]><testsuite><testcase name="&f;"/></testsuite>'; do
		printf '%s' "$xml" >"$BATS_TEST_TMPDIR/xml"
		service web "$ready" "$loads" \
			"tests: [{name: j, run: [sh, -c, 'cat $BATS_TEST_TMPDIR/xml >\$MOHS_JUNIT']}]"
		ends 1 "j: its JUnit XML"
		[ ! -e "$results/image" ]
	done
}

# ---- killed ----

waits_for() {
	local i
	for ((i = 0; i < 600; i++)); do
		if "$@" 2>/dev/null; then return 0; fi
		sleep 0.05
	done
	echo "never: $*"
	return 1
}

session_is_there() { [ -n "$(ls "$TMPDIR")" ]; }

# interrupted SIGNAL PHASE CONDITION...: mohs gets the signal once the condition holds.
interrupted() {
	local signal=$1 phase=$2 status=0
	shift 2
	results=$BATS_TEST_TMPDIR/$signal-$phase
	env "$mark" "$mohs" run -f "$BATS_TEST_TMPDIR/mohs.yaml" -o "$results" >"$out" 2>"$errors" 3>&- &
	local pid=$!
	waits_for "$@"
	session=$(ls "$TMPDIR")
	SECONDS=0
	kill "-$signal" "$pid" || true # where it may have ended by itself, status says so
	wait "$pid" || status=$?
	echo "$signal at $phase: status $status after $SECONDS s $(cat "$errors")"
	[ "$SECONDS" -lt 15 ]
	[ "$signal" = KILL ] || [ -z "$(processes)" ]
	nothing_left
	[ "$status" -ne 0 ] || [ -e "$results/evidence.json" ] || return 1
	case $signal:$status in
	INT:3) grep -q interrupted "$errors" ;;
	KILL:137 | *:0) ;;
	*) return 1 ;;
	esac
}

each_signal() {
	local signal
	for signal in INT KILL; do
		rm -f "$BATS_TEST_TMPDIR/flag"
		interrupted "$signal" "$@"
	done
}

@test "killed while starting, and while waiting for readiness" {
	image slow 'Entrypoint=["/bin/sh","-c","echo starting; sleep 100"]'
	service slow "$ready" "$loads" "$tests"
	each_signal starting session_is_there
	for signal in INT KILL; do
		interrupted "$signal" readiness grep -q starting "$BATS_TEST_TMPDIR/$signal-readiness/logs/profile/container.log"
		[ ! -e "$results/profile.json" ]
	done
}

@test "killed under load" {
	service web "$ready" "$tests" \
		"loads: [{name: slow, run: [sh, -c, 'touch $BATS_TEST_TMPDIR/flag; sleep 100; true']}]"
	each_signal load test -e "$BATS_TEST_TMPDIR/flag"
	[ ! -e "$results/profile.json" ]
}

@test "a hang-up ends it, unless it was told to live on (nohup)" {
	service web "$ready" "$tests" \
		"loads: [{name: slow, run: [sh, -c, 'touch $BATS_TEST_TMPDIR/flag; sleep 2; true']}]"
	for how in default ignore; do
		status=0
		rm -f "$BATS_TEST_TMPDIR/flag"
		env "--$how-signal=HUP" "$mark" "$mohs" run -f "$BATS_TEST_TMPDIR/mohs.yaml" \
			-o "$results" >"$out" 2>"$errors" 3>&- &
		waits_for test -e "$BATS_TEST_TMPDIR/flag"
		kill -HUP $!
		wait $! || status=$?
		echo "$how: status $status $(cat "$errors")"
		[ "$how:$status" = default:3 ] || [ "$how:$status" = ignore:0 ]
	done
}

@test "killed while testing" {
	service web "$ready" "$loads" \
		"tests: [{name: slow, run: [sh, -c, 'touch $BATS_TEST_TMPDIR/flag; sleep 100; true']}]"
	each_signal test test -e "$BATS_TEST_TMPDIR/flag"
	[ ! -e "$results/image" ]
}

@test "killed while building, and a run after that into the same folder" {
	cp -a "$work/rootfs" "$BATS_TEST_TMPDIR/rootfs"
	head -c 60000000 /dev/urandom >"$BATS_TEST_TMPDIR/rootfs/www/big"
	rootfs=$BATS_TEST_TMPDIR/rootfs image big 'Entrypoint=["/bin/httpd","-f","-p","8080","-h","/www"]'
	service big "$ready" "$loads" "$tests" 'harden: {keep: [/www/big]}'
	for signal in INT KILL; do
		interrupted "$signal" building test -e "$BATS_TEST_TMPDIR/$signal-building/profile.json"
		interrupted "$signal" writing test -d "$BATS_TEST_TMPDIR/$signal-writing/image/blobs/sha256"
	done
	run_mohs "$results" || {
		cat "$out" "$errors"
		return 1
	}
	whole_results "$results"
	jq -e .verdict.passed "$results/evidence.json"
	rm -rf "$work/big"
}

@test "killed while testing the hardened image and writing the evidence" {
	service web "$ready" "$loads" "$tests"
	for signal in INT KILL; do
		for pause in 0 0.1 0.2 0.3; do
			late() {
				[ -s "$BATS_TEST_TMPDIR/$signal-late$pause/logs/tests/container.log" ] && sleep "$pause"
			}
			interrupted "$signal" "late$pause" late
		done
	done
}

@test "two runs at once, one cache, two folders" {
	service web "$ready" "$loads" "$tests"
	rm -rf "$MOHS_CACHE"
	for i in 1 2; do
		env "$mark" "$mohs" run -f "$BATS_TEST_TMPDIR/mohs.yaml" -o "$BATS_TEST_TMPDIR/run$i" \
			>"$out.$i" 2>"$errors.$i" 3>&- &
	done
	wait
	for i in 1 2; do
		jq -e .verdict.passed "$BATS_TEST_TMPDIR/run$i/evidence.json" || {
			cat "$out.$i" "$errors.$i"
			return 1
		}
		whole_results "$BATS_TEST_TMPDIR/run$i"
	done
	# the bills of materials beside each name the folder it was read from; the images are the same
	jq -r .image.after.digest "$BATS_TEST_TMPDIR"/run[12]/evidence.json | uniq -c | grep -q "^ *2 sha256:"
}

# ---- disks ----

# on_disk OPTIONS COMMAND...: with a small disk at $disk, in a mount namespace of its own
on_disk() {
	disk=$BATS_TEST_TMPDIR/disk
	mkdir -p "$disk"
	unshare --mount --propagation private sh -c 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && "$@"' \
		sh "$1" "$disk" "${@:2}"
}

@test "no room for the cache" {
	disk=$BATS_TEST_TMPDIR/disk
	on_disk size=300k sh -c '
		MOHS_CACHE=$1/cache "$mohs" scan "oci:$work/web" >"$2" 2>"$3"
		echo $? >"$2.status"
		find "$1" -type f >"$2.left"' sh "$disk" "$out" "$errors"
	[ "$(cat "$out.status")" -eq 3 ]
	grep -q "no room in the layer cache .*MOHS_CACHE.*No space left on device" "$errors"
	[ "$(wc -l <"$errors")" -eq 1 ]
	[ ! -s "$out.left" ]
}

@test "no room for the results: no part of an image, and the profile is kept" {
	service web "$ready" "$loads" "$tests"
	disk=$BATS_TEST_TMPDIR/disk
	on_disk size=300k sh -c '
		"$mohs" run -f "$4" -o "$1/results" >"$2" 2>"$3"
		echo $? >"$2.status"
		jq empty "$1/results/profile.json" && echo whole >>"$2.status"
		find "$1/results" -path "*/image*" -o -name "evidence*" >"$2.left"' sh "$disk" "$out" "$errors" \
		"$BATS_TEST_TMPDIR/mohs.yaml"
	cat "$errors"
	[ "$(cat "$out.status")" = "3
whole" ]
	grep -q "No space left on device" "$errors"
	[ ! -s "$out.left" ]
}

@test "results and caches that cannot be written: said before anything runs" {
	service web "$ready" "$loads" "$tests"
	disk=$BATS_TEST_TMPDIR/disk
	on_disk ro sh -c '
		exec >"$1"
		for command in "run -f $3 -o $2/results" "profile -f $3 -o $2/p.json" "init -o $2/m.yaml oci:$work/web:x"; do
			"$mohs" $command 2>&1 >/dev/null
			echo "status $?"
		done
		MOHS_CACHE=$2/cache "$mohs" scan "oci:$work/web:x" 2>&1 >/dev/null
		echo "status $?"
		MOHS_DB=$2/db "$mohs" db update --mirror data/advisories 2>&1 >/dev/null
		echo "status $?"' sh "$out" "$disk" "$BATS_TEST_TMPDIR/mohs.yaml"
	cat "$out"
	[ "$(grep -c '^status 3$' "$out")" -eq 5 ]
	[ "$(grep -c 'Read-only file system' "$out")" -eq 5 ]
	grep -q "layer cache (MOHS_CACHE names another)" "$out"
}

@test "a read-only cache that has the layers is good enough for reading" {
	on_disk size=20m sh -c '
		export MOHS_CACHE=$1/cache
		"$mohs" scan "oci:$work/web:x" >"$2.first" && mount -o remount,ro "$1" &&
			"$mohs" scan "oci:$work/web:x" >"$2.second"' sh "$BATS_TEST_TMPDIR/disk" "$out"
	cmp "$out.first" "$out.second"
}

@test "a standard output that is full, and a TMPDIR that is not there" {
	for command in "scan" "scan --json"; do
		status=0
		"$mohs" $command "oci:$work/web:x" >/dev/full 2>"$errors" || status=$?
		[ "$status" -eq 3 ]
		grep -q "cannot write to standard output" "$errors"
	done
	service web "$ready" "$loads" "$tests"
	TMPDIR=$work/not-there ends 3 "is \$TMPDIR writable?"
}

@test "results of an earlier run do not stand beside those of a failed one" {
	service web "$ready" "$loads" "$tests"
	ends 0 passed
	service web "$ready" "$tests" 'loads: [{name: bad, run: ["false"]}]'
	ends 1 "bad: the load did not pass"
	jq -e '.verdict.passed == false' "$results/evidence.json"
}

# ---- files ----

@test "a service file that is wrong: file, line, what is allowed; exit status 3" {
	file=$BATS_TEST_TMPDIR/mohs.yaml
	while IFS='|' read -r lines text; do
		printf "$lines" >"$file"
		ends 3 "$file: $text"
		[ ! -e "$results" ]
	done <<-'END'
		service: a\nimage: dir:/x\nimagge: x\n|line 3: unknown key "imagge"; allowed: service, team, image
		service: a\nimage: [1]\n|line 2: image wants a single value
		service: a\n|line 1: "image" is missing
		|the file is empty
		just words\n|line 1: this entry wants a map
		\tservice: a\n|line 1: not valid YAML
		service: a\nimage: dir:/x\nservice: b\n|line 3: "service" is there twice
		service: a\nimage: dir:/x\nloads:\n  - {name: x}\n|line 4: "run" is missing
		service: a\nimage: dir:/x\nready: {tcp: "x", timeout: soon}\n|line 3: not
		service: a\nimage: dir:/x\nharden: {granularity: atom}\n|line 3: granularity cannot be "atom"; allowed: file, package
		service: &x a\nimage: *x\n|line 1: anchors and tags are not allowed
	END
	service web 'output: floppy:/x' "$ready" "$loads"
	ends 3 'output: cannot write to "floppy:/x": an output is one of oci:DIR'
	service nowhere-at-all
	ends 3 "nowhere-at-all: No such file or directory"
	rm "$file"
	ends 3 "cannot open $file: No such file or directory"
}

@test "a policy that is wrong: file, line, what is allowed; exit status 3" {
	file=$BATS_TEST_TMPDIR/policy.yaml
	printf 'service: a\nimage: oci:%s/web:x\npolicy: policy.yaml\n' "$work" >"$BATS_TEST_TMPDIR/mohs.yaml"
	while IFS='|' read -r lines text; do
		printf "$lines" >"$file"
		ends 3 "$file: $text"
		[ ! -e "$results" ]
	done <<-'END'
		checks:\n  reduction: {minimum: lots}\n|line 2: not a percentage
		checks:\n  redduction: {minimum: 70%%}\n|line 2: unknown key "redduction"; allowed: baseline, profile
		waivers:\n  - {check: shell, service: a, approved_by: x, expires: 2027-01-31}\n|line 2: "reason" is missing
		waivers:\n  - {check: shell, service: a, reason: "", approved_by: x, expires: 2027-01-31}\n|line 2: reason is empty
		waivers:\n  - {check: shell, service: a, reason: y, approved_by: x}\n|line 2: "expires" is missing
		waivers:\n  - {check: shell, service: a, reason: y, approved_by: x, expires: soon}\n|line 2: not a date: "soon"
		waivers:\n  - {check: shall, service: a, reason: y, approved_by: x, expires: 2027-01-31}\n|line 2: check cannot be "shall"
	END
	rm "$file"
	ends 3 "cannot open $file: No such file or directory"
}

@test "an expired waiver fails its check and says since when" {
	cat >"$BATS_TEST_TMPDIR/policy.yaml" <<-END
		checks: {profile: {min_duration: 0s}, reduction: {required: false}, signature: {required: false}, sbom: {required: false}}
		waivers: [{check: shell, service: web, reason: none, approved_by: somebody, expires: 2020-01-31}]
	END
	service web "$ready" "$loads" "$tests"
	sed -i 's|^policy:.*|policy: policy.yaml|' "$BATS_TEST_TMPDIR/mohs.yaml"
	ends 1 "the waiver by somebody expired on 2020-01-31"
}

@test "what the command line itself gets wrong is status 2" {
	cd "$BATS_TEST_TMPDIR"
	for words in "run" "run a b" "run --frobnicate" "harden oci:x" "profile --unite"; do
		status=0
		"$mohs" $words >"$out" 2>"$errors" || status=$?
		[ "$status" -eq 2 ] || {
			echo "$words: $status $(cat "$errors")"
			return 1
		}
		# one line, and how the verb is used where an argument is missing or too many
		[ -z "$(sed 1d "$errors" | grep -v "^  mohs ${words%% *} \|^      ")" ]
	done
}
