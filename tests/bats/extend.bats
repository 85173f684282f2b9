#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Profiles that are extended by what the hardened image asks for in vain: a web service in the
# distribution's perl, whose profile was taken under a load that is narrower than its tests.

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root
	export mohs=${MOHS:-${MOHS_BUILD:-$root/build}/src/cmd/mohs}
	export work=$BATS_FILE_TMPDIR MOHS_CACHE=$BATS_FILE_TMPDIR/cache MOHS_DB=$BATS_FILE_TMPDIR/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	if ! dpkg -L perl-base >/dev/null 2>&1 || ! command -v umoci runc busybox cc >/dev/null; then
		export why_not="needs the packages perl-base, umoci, runc, busybox and a C compiler"
		return
	fi
	"$mohs" db update --mirror "$root/data/advisories" >/dev/null
	make_service "$work/image"
	printf 'checks:\n' >"$work/policy.yaml"
	for check in baseline profile reduction shell signature sbom; do
		printf '  %s: {required: false}\n' "$check" >>"$work/policy.yaml"
	done
	service load '' >/dev/null
	"$mohs" profile -f "$work/load.yaml" -o "$work/profile.json"
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir -p "$TMPDIR"
	cd "$BATS_TEST_TMPDIR" || return 1
}

# A program with a library that it is linked with and calls only when it is told to. Each function has
# a page of its own, as those of bigger libraries have. That of the library which it needs in turn shares
# its page with what runs whenever a library is loaded. A third one lends data to the program.
make_worker() {
	mkdir -p "$1/opt/lib" "$1/opt/bin"
	echo 'const char *verse(void) { return "roses"; }' >"$work/verse.c"
	cc -shared -fPIC -Wl,-soname,libverse.so.1 -o "$1/opt/lib/libverse.so.1" "$work/verse.c"
	echo 'const char *verse(void);
		__attribute__((aligned(4096))) const char *poem(void) { return verse(); }
		__attribute__((aligned(4096), visibility("hidden"), used)) int last(void) { return 0; }' >"$work/poem.c"
	echo '__attribute__((aligned(4096))) static const char *told(void) { return "fine"; }
		const struct { const char *name, *(*tell)(void); } mood = { "glad", told };
		__attribute__((aligned(4096), visibility("hidden"), used)) int last(void) { return 0; }' >"$work/mood.c"
	echo '#include <stdio.h>
		const char *poem(void);
		extern const struct { const char *name, *(*tell)(void); } mood;
		int main(int n, char **a) {
			switch (n > 1 ? a[1][0] : 0) {
			case 0: return puts("idle") < 0;
			case 109: return puts(mood.name) < 0;
			case 116: return puts(mood.tell()) < 0;
			default: return puts(poem()) < 0;
			}
		}' >"$work/worker.c"
	cc -shared -fPIC -Wl,-soname,libpoem.so.1 -Wl,-rpath,/opt/lib -o "$1/opt/lib/libpoem.so.1" "$work/poem.c" \
		"$1/opt/lib/libverse.so.1"
	cc -shared -fPIC -Wl,-soname,libmood.so.1 -o "$1/opt/lib/libmood.so.1" "$work/mood.c"
	cc -Wl,-rpath,/opt/lib,-rpath-link,"$1/opt/lib" -o "$1/opt/bin/worker" "$work/worker.c" \
		"$1/opt/lib/libpoem.so.1" "$1/opt/lib/libmood.so.1"
}

