#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that lie: each is refused with one sentence that says what and where, or read with a gap,
# and nothing of it stays behind. The images are made here, by tests/tools/hostile-image.
# HOSTILE_FILES: how many files the image of very many files has (200000).

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export maker=$PWD/tests/tools/hostile-image
	export images=$BATS_FILE_TMPDIR/images
	export MOHS_CACHE=$BATS_FILE_TMPDIR/cache MOHS_DB=$BATS_FILE_TMPDIR/advisories.db
	export TMPDIR=$BATS_FILE_TMPDIR/tmp
	export HOSTILE_OUTSIDE=$BATS_FILE_TMPDIR/outside/status
	mkdir "$TMPDIR" "${HOSTILE_OUTSIDE%/*}"
	printf 'Package: leaked\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n' >"$HOSTILE_OUTSIDE"
	cp "$HOSTILE_OUTSIDE" "$BATS_FILE_TMPDIR/outside.copy"
	"$maker" "$images"
	"$mohs" db update --mirror data/advisories >/dev/null
}

setup() {
	out=$BATS_TEST_TMPDIR/out
	errors=$BATS_TEST_TMPDIR/errors
}

teardown() {
	cmp "$HOSTILE_OUTSIDE" "$BATS_FILE_TMPDIR/outside.copy"
	[ "$(ls "${HOSTILE_OUTSIDE%/*}")" = status ]
	[ -z "$(ls -A "$TMPDIR")" ] || {
		echo "left behind: $(ls -A "$TMPDIR")"
		return 1
	}
	whole_cache
}

# Nothing in the cache but whole layers.
whole_cache() {
	local folder
	for folder in "$MOHS_CACHE"/layers/* "$MOHS_CACHE"/layers/.[!.]*; do
		[ -e "$folder" ] || continue
		[[ ${folder##*/} =~ ^[0-9a-f]{64}$ && -f $folder/tar && -f $folder/index ]] || {
			echo "left in the cache: $folder"
			return 1
		}
		[ "$(sha256sum <"$folder/tar")" = "${folder##*/}  -" ]
	done
}

no_control_characters() {
	! LC_ALL=C grep -aq -e "$(printf '[\001-\010\013-\037\177]')" "$1" || {
		cat -v "$1"
		return 1
	}
	iconv -f UTF-8 -t UTF-32LE "$1" >/dev/null
	! LC_ALL=C.UTF-8 grep -q -P '[\x{80}-\x{9f}]' "$1"
}

# one_error STATUS TEXT COMMAND...: fails with that status, one line on stderr, nothing on stdout.
one_error() {
	local wanted=$1 text=$2 status=0
	shift 2
	"$@" >"$out" 2>"$errors" || status=$?
	[ "$status" -eq "$wanted" ] && [ "$(wc -l <"$errors")" -eq 1 ] && grep -qF -- "$text" "$errors" &&
		[ ! -s "$out" ] || {
		echo "status $status, wanted $wanted with \"$text\":"
		cat -v "$errors" "$out"
		return 1
	}
	no_control_characters "$errors"
}

# refused CASE TEXT: by scan and by init, and init writes nothing.
refused() {
	one_error 3 "$2" "$mohs" scan "oci:$images/$1"
	one_error 3 "$2" "$mohs" scan --json "oci:$images/$1"
	one_error 3 "$2" "$mohs" init -o "$BATS_TEST_TMPDIR/mohs.yaml" "oci:$images/$1"
	grep -qF "oci:$images/$1" "$errors"
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'mohs.yaml*')" ]
}

# scanned CASE: as text into $out, as JSON into $out.json; nothing of the machine in it.
scanned() {
	"$mohs" scan --packages "oci:$images/$1" >"$out"
	"$mohs" scan --json "oci:$images/$1" >"$out.json"
	jq empty "$out.json"
	no_control_characters "$out"
	! grep -q leaked "$out" "$out.json"
	"$mohs" init -o - "oci:$images/$1" >"$out.yaml"
	no_control_characters "$out.yaml"
}

# gap CASE TEXT: in the text and in the JSON, and no count of packages that looks like an answer.
gap() {
	scanned "$1"
	grep -qF -- "$2" "$out" || {
		cat "$out"
		return 1
	}
	jq -e --arg text "$2" '[.. | .gaps? // empty | .[] | .subject + ": " + .text]
		| any(contains($text))' "$out.json"
	! grep -q '\b0 packages' "$out"
}

@test "a good image is read, before all of it" {
	scanned good
	grep -q 'debian, 1 package$' "$out"
	grep -q CVE-2023-45853 "$out"
}

