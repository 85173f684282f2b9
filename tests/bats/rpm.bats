#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Packages made with rpmbuild and installed by rpm, which is then the judge of what mohs reads in
# each of its three kinds of databases, and of what is left of them; and Trivy.

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=${MOHS_BUILD:-$ROOT/build}
	export ROOT build mohs=${MOHS:-$build/src/cmd/mohs} work=$BATS_FILE_TMPDIR
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	for program in rpmbuild db5.3_load busybox; do
		command -v $program >/dev/null && continue
		why_not="needs $program"
		export why_not
		return
	done
	"$mohs" db import "$ROOT/data/advisories" >/dev/null
	make_packages
	make_image
	rpms "$work/image" -qa >"$work/whole" # as it was, before anything is hardened
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return 1
}

# package NAME [PREAMBLE-LINE...]: the files are those below tree/NAME.
package() {
	local name=$1
	shift
	printf '%s\n' "Name: $name" 'Version: 1.0' 'Release: 3.el9' 'Summary: x' 'License: MIT' \
		'Vendor: AlmaLinux' "$@" '%description' 'x' '%install' "mkdir -p %{buildroot}; cp -a $work/tree/$name/. %{buildroot}" '%files' >"$work/$name.spec"
	(cd "$work/tree/$name" && find . ! -type d -printf '/%P\n') | sed 's,^/etc/,%config &,; s,^/var/log,%ghost &,' \
		>>"$work/$name.spec"
	rpmbuild --quiet -bb --define "_topdir $work/top" --define '_build_id_links none' --define '__os_install_post %{nil}' \
		--define "_binary_filedigest_algorithm ${digest:-8}" --define 'debug_package %{nil}' "$work/$name.spec"
}

make_packages() {
	mkdir -p "$work/tree/app/usr/bin" "$work/tree/app/usr/share/app" "$work/tree/app/etc" "$work/tree/app/var/log" \
		"$work/tree/unused/usr/bin" "$work/tree/data/srv" "$work/tree/npm/usr/lib/npm"
	cp "$(command -v busybox)" "$work/tree/app/usr/bin/busybox"
	ln -s busybox "$work/tree/app/usr/bin/link"
	ln "$work/tree/app/usr/bin/busybox" "$work/tree/app/usr/bin/hard"
	echo configured >"$work/tree/app/etc/app.conf"
	echo '/usr/share/*' >"$work/tree/app/usr/share/app/README"
	: >"$work/tree/app/var/log/app.log"
	cp "$(command -v sleep)" "$work/tree/unused/usr/bin/unused"
	echo hello >"$work/tree/data/srv/index.html"
	for i in $(seq 400); do
		echo "$i" >"$work/tree/npm/usr/lib/npm/a-file-with-a-long-name-$i"
	done
	package app 'Epoch: 2' 'Requires: /bin/sh' 'Requires: data' 'Provides: virtual(app) = 1'
	package unused
	digest=1 package data # MD5
	package npm 'ModularityLabel: nodejs:18:8060020220523160029:ad008a3a'
	PEER=
	! peer=$(HOME=$PEER_HOME "$ROOT/tests/tools/deb-peer" --suite trixie librpm10 rpm rpm-common librpmio10 librpmbuild10 \
		librpmsign10 libc6 liblua5.3-0 libpopt0 libzstd1 liblzma5 libbz2-1.0 zlib1g libssl3t64 libacl1 libcap2 libelf1t64 \
		libsqlite3-0 libarchive13t64 libgcc-s1 libgcrypt20 libgpg-error0 librpm-sequoia-1 libselinux1 libpcre2-8-0 \
		libgmp10 libnettle8t64 libhogweed6t64 libmagic1t64 2>"$work/no-ndb") || PEER=$peer
	export PEER
}

# newer ARGUMENT...: an rpm that knows the database ndb.
newer() {
	local loader
	loader=$(find "$PEER" -name 'ld-linux*.so*' -type f | head -n 1)
	RPM_CONFIGDIR=$PEER/usr/lib/rpm "$loader" --library-path "$(echo "$PEER"/usr/lib/*-linux-gnu*)" "$PEER/usr/bin/rpm" "$@"
}

# judge KIND ROOT ARGUMENT...: the real rpm on a copy of a root.
judge() {
	local place status=0 kind=$1
	place=$(mktemp -d "$work/judge.XXXXXX")
	cp -a "$2/." "$place"
	shift 2
	case $kind in
	sqlite) rpm --root "$place" --define '_dbpath /var/lib/rpm' "$@" || status=$? ;;
	ndb) newer --root "$place" --define '_dbpath /usr/lib/sysimage/rpm' --define '_db_backend ndb' "$@" || status=$? ;;
	bdb) rpm --root "$place" --define '_dbpath /var/lib/rpm' --define '_db_backend bdb_ro' "$@" 2>"$work/errors" || status=$? ;;
	esac
	rm -rf "$place"
	return "$status"
}