# An image of perl-base and what it needs, with a service that does more than its load asks for.
make_service() {
	local tree=$1.tree path
	mkdir -p "$tree/var/lib/dpkg/info" "$tree/etc" "$tree/tmp" "$tree/app/pages/deep" "$tree/app/plugins"
	for path in bin sbin lib lib64; do
		[ -L "/$path" ] || continue
		mkdir -p "$tree/usr/$path"
		ln -s "usr/$path" "$tree/$path"
	done
	for path in $(dpkg -L perl-base libc6 libcrypt1 | grep -v -e /gconv -e /share/); do
		[ ! -d "$path" ] || continue
		mkdir -p "$tree${path%/*}"
		cp -a "$path" "$tree$path"
	done
	cat /etc/os-release >"$tree/etc/os-release"
	for name in perl-base libc6 libcrypt1; do
		dpkg-query -s "$name" >>"$tree/var/lib/dpkg/status"
		echo >>"$tree/var/lib/dpkg/status"
		for path in "/var/lib/dpkg/info/$name.list" "/var/lib/dpkg/info/$name":*.list; do
			[ ! -e "$path" ] || cp "$path" "$tree/var/lib/dpkg/info/"
		done
	done
	echo root:x:0:0::/: >"$tree/etc/passwd"
	echo one >"$tree/app/pages/one.txt"
	echo two >"$tree/app/pages/deep/two.txt"
	echo optional >"$tree/app/optional.conf"
	cp "$(readlink -f /bin/uname)" "$tree/usr/bin/tool"
	make_worker "$tree"
	echo 'package Plugin; sub name { "plugin" } 1;' >"$tree/app/plugins/plugin.pl"
	cat >"$tree/app/server.pl" <<'PERL'
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = "IGNORE";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 9, ReuseAddr => 1)
	or die "no socket: $!";
# What is optional is looked for, in vain or not.
sub probe { return join ",", map { -e $_ ? "there" : "not there" } "/app/optional.conf", "/usr/bin/perlthanks" }
sub page { open my $file, "<", "/app/pages/$_[0]" or return; local $/; return <$file> }
sub module { eval { require Text::ParseWords; require List::Util; Text::ParseWords::shellwords("a b"); 1 } ? "module" : undef }
sub tool { return -x "/usr/bin/tool" ? "there, " . (-s _) . " bytes" : undef }
sub hello { opendir my $folder, "/app/plugins" or return; return "hello, " . qx{/opt/bin/worker} . tool() . grep /pl/, readdir $folder }
sub plugins {
	opendir my $folder, "/app/plugins" or return;
	my @found = grep { /\.pl$/ } readdir $folder;
	return unless @found;
	do "/app/plugins/$_" or return for @found;
	return Plugin::name();
}
while (my $client = $server->accept) {
	my (undef, $path) = split " ", scalar <$client>;
	1 while (<$client> // "") =~ /\S/;
	my $text = $path eq "/" ? hello()
		: $path eq "/idle" ? qx{/opt/bin/worker} || undef : $path eq "/poem" ? qx{/opt/bin/worker poem} || undef
		: $path =~ m{^/(mood|tell)$} ? qx{/opt/bin/worker $1} || undef
		: $path eq "/tool" ? tool() : $path eq "/run-tool" ? (system("/usr/bin/tool", "-s") ? undef : "ran")
		: $path eq "/probe" ? probe() : $path eq "/module" ? module() : $path eq "/plugins" ? plugins()
		: $path =~ m{^/page/(.*)} ? page($1) : undef;
	print $client defined $text ? "HTTP/1.0 200 OK\r\n\r\n$text\n" : "HTTP/1.0 500 Not good\r\n\r\n";
	close $client;
}
PERL
	tar --create --file "$tree.tar" --directory "$tree" --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime=@1700000000 .
	umoci init --layout "$1"
	umoci new --image "$1:v1"
	umoci raw add-layer --image "$1:v1" "$tree.tar"
	umoci config --image "$1:v1" --config.entrypoint /usr/bin/perl --config.cmd /app/server.pl \
		--config.exposedports 8080/tcp --config.env PATH=/usr/local/bin:/usr/bin:/bin
	rm -rf "$tree" "$tree.tar"
}