@test "layers: truncated, too long, not what they should be, not there" {
	refused truncated-layer "layer 1 (sha256:"
	refused truncated-layer "truncated"
	refused truncated-blob "bytes, not"
	refused truncated-blob "fetch or build it anew"
	refused truncated-tar "truncated"
	refused long-layer "longer than the"
	refused wrong-digest "its bytes are sha256:"
	refused wrong-diff-id "the uncompressed layer is sha256:"
	refused wrong-size "bytes, not"
	refused missing-layer "No such file"
	refused missing-diff-id "the config states 0 layers, the manifest 1"
}

@test "a layer of 10 GiB of zeroes stops at the ceiling, quickly and in little memory" {
	for kind in gzip zstd; do
		SECONDS=0
		refused "bomb-$kind" "LAYER_RATIO_MAX"
		[ "$SECONDS" -lt 20 ]
		command -v /usr/bin/time >/dev/null || continue
		/usr/bin/time -o "$BATS_TEST_TMPDIR/time" -f %M "$mohs" scan "oci:$images/bomb-$kind" 2>/dev/null || true
		[ "$(tail -n1 "$BATS_TEST_TMPDIR/time")" -lt 300000 ]
	done
}

@test "paths that lead out of the image: refused, or meant inside" {
	refused parent-path '`..` in the path'
	refused hard-link-path "which is not there"
	scanned absolute-path
	gap link-path "no package database was found"
	gap link-loop "no package database was found"
}

@test "paths too deep, too long, below a file" {
	refused deep-path IMAGE_DEPTH_MAX
	refused long-path IMAGE_NAME_MAX
	refused below-a-file "is on the way of a path, but is no folder"
}

@test "devices and fifos in an image are entries, never opened" {
	timeout 60 "$mohs" scan "oci:$images/devices" >"$out"
	scanned devices
	grep -q '1 package$' "$out"
}

@test "a path that is stated twice counts as it was stated last, and is a gap" {
	gap duplicates "/twice: stated twice in layer 1; the last one counts"
}

@test "a package database that cannot be read is a gap, never an empty list" {
	gap status-garbage "lines 1 to"
	gap status-folder "cannot be read"
	gap status-device "cannot be read"
	gap status-missing "no status"
	gap status-loop "no package database was found"
	gap status-truncated "libssl3: no Version in /var/lib/dpkg/status"
	for kind in garbage folder device missing loop; do
		scanned "status-$kind"
		grep -q "No advisories could be matched" "$out"
		jq -e '.findings.before.matched == false' "$out.json"
	done
}

@test "escape sequences in names reach neither the terminal nor break JSON" {
	scanned escapes
	jq -e '[.inventory.components[].name] | any(contains("\u001b[31m"))' "$out.json" || {
		cat "$out.json"
		return 1
	}
	refused escapes-in-error "?[2J?]0;owned"
	run "$mohs" why "oci:$images/escapes" "/bin/x$(printf '\033[31m')"
	printf '%s\n' "$output" >"$out"
	no_control_characters "$out"
}

@test "what init writes from hostile names is a service file again" {
	"$mohs" init -o "$BATS_TEST_TMPDIR/mohs.yaml" "oci:$images/escapes"
	[ "$(id -u)" -eq 0 ] || skip "needs root: a container is made"
	status=0
	"$mohs" run -f "$BATS_TEST_TMPDIR/mohs.yaml" -o "$BATS_TEST_TMPDIR/results" >"$out" || status=$?
	[ "$status" -eq 1 ]
	grep -q "the image has no user" "$out"
	no_control_characters "$out"
	jq empty "$BATS_TEST_TMPDIR/results/evidence.json"
}

@test "indexes: circular, nested, wide, for other machines, empty" {
	refused index-loop "the bytes do not match"
	refused index-nested "nested deeper than"
	SECONDS=0
	refused index-wide "sha256:"
	[ "$SECONDS" -lt 20 ]
	refused other-platform "no image for linux/"
	refused other-platform "offered: linux/s390x"
	refused empty-index "holds no image"
	refused index-not-json "not valid JSON"
	refused index-is-folder "not a plain file"
	refused index-is-fifo "not a plain file"
	refused index-is-link "cannot open index.json"
	refused digest-escapes "a sha256 digest with"
}

@test "manifests and configurations: not JSON, too big, too deep, of other types" {
	refused manifest-not-json "not valid JSON"
	refused manifest-huge "(at most"
	refused manifest-negative '"size" is not a number'
	refused manifest-many-layers "5000 layers"
	refused config-not-json "not valid JSON"
	refused config-huge "config of 9437192 bytes (at most"
	refused config-lies-about-size "9437192 bytes (at most"
	refused config-deep "depth"
	refused config-wrong-types '"architecture" is not a string'
}