# Each kind has a root of its own in the image; that of sqlite is the image's.
kinds() {
	echo sqlite:
	[ -z "$PEER" ] || echo ndb:/srv/ndb
	echo bdb:/srv/bdb
}

# make_bdb SQLITE-FILE FILE PAGE-SIZE ORDER: the same packages as Berkeley DB keeps them; ORDER is
# "<", ">" or empty, this machine's.
make_bdb() {
	python3 - "$1" "$work/dump" "$3" "${4:-=}" <<'END'
import sqlite3, struct, sys
source, target, size, order = sys.argv[1:]
rows = sqlite3.connect(source).execute("SELECT hnum, blob FROM Packages").fetchall()
lorder = {"<": "db_lorder=1234\n", ">": "db_lorder=4321\n", "=": ""}[order]
with open(target, "w") as out:
    print(f"VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize={size}\n{lorder}HEADER=END", file=out)
    for number, blob in [(0, struct.pack(order + "I", len(rows)))] + rows:
        print(f" {struct.pack(order + 'I', number).hex()}\n {blob.hex()}", file=out)
    print("DATA=END", file=out)
END
	db5.3_load -f "$work/dump" "$2"
}

make_image() {
	local image=$work/image
	local packages=("$work"/top/RPMS/*/*.rpm)
	mkdir -p "$image/var/lib/rpm" "$image/etc" "$image/tmp" "$work/new"
	printf 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="AlmaLinux 9.4"\n' >"$image/etc/os-release"
	echo 'AlmaLinux release 9.4 (Seafoam Ocelot)' >"$image/etc/almalinux-release"
	rpm --root "$image" --define '_dbpath /var/lib/rpm' --define '_db_backend sqlite' --nodeps \
		-i "${packages[@]}" 2>"$work/log"
	rm -f "$image"/var/lib/rpm/.rpm.lock
	cp -a "$image" "$work/bdb"
	if [ -n "$PEER" ]; then
		mkdir -p "$work/ndb/usr/lib/sysimage/rpm" "$work/ndb/var/lib"
		cp -a "$image/etc" "$work/ndb/"
		ln -s ../../usr/lib/sysimage/rpm "$work/ndb/var/lib/rpm"
		newer --root "$work/ndb" --define '_dbpath /usr/lib/sysimage/rpm' --define '_db_backend ndb' --nodeps \
			-i "${packages[@]}" 2>>"$work/log"
	fi
	rm "$work/bdb"/var/lib/rpm/*
	make_bdb "$image/var/lib/rpm/rpmdb.sqlite" "$work/bdb/var/lib/rpm/Packages" 4096 ""
	rm -f "$image"/var/lib/rpm/*-shm
	mkdir -p "$image/srv"
	mv "$work/bdb" "$image/srv/"
	[ -z "$PEER" ] || mv "$work/ndb" "$image/srv/"
}

query='%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH}\n'

# rpms ROOT ARGUMENT...: "KIND: ..." of each kind.
rpms() {
	local root=$1 kind
	shift
	for kind in $(kinds); do
		judge "${kind%%:*}" "$root${kind#*:}" "$@" | sed "s/^/${kind%%:*} /"
	done | sort
}

# scanned ROOT: the same as mohs has it.
scanned() {
	local kind
	for kind in $(kinds); do
		"$mohs" scan --json "dir:$1${kind#*:}" >scanned.json 2>/dev/null
		jq -r --arg kind "${kind%%:*}" --arg all "${kind#*:}" '[.inventory.components[] | "\($kind) \(.name) \(.version) \(.architecture)"] |
			if $all == "" then unique else . end | .[]' scanned.json
	done | sort
}

harden() {
	[ -c /dev/fuse ] && command -v runc >/dev/null || skip "needs /dev/fuse and runc"
	[ ! -e "$work/rootfs" ] || return 0
	rm -rf "$work/layout" "$work/bundle"
	umoci init --layout "$work/layout"
	umoci new --image "$work/layout:v1"
	umoci insert --image "$work/layout:v1" "$work/image" /
	umoci config --image "$work/layout:v1" --config.stopsignal KILL --config.entrypoint /usr/bin/busybox --config.cmd httpd --config.cmd -f \
		--config.cmd -p --config.cmd 8080 --config.cmd -h --config.cmd /srv --config.exposedports 8080/tcp
	cat >"$work/mohs.yaml" <<END
service: web
image: oci:$work/layout:v1
ready: {tcp: "127.0.0.1:8080", timeout: 30s}
loads:
  - {name: get, run: [curl, -fsS, -o, /dev/null, "http://127.0.0.1:8080/index.html"]}
harden: {keep: ["/srv/*/usr/bin/busybox", "/srv/*/usr/bin/link", "/srv/*/srv/**"]}
END
	"$mohs" profile -f "$work/mohs.yaml" -o "$work/profile.json"
	"$mohs" harden -f "$work/mohs.yaml" -p "$work/profile.json" -o "oci:$work/layout:hardened"
	umoci unpack --image "$work/layout:hardened" "$work/bundle" >/dev/null
	mv "$work/bundle/rootfs" "$work/rootfs"
}

@test "the packages are those rpm lists, in each kind of database" {
	rpms "$work/image" -qa --qf "$query" >wanted
	scanned "$work/image" >got
	diff wanted got
	[ "$(wc -l <wanted)" -eq $(($(kinds | wc -l) * 4)) ]
	grep -q "^bdb app 2:1.0-3.el9 $(uname -m)$" got
	"$mohs" scan --json "dir:$work/image" >whole.json
	jq -e --argjson kinds "$(kinds | wc -l)" '.inventory.components | length == 4 * $kinds' whole.json
	# this database has none for AlmaLinux
	jq -e '[.gaps[].subject] == ["advisories"]' whole.json
}

@test "rpm's own kind of database (ndb) is one of them" {
	[ -n "$PEER" ] || skip "ndb: $(tail -n 1 "$work/no-ndb")"
	judge ndb "$work/image/srv/ndb" -qa | grep -q '^app-'
}

@test "their files are those rpm lists" {
	for kind in $(kinds); do
		"$mohs" sbom --files "dir:$work/image${kind#*:}" -o sbom.json
		judge "${kind%%:*}" "$work/image${kind#*:}" -qa --qf '[%{=NAME} .%{FILENAMES}\n]' | while read -r name file; do
			[ ! -f "$work/image${kind#*:}/$file" ] || [ -h "$work/image${kind#*:}/$file" ] || echo "$name $file"
		done | sort >wanted
		jq -r '(.files | map({key: .SPDXID, value: .fileName}) | from_entries) as $files |
			(.packages | map({key: .SPDXID, value: .name}) | from_entries) as $packages |
			.relationships[] | select(.relationshipType == "CONTAINS" and $files[.relatedSpdxElement] != null) |
			"\($packages[.spdxElementId]) \($files[.relatedSpdxElement])"' sbom.json |
			grep -E '^(app|data|npm|unused) ' | grep -Ev ' ./srv/(ndb|bdb)/' | sort -u >got
		diff wanted got
		[ "$(wc -l <wanted)" -gt 400 ]
	done
}

@test "Berkeley DB of other page sizes and of the other byte order" {
	mkdir -p var/lib/rpm
	judge sqlite "$work/image" -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' | sort >wanted
	for form in '512 >' '1024 <' '65536 >'; do
		rm -f var/lib/rpm/Packages
		make_bdb "$work/image/var/lib/rpm/rpmdb.sqlite" var/lib/rpm/Packages ${form% *} "${form#* }"
		"$mohs" scan --json dir:. | jq -r '.inventory.components[] | "\(.name) \(.version)"' | sed 's/ 2:/ /' | sort >got
		diff wanted got
	done
}

@test "what SQLite has in its log only counts as well" {
	mkdir -p var/lib/rpm
	cp "$work/image/var/lib/rpm/rpmdb.sqlite" var/lib/rpm/
	python3 - <<'END'
import os, sqlite3
db = sqlite3.connect("var/lib/rpm/rpmdb.sqlite", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("DELETE FROM Packages WHERE hnum = (SELECT hnum FROM Name WHERE key = 'npm')")
db.execute("INSERT INTO Packages SELECT 99, blob FROM Packages WHERE hnum = (SELECT hnum FROM Name WHERE key = 'data')")
db.execute("BEGIN")
db.execute("DELETE FROM Packages")
db.execute("PRAGMA cache_spill = 1")
os._exit(0)
END
	[ -s var/lib/rpm/rpmdb.sqlite-wal ]
	"$mohs" scan --json dir:. | jq -r '.inventory.components[].name' | sort | tr '\n' ' ' >got
	[ "$(cat got)" = 'app data data unused ' ]
}

@test "epoch, module, source and licence are in the bill of materials" {
	"$mohs" sbom "dir:$work/image/srv/bdb" -o sbom.json
	purl() { jq -r --arg name "$1" '.packages[] | select(.name == $name) | .externalRefs[].referenceLocator' sbom.json; }
	[ "$(purl app)" = "pkg:rpm/almalinux/app@1.0-3.el9?arch=$(uname -m)&distro=almalinux-9.4&epoch=2&upstream=app-1.0-3.el9.src.rpm" ]
	purl npm | grep -q '&modularitylabel=nodejs%3A18%3A8060020220523160029%3Aad008a3a&'
	jq -e '.packages[] | select(.name == "npm") | .licenseDeclared == "MIT"' sbom.json
	id() { jq -r --arg name "$1" '.packages[] | select(.name == $name) | .SPDXID' sbom.json; }
	jq -e --arg a "$(id app)" --arg b "$(id data)" '.relationships[] |
		select(.relationshipType == "DEPENDS_ON" and .spdxElementId == $a and .relatedSpdxElement == $b)' sbom.json
}

@test "what rpm says of the hardened image is what is there" {
	harden
	rpms "$work/rootfs" -qa --qf "$query" >wanted
	scanned "$work/rootfs" | diff wanted -
	[ "$(cut -d' ' -f2 wanted | sort -u)" = app ]
	[ "$(wc -l <wanted)" -eq "$(kinds | wc -l)" ]
	for kind in $(kinds); do
		run --separate-stderr judge "${kind%%:*}" "$work/rootfs${kind#*:}" -Va --nodeps
		echo "$output"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		judge "${kind%%:*}" "$work/rootfs${kind#*:}" -qa --qf '[%{FILESTATES} %{FILENAMES}\n]' >states # 0: there, 2: not
		while read -r state file; do
			[ -e "$work/rootfs${kind#*:}$file" ] || [ -h "$work/rootfs${kind#*:}$file" ] || state=-$state
			[ "$state" = 0 ] || [ "$state" = -2 ]
		done <states
		grep -q '^2 /usr/share/app/README$' states
		grep -q '^0 /usr/bin/busybox$' states
	done
}

@test "rpm finds nothing wrong with the databases that are left" {
	harden
	for kind in $(kinds); do
		[ "${kind%%:*}" != bdb ] || continue # Debian's rpm makes no indexes for that kind
		run --separate-stderr judge "${kind%%:*}" "$work/rootfs${kind#*:}" -q --whatprovides 'virtual(app)'
		[ "$output" = "app-1.0-3.el9.$(uname -m)" ]
	done
	# The digest of the signed part of the header is as it was.
	for root in "$work/image" "$work/rootfs"; do
		judge bdb "$root/srv/bdb" -qa --qf '%{NAME} %{SHA256HEADER} %{SIGMD5}\n' | grep '^app ' >"${root##*/}"
	done
	cmp image rootfs
	python3 - "$work/rootfs/var/lib/rpm/rpmdb.sqlite" <<'END'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro&immutable=1", uri=True)
assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
assert db.execute("PRAGMA foreign_key_check").fetchall() == []
END
	run grep -aq -e unused -e a-file-with-a-long-name "$work/rootfs/var/lib/rpm/rpmdb.sqlite" "$work/rootfs/srv/bdb/var/lib/rpm/Packages"
	[ "$status" -eq 1 ]
	db5.3_verify -q "$work/rootfs/srv/bdb/var/lib/rpm/Packages"
	[ "$(db5.3_dump "$work/rootfs/srv/bdb/var/lib/rpm/Packages" | grep -c '^ ')" -eq 4 ]
	[ "$(ls "$work/rootfs/var/lib/rpm")" = rpmdb.sqlite ]
	[ -z "$PEER" ] || judge ndb "$work/rootfs/srv/ndb" --rebuilddb
}