# service NAME HARDEN PATH...: a service file whose tests ask for the paths; one test each.
service() {
	local name=$1 harden=$2 path
	shift 2
	{
		printf 'service: %s\nimage: oci:%s:v1\npolicy: policy.yaml\n' "$name" "$work/image"
		printf 'ready: {tcp: "127.0.0.1:8080", timeout: 20s}\nstop_grace: 2s\n'
		printf 'loads:\n  - {name: browse, run: [busybox, wget, -q, -O, "-", "http://127.0.0.1:8080/"]}\n'
		[ -z "$harden" ] || printf 'harden: {%s}\n' "$harden"
		[ $# -eq 0 ] || echo tests:
		for path in "$@"; do
			printf '  - name: %s\n' "$(basename "$path" .txt)"
			# where the test ran is noted: on a view or not
			printf '    run: [sh, -c, "grep -c fuse.lens /proc/self/mountinfo >>%s/views; ' "$work"
			printf 'busybox wget -q -O - http://127.0.0.1:${MOHS_PORT}%s"]\n' "$path"
		done
	} >"$work/$name.yaml"
	rm -f "$work/views"
}

# run_service NAME [OPTION...]: sets status, output, evidence.
run_service() {
	local name=$1
	shift
	evidence=$work/$name/evidence.json
	rm -rf "${work:?}/$name"
	run "$mohs" run --no-limits -f "$work/$name.yaml" -o "$work/$name" --profile "${profile:-$work/profile.json}" "$@"
	echo "$output"
	jq -c '.extension | del(.rounds[].tests)' "$evidence"
	jq -c '.tests, (.verdict.checks[] | select(.check == "tests"))' "$evidence"
	[ -z "$(ls -A "$TMPDIR")" ]
	[ ! -e "$work/$name/.rounds" ]
}

holds() {
	jq -e "$@" "$evidence"
}

@test "a page that only a test asks for comes back with all that is on its way, and nothing else does" {
	service pages '' /page/deep/two.txt
	run_service pages
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].added | map(.path)] ==
		[["/app/pages"], ["/app/pages/deep", "/app/pages/deep/two.txt"], []]'
	holds '[.extension.rounds[].added[] | .kind, .phase, .program] | unique == ["/usr/bin/perl", "test", "two"]'
	holds '[.extension.rounds[].learning] == [false, true, false]'
	holds '.extension.end == "passed" and .extension.wanted == []'
	[[ $output == *"/app/pages/deep/two.txt: missing in test two, asked for by /usr/bin/perl"* ]]
	umoci unpack --image "$work/pages/image:hardened" bundle >/dev/null
	[ -e bundle/rootfs/app/pages/deep/two.txt ]
	[ ! -e bundle/rootfs/app/pages/one.txt ]
	[ ! -e bundle/rootfs/app/optional.conf ]
}

@test "the judged run was on the published digest with no view in the way" {
	evidence=$work/pages/evidence.json
	digest=$(skopeo inspect "oci:$work/pages/image:hardened" | jq -r .Digest)
	holds --arg digest "$digest" '.tests.image == $digest and .image.after.digest == $digest'
	holds '.tests.recorder == "none" and .tests.removed_and_missed == null'
	holds '[.extension.rounds[].diff_id] | unique | length == 2'
	[ "$(tail -1 "$work/views")" = 0 ]
	[ "$(sort "$work/views" | uniq -c | tr -s ' ' | tr '\n' ,)" = " 1 0, 3 1," ]
}

@test "why tells who asked, and the profile that was written gives the same image" {
	run "$mohs" why "$work/pages/evidence.json" /app/pages/deep/two.txt
	echo "$output"
	[[ $output == *"missing in test two, asked for by /usr/bin/perl, added in round 2"* ]]
	"$mohs" harden -p "$work/pages/profile.json" -f "$work/pages.yaml" -o oci:again:x >/dev/null
	[ "$(skopeo inspect oci:again:x | jq -r .Digest)" = "$(jq -r .image.after.digest "$work/pages/evidence.json")" ]
	jq -e '[.extended[].path] == ["/app/pages", "/app/pages/deep", "/app/pages/deep/two.txt"]' "$work/pages/profile.json"
}

@test "probing does not bring files back while the tests pass, unless it is asked to" {
	service probes '' /probe
	run_service probes
	[ "$status" -eq 0 ]
	holds '.extension.rounds | length == 1 and .[0].added == []'
	holds '.extension.rounds[0].tests.removed_and_missed | index("/app/optional.conf")'
	holds '.plan.by_reason.extended == 0'
	service greedy 'extend: always' /probe
	run_service greedy
	[ "$status" -eq 0 ]
	holds '[.plan.paths[] | select(.reason == "extended").path] | index("/app/optional.conf")'
	holds '[.extension.rounds[].learning] == [false, false]'
}

@test "of several tests only what the failing one asked for is added" {
	service both '' /probe /page/one.txt
	run_service both
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].added[].path] == ["/app/pages", "/app/pages/one.txt"]'
}