@test "things that are no image at all" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p empty other
	echo hi >other/file
	echo '{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []}' >sbom.json
	: >nothing
	one_error 3 "no OCI image layout" "$mohs" scan oci:empty
	one_error 3 "no OCI image layout" "$mohs" scan oci:other
	one_error 3 "Not a directory" "$mohs" scan oci:sbom.json
	one_error 3 "no image \"y\"; it has: x" "$mohs" scan "oci:$images/good:y"
	for kind in oci-archive docker-archive; do
		one_error 3 "not a readable tar archive" "$mohs" scan "$kind:sbom.json"
		one_error 3 "not a readable tar archive" "$mohs" scan "$kind:nothing"
		one_error 3 "is not a plain file" "$mohs" scan "$kind:other"
	done
	one_error 3 "is not a folder" "$mohs" scan dir:sbom.json
	for kind in oci oci-archive docker-archive dir; do
		one_error 3 "No such file" "$mohs" scan "$kind:missing"
	done
	for path in "$PWD/nothing" ./nothing ../x; do
		one_error 2 "oci-archive:FILE" "$mohs" scan "$path"
	done
	one_error 2 "wants the path" "$mohs" scan dir:
	one_error 2 "no image reference" "$mohs" scan ""
}

@test "an empty folder as a root file system: gaps, not zero findings" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	"$mohs" scan "dir:$BATS_TEST_TMPDIR/empty" >"$out"
	grep -q "no package database was found" "$out"
	grep -q "No advisories could be matched" "$out"
}

@test "very many files, in bounded time and memory" {
	count=${HOSTILE_FILES:-200000}
	echo "# $count files" >&3
	"$maker" --many "$count" "$BATS_TEST_TMPDIR/many"
	SECONDS=0
	status=0
	limit=()
	command -v /usr/bin/time >/dev/null && limit=(/usr/bin/time -o "$BATS_TEST_TMPDIR/time" -f %M)
	MOHS_CACHE=$BATS_TEST_TMPDIR/cache timeout 60 "${limit[@]}" "$mohs" scan \
		"oci:$BATS_TEST_TMPDIR/many" >"$out"
	grep -q "1 package$" "$out"
	[ ! -s "$BATS_TEST_TMPDIR/time" ] || [ "$(tail -n1 "$BATS_TEST_TMPDIR/time")" -lt $((150000 + count * 2)) ]
	echo "# $SECONDS s, $(cat "$BATS_TEST_TMPDIR/time") KiB" >&3
	rm -rf "$BATS_TEST_TMPDIR/many" "$BATS_TEST_TMPDIR/cache"
}

@test "a scan that is killed while it reads leaves no process, and its half layer goes later" {
	mark=HOSTILE_MARK=$$-$BATS_ROOT_PID
	"$maker" --many 1000000 "$BATS_TEST_TMPDIR/many"
	for signal in INT KILL; do
		env --default-signal=INT "$mark" MOHS_CACHE="$BATS_TEST_TMPDIR/cache" "$mohs" scan \
			"oci:$BATS_TEST_TMPDIR/many" >"$out" 2>"$errors" 3>&- &
		pid=$!
		for ((i = 0; i < 400; i++)); do
			[ -z "$(find "$BATS_TEST_TMPDIR/cache/layers" -name tar -size +1M 2>/dev/null)" ] || break
			sleep 0.02
		done
		kill "-$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		echo "$signal: $status $(cat "$errors")"
		for ((i = 0; i < 50; i++)); do
			left=$(grep -lzxF -- "$mark" /proc/[0-9]*/environ 2>/dev/null || true)
			[ -n "$left" ] || break
			sleep 0.1
		done
		[ -z "$left" ]
		[ "$signal:$status" = INT:3 ] || [ "$signal:$status" = KILL:137 ]
		[ "$signal" = KILL ] || [ -z "$(ls "$BATS_TEST_TMPDIR/cache/layers")" ]
	done
	find "$BATS_TEST_TMPDIR/cache/layers" -mindepth 1 -exec touch -d '2 minutes ago' {} +
	MOHS_CACHE=$BATS_TEST_TMPDIR/cache "$mohs" scan "oci:$images/good" >"$out"
	[ "$(ls -A "$BATS_TEST_TMPDIR/cache/layers" | wc -l)" -eq 1 ]
	rm -rf "$BATS_TEST_TMPDIR/many"
}

@test "after all of it, good images are read as before, from the cache and without it" {
	scanned good
	first=$(jq -S .findings.before "$out.json")
	rm -rf "$MOHS_CACHE"
	scanned good
	[ "$(jq -S .findings.before "$out.json")" = "$first" ]
}