# Trivy looks for each kind in one place only, so one folder holds all: of the image the one that
# mohs cannot have written, of the hardened image the others.
@test "Trivy has the same packages, of what was there and of what is left" {
	need_trivy
	harden
	mkdir -p all/var/lib/rpm all/usr/lib/sysimage/rpm
	cp -r "$work/image/etc" all/
	cp "$work/rootfs/var/lib/rpm/rpmdb.sqlite" "$work/image/srv/bdb/var/lib/rpm/Packages" all/var/lib/rpm/
	[ -z "$PEER" ] || cp "$work/rootfs/srv/ndb/usr/lib/sysimage/rpm/Packages.db" all/usr/lib/sysimage/rpm/
	"$ROOT/tests/tools/trivy_db.py" --release 'alma 9' cache app
	"$trivy" rootfs --cache-dir cache --offline-scan --skip-db-update --scanners vuln --list-all-pkgs --format json \
		all 2>errors >trivy.json
	jq -r '.Results[].Packages[]? | "\(.Name) \(if .Epoch then "\(.Epoch):" else "" end)\(.Version)-\(.Release)"' trivy.json | sort >got
	{
		scanned "$work/rootfs" | grep -v '^bdb'
		scanned "$work/image" | grep '^bdb'
	} | cut -d' ' -f2,3 | sort | diff - got
	[ "$(grep -c '^app 2:1.0-3.el9$' got)" -eq "$(kinds | wc -l)" ]
	grep -q '^npm ' got
}