@test "a program that is only looked up keeps its name and loses its code, until something runs it" {
	size=$(stat -c %s "$(readlink -f /bin/uname)")
	service named '' /tool
	run_service named
	[ "$status" -eq 0 ]
	holds '.extension.rounds | length == 1 and .[0].added == []'
	holds '[.plan.paths[] | select(.content == "hollow").path] == ["/usr/bin/tool"] and .plan.hollow == 1'
	umoci unpack --image "$work/named/image:hardened" bundle >/dev/null
	[ "$(stat -c '%s %a' bundle/rootfs/usr/bin/tool)" = "$size 755" ]
	[ "$(tr -d '\0' <bundle/rootfs/usr/bin/tool | wc -c)" -eq 0 ]
	run "$mohs" why "$evidence" /usr/bin/tool
	[[ $output == *"the name stays, the content is gone"* ]]

	service ran '' /tool /run-tool
	run_service ran
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].added[] | .path, .phase] == ["/usr/bin/tool", "run-tool"]'
	holds '.plan.hollow == 0'
	[[ $output == *"/usr/bin/tool: missing in test run-tool, asked for by /usr/bin/perl"* ]]
}

@test "a library of which no code ran becomes a stub, until something calls it" {
	service stubs 'unused_libraries: stub' /idle
	"$mohs" profile -f "$work/stubs.yaml" -o "$work/stubs.json"
	jq -e '.code_watched and ([.paths[] | select(.use | index("run")).path] | index("/opt/bin/worker"))' "$work/stubs.json"
	profile=$work/stubs.json
	run_service stubs
	[ "$status" -eq 0 ]
	holds '[.plan.paths[] | select(.content == "stub").path]
		| contains(["/opt/lib/libpoem.so.1", "/opt/lib/libverse.so.1"])'
	umoci unpack --image "$work/stubs/image:hardened" bundle >/dev/null
	readelf -dW bundle/rootfs/opt/lib/libpoem.so.1 | grep 'Library soname: \[libpoem.so.1\]'
	readelf -W --dyn-syms bundle/rootfs/opt/lib/libpoem.so.1 | grep 'FUNC .* poem$'
	! grep -q roses bundle/rootfs/opt/lib/libverse.so.1
	run "$mohs" why "$evidence" /opt/lib/libpoem.so.1
	[[ $output == *"none of its code ran: a stub takes its place"* ]]

	service called 'unused_libraries: stub' /idle /poem
	run_service called
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].added[] | .path, .phase] 
		== ["/opt/lib/libpoem.so.1", "poem", "/opt/lib/libverse.so.1", "poem"]'
	holds '[.plan.paths[] | select(.content == "stub" and (.path | startswith("/opt/lib"))).path] == []'
	[[ $output == *"/opt/lib/libpoem.so.1: missing in test poem, asked for by /opt/bin/worker"* ]]
	grep -rq 'mohs: libpoem.so.1: poem was called' "$work/called/logs"
	holds '[.plan.paths[] | select(.path == "/opt/lib/libpoem.so.1").no_stub.why] == ["called"]'
	run "$mohs" why "$evidence" /opt/lib/libpoem.so.1
	[[ $output == *"no stub takes its place: its code was called in the hardened image: missing in test poem"* ]]
	run "$mohs" why "$evidence" libc6
	[[ $output == *"code among them; of /"*": its code ran"* ]]
}

@test "a library that lends data becomes a stub with its data, until its code is called" {
	profile=$work/stubs.json
	service lender 'unused_libraries: stub' /idle /mood
	run_service lender
	[ "$status" -eq 0 ]
	holds '.tests.passed == 2 and .extension.end == "passed" and [.extension.rounds[].added[]] == []'
	holds '[.plan.paths[] | select(.content == "data").path] == ["/opt/lib/libmood.so.1"]'
	run "$mohs" why "$evidence" /opt/lib/libmood.so.1
	[[ $output == *"a stub with its data takes its place"* ]]

	service caller 'unused_libraries: stub' /mood /tell
	run_service caller
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].added[] | .path, .phase] == ["/opt/lib/libmood.so.1", "tell"]'
	grep -rq 'mohs: libmood.so.1: a function was called' "$work/caller/logs"
	run "$mohs" why "$evidence" /opt/lib/libmood.so.1
	[[ $output == *"its code was called in the hardened image: missing in test tell, asked for by /opt/bin/worker"* ]]
}

@test "a profile that does not tell which code ran makes no stubs, and says so" {
	service unwatched 'unused_libraries: stub' /idle
	run_service unwatched
	[ "$status" -eq 0 ]
	holds '.plan.stubs == 0 and ([.gaps[].text] | any(test("which code ran")))'
}

@test "a container that cannot start gets what its start asks for" {
	jq '.paths |= map(select(.path != "/app/server.pl"))' "$work/profile.json" >"$work/narrow.json"
	service narrow '' /probe
	evidence=$work/narrow/evidence.json
	run "$mohs" run --no-limits -f "$work/narrow.yaml" -o "$work/narrow" --profile "$work/narrow.json"
	echo "$output"
	[ "$status" -eq 0 ]
	holds '.extension.rounds[0].tests.started == false'
	holds '[.extension.rounds[].added[] | .kind, .path] == ["startup", "/app/server.pl"]'
	[ -d "$work/narrow/logs/round-2" ]

	# much is missing: all of it in one round, when it is served
	jq '.paths |= map(select(.path | test("^/app/server|perl-base/.*IO") | not))' "$work/profile.json" >"$work/narrow.json"
	run "$mohs" run --no-limits -f "$work/narrow.yaml" -o "$work/narrow" --profile "$work/narrow.json" --learn
	echo "$output"
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[] | .learning, .tests.started] == [false, false, true, true, false, true]'
	holds '[.extension.rounds[1].added[] | select(.kind == "startup")] | length > 3'
	run "$mohs" run --no-limits -f "$work/narrow.yaml" -o "$work/narrow" --profile "$work/narrow/profile.json"
	[ "$status" -eq 0 ]
	holds '.extension.rounds | length == 1'
	[ ! -e "$work/narrow/logs/round-2" ]
}

@test "a module that is loaded late: learning finds all of it in one round, a strict run confirms" {
	service module 'learn: true' /module
	run_service module
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].learning] == [false, true, false]'
	holds '.extension.rounds[1].added | length > 1'
	holds '[.extension.rounds[1].added[].path] | index("'"$(dpkg -L perl-base | grep Text/ParseWords.pm)"'")'
	holds '.extension.rounds[1].tests.removed_and_missed | index("'"$(dpkg -L perl-base | grep Text/ParseWords.pm)"'")'
	holds '.extension.rounds[2] | .added == [] and .tests.passed == 1'
	[[ $output == *"Round 2, with everything served, added"* ]]
	run "$mohs" why "$evidence" "$(dpkg -L perl-base | grep Text/ParseWords.pm)"
	[[ $output == *"missing in test module, asked for by /usr/bin/perl, added in round 2"* ]]
	service flagged '' /module
	run_service flagged --learn
	[ "$status" -eq 0 ]
	[ "$(jq -r .image.after.digest "$work/module/evidence.json")" = "$(jq -r .image.after.digest "$evidence")" ]
}

@test "what is only found by listing is found by serving it" {
	service plugins '' /plugins
	run_service plugins
	[ "$status" -eq 0 ]
	holds '[.extension.rounds[].learning] == [false, true, false]'
	holds '[.extension.rounds[1].added[].path] == ["/app/plugins/plugin.pl"]'
}

@test "when the rounds are up the verdict names the test, the path and what to do" {
	service limit 'max_rounds: 1' /module
	run_service limit
	[ "$status" -eq 1 ]
	holds '.extension.end == "limit" and (.extension.wanted | length) > 0'
	wanted=$(jq -r '.extension.wanted[0].path' "$evidence")
	row=$(jq -r '.verdict.checks[] | select(.check == "tests").detail' "$evidence")
	[[ $output == *"Still missing:"*"$wanted: missing in test module, asked for by /usr/bin/perl"* ]]
	[[ $row == *"module: module: "*"$wanted is missing in test module, asked for by /usr/bin/perl"*"max_rounds (1)"* ]]
}

@test "no extension when it is not wanted" {
	for harden in 'extend: never' 'max_rounds: 0'; do
		service never "$harden" /page/one.txt
		run_service never
		[ "$status" -eq 1 ]
		holds '.extension.end == "off" and [.extension.wanted[].path] == ["/app/pages"]'
		holds '.plan.by_reason.extended == 0'
	done
}

@test "what the original lacks as well is never added" {
	service lacking '' /page/one.txt /page/none.txt
	run_service lacking
	[ "$status" -eq 1 ]
	holds '[.extension.rounds[].added[].path] == ["/app/pages", "/app/pages/one.txt"]'
	holds '.extension.end == "nothing to add" and .extension.wanted == []'
	row=$(jq -r '.verdict.checks[] | select(.check == "tests").detail' "$evidence")
	[[ $row == *"none: none: "*"nothing that was removed is asked for"* ]]
}

@test "harden.drop is not overruled, and is named" {
	service dropped 'drop: [/app/pages/deep/**]' /page/deep/two.txt
	run_service dropped
	[ "$status" -eq 1 ]
	holds '.extension.wanted | map(select(.dropped).path) == ["/app/pages/deep/two.txt"]'
	row=$(jq -r '.verdict.checks[] | select(.check == "tests").detail' "$evidence")
	[[ $row == *"harden.drop names it"* ]]
}

@test "who may not run containers gets the image, and a row that says why it is not tested" {
	service ordinary '' /probe
	mkdir out
	chmod 0777 out "$TMPDIR"
	chmod 0711 "$work" "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*
	chmod -R a+rX "$work/image"
	MOHS_CACHE=$PWD/out/cache run setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$mohs" run --no-limits -f "$work/ordinary.yaml" -o out/results --profile "$work/profile.json"
	echo "$output"
	[ "$status" -eq 1 ]
	evidence=out/results/evidence.json
	holds '.extension.end == "not done" and .extension.rounds == [] and .tests == null'
	row=$(jq -r '.verdict.checks[] | select(.check == "tests") | .state, .detail' "$evidence")
	[[ $row == *"not done"*"cannot be run on the hardened image"* ]]
	[ -e out/results/image/index.json ]
}

@test "killed in the judged run, it leaves neither mounts nor the unpacked image" {
	service killed '' /probe
	# the first time the test waits where there is no view
	sed -i 's|"grep -c|"[ -e '"$PWD"'/views ] \&\& touch '"$PWD"'/there \&\& sleep 60; grep -c|' "$work/killed.yaml"
	sed -i 's|>>'"$work"'/views|>>'"$PWD"'/views|' "$work/killed.yaml"
	"$mohs" run --no-limits -f "$work/killed.yaml" -o out --profile "$work/profile.json" >log 2>&1 3>&- &
	pid=$!
	for _ in $(seq 600); do
		[ ! -e there ] || break
		sleep 0.1
	done
	[ -e there ]
	# what is run on is what other people's tool unpacks
	lower=$(echo "$TMPDIR"/mohs-*/container/lower)
	umoci unpack --image out/image:hardened bundle >/dev/null
	for tree in "$lower" bundle/rootfs; do
		(cd "$tree" && find . ! -type d -printf '%P %y %m %U %G %s %T@ %n %l\n' -o -printf '%P %y %m %U %G %T@\n' | sort)
	done >listing
	[ "$(wc -l <listing)" -gt 50 ]
	[ -z "$(sort listing | uniq -u)" ]
	diff -r --no-dereference "$lower" bundle/rootfs
	kill -KILL "$pid"
	wait "$pid" || true
	for _ in $(seq 100); do
		[ -n "$(ls -A "$TMPDIR")" ] || break
		sleep 0.1
	done
	[ -z "$(ls -A "$TMPDIR")" ]
	! grep -q "$TMPDIR" /proc/self/mountinfo
}

@test "what a killed run left is gone once the next one begins" {
	mkdir -p out/.rounds/image/blobs
	run "$mohs" run -o out oci:none
	[ "$status" -eq 3 ]
	[ ! -e out/.rounds ]
}

@test "without room to unpack the image the row says so" {
	mkdir small
	mount -t tmpfs -o size=3m small small
	service room '' /probe
	TMPDIR=$PWD/small run_service room || true
	umount small
	[ "$status" -eq 1 ]
	row=$(jq -r '.verdict.checks[] | select(.check == "tests") | .state, .detail' "$evidence")
	echo "$row"
	[[ $row == *"not done"*"cannot be run on the hardened image"*"TMPDIR"* ]]
	holds '.tests == null and (.gaps | map(select(.step == "tests")) | length == 1)'
}
