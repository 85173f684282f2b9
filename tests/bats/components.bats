#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What images hold beside packages of their system: Go, Rust, Java, .NET and well-known programs.
# Judges: the go command, cargo, python's zipfile, the programs themselves, and Trivy.

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=${MOHS_BUILD:-$ROOT/build}
	export ROOT build mohs=${MOHS:-$build/src/cmd/mohs} work=$BATS_FILE_TMPDIR
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	"$mohs" db import "$ROOT/data/advisories" >/dev/null
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir root
}

# listed ECOSYSTEM: "NAME VERSION" of each component of root.
listed() {
	"$mohs" scan --json dir:root 2>/dev/null |
		jq -r --arg of "$1" '.inventory.components[] | select(.ecosystem == $of) | "\(.name) \(.version)"' | sort
}

# make_go: root/NAME, built in several ways; without a network.
make_go() {
	command -v go >/dev/null || skip "no go here"
	export GOPATH=$work/go GOCACHE=$MOHS_TEST_PEERS/go-cache GOTOOLCHAIN=local GOFLAGS="-mod=mod -modcacherw -buildvcs=false"
	export GOPROXY="file://$work/proxy" GOSUMDB=off GOENV=off CGO_ENABLED=0
	if [ ! -e "$work/go-root/bare" ]; then
		"$ROOT/tests/tools/go-modules" "$work/proxy" example.com/Up/Per@v1.2.3 example.com/old@v0.1.0 \
			example.com/fork@v0.2.0-rc.1 example.com/local@v1.0.0
		mkdir -p "$work/go-app/local" "$work/go-root"
		cat >"$work/go-app/go.mod" <<'END'
module example.com/App/v2

go 1.18

require (
	example.com/Up/Per v1.2.3
	example.com/old v0.1.0
	example.com/local v1.0.0
)

replace example.com/old => example.com/fork v0.2.0-rc.1

replace example.com/local => ./local
END
		cat >"$work/go-app/main.go" <<'END'
package main

import (
	per "example.com/Up/Per"
	local "example.com/local"
	old "example.com/old"
)

func main() { println(per.F() + old.F() + local.F()) }
END
		printf 'module example.com/local\n' >"$work/go-app/local/go.mod"
		printf 'package local\n\nfunc F() int { return 2 }\n' >"$work/go-app/local/a.go"
		cd "$work/go-app" || return 1
		go build -o "$work/go-root/plain" .
		go build -ldflags '-s -w -X main.version=1.4.2' -o "$work/go-root/stripped" .
		go build -buildmode=pie -o "$work/go-root/pie" .
		GOARCH=mips go build -o "$work/go-root/mips" .
		# without section headers: the place is found in the writable data
		python3 - "$work/go-root" <<'END'
import sys
data = bytearray(open(sys.argv[1] + "/plain", "rb").read())
if data[4] == 2:
    data[40:48] = bytes(8)
    data[60:64] = bytes(4)
open(sys.argv[1] + "/bare", "wb").write(data)
END
		cd "$BATS_TEST_TMPDIR" || return 1
	fi
	cp "$work"/go-root/* root/
}

@test "Go: the modules are those that go version -m lists" {
	make_go
	# go itself judges: replaced modules are what stands in their place, folders have no version
	for program in root/*; do
		go version -m "$program" | awk -F'\t' -v program="$program" '
			function put() { if (name) print name, version; name = "" }
			NR == 1 { sub(/.*: go/, ""); toolchain = $0 }
			$2 == "mod" || $2 == "dep" { put(); name = $3; version = $4 == "(devel)" ? "" : $4 }
			$2 == "=>" { if ($3 ~ /^\./) version = ""; else { name = $3; version = $4 } }
			END { put(); print "stdlib", toolchain }'
	done | sort >wanted
	sed -i '0,/^example.com\/App\/v2 $/! b; s/^example.com\/App\/v2 $/example.com\/App\/v2 v1.4.2/' wanted
	sort -o wanted wanted
	listed golang | diff wanted -
	[ "$(grep -c '^example.com/fork v0.2.0-rc.1' wanted)" -eq 5 ]
	"$mohs" scan --json dir:root | jq -r '.inventory.components[] | select(.guessed) | .purl' >guessed
	[ "$(cat guessed)" = "pkg:golang/example.com/App/v2@v1.4.2" ]
	"$mohs" scan --json dir:root | jq -e '.gaps[] | select(.subject == "/pie") |
		.text | test("2 of its Go modules have no version")'
}

@test "Go: a program that a package of the system owns is left to its advisories" {
	make_go
	mkdir -p root/var/lib/dpkg/info
	printf 'Package: app\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n' >root/var/lib/dpkg/status
	printf '/plain\n/pie\n/mips\n/bare\n' >root/var/lib/dpkg/info/app.list
	[ "$(listed golang | wc -l)" -eq 5 ]
	[ "$(listed dpkg)" = "app 1" ]
}

@test "Rust: the crates are those that cargo has in the program" {
	command -v cargo-auditable >/dev/null || skip "no cargo-auditable here"
	export CARGO_TARGET_DIR=$PWD/target CARGO_NET_OFFLINE=true
	mkdir -p app/src lib/src builder/src
	printf '[package]\nname = "app"\nversion = "0.3.0"\n[dependencies]\nlib = { path = "../lib" }\n' >app/Cargo.toml
	printf '[build-dependencies]\nbuilder = { path = "../builder" }\n' >>app/Cargo.toml
	printf '[package]\nname = "lib"\nversion = "1.2.0-rc.1"\n' >lib/Cargo.toml
	printf '[package]\nname = "builder"\nversion = "9.0.0"\n' >builder/Cargo.toml
	echo 'fn main() { println!("{}", lib::f()) }' >app/src/main.rs
	echo 'fn main() { builder::f() }' >app/build.rs
	echo 'pub fn f() -> u8 { 1 }' >lib/src/lib.rs
	echo 'pub fn f() {}' >builder/src/lib.rs
	(cd app && cargo auditable build -q)
	cp target/debug/app root/app
	strip -s root/app
	[ "$(listed cargo)" = "$(printf 'app 0.3.0\nlib 1.2.0-rc.1')" ]
}

# make_java: real archives of Debian, and one inside two others.
make_java() {
	peer_or_skip "$ROOT/tests/tools/deb-peer" libcommons-lang3-java libcommons-io-java libslf4j-java \
		libspring-core-java libguava-java libjackson2-core-java
	mkdir -p root/lib
	find "$PEER/usr/share" -name '*.jar' -type f -exec cp {} root/lib/ \;
	python3 - <<'END'
import glob, io, zipfile
def pack(members, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()
jar = glob.glob("root/lib/commons-lang3*.jar")[0]
war = pack([("WEB-INF/lib/lang.jar", open(jar, "rb").read())], zipfile.ZIP_DEFLATED)
with open("root/shop.jar", "wb") as out:
    out.write(b"#!/bin/sh\nexec java -jar $0\n" + pack([("x/shop.war", war)], zipfile.ZIP_STORED))
END
}

@test "Java: the artefacts are those of every pom.properties, however deep" {
	make_java
	python3 - >wanted <<'END'
import io, glob, zipfile
def walk(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("META-INF/maven/") and name.endswith("/pom.properties"):
                pom = dict(line.split("=", 1) for line in archive.read(name).decode().splitlines() if "=" in line)
                yield f"{pom['groupId']}:{pom['artifactId']} {pom['version']}"
            elif name.endswith((".jar", ".war")):
                yield from walk(archive.read(name))
found = [item for path in glob.glob("root/**/*.jar", recursive=True) for item in walk(open(path, "rb").read())]
print("\n".join(sorted(found)))
END
	"$mohs" scan --json dir:root | jq -r '.inventory.components[] | select(.ecosystem == "maven" and (.guessed | not)) |
		"\(.name) \(.version)"' | sort >got
	diff <(sort wanted) got
	[ "$(grep -c 'org.apache.commons:commons-lang3 ' got)" -ge 2 ]
	"$mohs" sbom --format cyclonedx dir:root -o out.json
	jq -e '[.components[] | select(.purl // "" | startswith("pkg:maven/")) |
		select(any(.properties[]?; .name == "mohs:guessed")) | .purl | test("checksum=sha1%3A[0-9a-f]{40}$")] | all' out.json
}

@test "well-known programs: the version is the one they print" {
	local program version
	command -v openssl >/dev/null || skip "no openssl here"
	mkdir root/lib
	cp "$(ldconfig -p | awk '/libcrypto\.so\.[0-9]/ { print $NF; exit }')" root/lib/
	openssl version -a | sed -n 's/.*Library: OpenSSL \([^ ]*\).*/openssl \1/p; t; 1s/OpenSSL \([^ ]*\).*/openssl \1/p' |
		head -n 1 >wanted
	for program in perl node nginx postgres; do
		command -v "$program" >/dev/null || continue
		cp "$(readlink -f "$(command -v "$program")")" "root/$program"
		case $program in
		perl) version=$(perl -e 'printf "%vd", $^V') ;;
		node) version=$(node -p process.versions.node) ;;
		nginx) version=$(nginx -v 2>&1 | sed 's/.*\///') ;;
		postgres) version=$(postgres --version | sed 's/.*(PostgreSQL) \([^ ]*\).*/\1/') ;;
		esac
		echo "${program/postgres/postgresql} $version" >>wanted
	done
	# where they only start a library, the library is what counts
	listed generic >got
	diff <(sort wanted) got
	"$mohs" scan --packages dir:root | grep -E '^openssl +[^ ]+ \(guessed\)'
	"$mohs" sbom dir:root -o out.json
	jq -e '.packages[] | select(.name == "openssl") | .comment | startswith("guessed: ")' out.json
}

# make_java_db FOLDER: Trivy's database of archives by their SHA-1, without any.
make_java_db() {
	mkdir -p "$1"
	python3 - "$1" <<'END'
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1] + "/trivy-java.db")
database.execute("CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)")
database.execute("CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT)")
database.commit()
with open(sys.argv[1] + "/metadata.json", "w") as out:
    json.dump({"Version": 1, "NextUpdate": "2099-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
               "DownloadedAt": "2026-01-01T00:00:00Z"}, out)
END
}

@test "all that Trivy finds is found; what it does not find is told apart" {
	need_trivy
	make_go
	make_java
	mkdir root/net
	cp "$ROOT/fuzz/corpus/dotnet_deps/application" root/net/App.deps.json
	for file in App Newtonsoft.Json B B.More System.Runtime; do
		printf MZ >"root/net/$file.dll"
	done
	mkdir -p root/etc
	printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
	"$ROOT/tests/tools/trivy_db.py" cache none
	make_java_db cache/java-db
	"$trivy" rootfs --cache-dir cache --offline-scan --skip-db-update --skip-java-db-update --scanners vuln \
		--list-all-pkgs --format json root 2>errors >trivy.json || { cat errors; false; }
	jq -r '.Results[]? | .Type as $type | .Packages[]? | "\($type) \(.Name) \(.Version)"' trivy.json |
		grep -v '^gobinary \./' | sort -u >wanted # a folder in place of a module is none
	"$mohs" scan --json dir:root >scan.json
	jq -r '.inventory.components[] | "\(.ecosystem) \(.name) \(.version)"' scan.json |
		sed 's/^maven/jar/; s/^golang/gobinary/; s/^nuget/dotnet-core/' | sort -u >got
	[ "$(wc -l <wanted)" -gt 10 ]
	[ -z "$(comm -23 wanted got)" ]
	# the toolchain's library, the program itself, a runtime brought along, and guesses
	jq -r '.inventory.components[] | select(.guessed) | "\(.ecosystem) \(.name) \(.version)"' scan.json |
		sed 's/^maven/jar/; s/^golang/gobinary/' | sort -u >guessed
	comm -13 wanted got | comm -23 - guessed |
		grep -vE '^(gobinary (stdlib |example.com/(App|local) ?)|dotnet-core Microsoft.NETCore.App.Runtime)' >more || true
	cat more
	[ "$(grep -cv '^gobinary example.com/App/v2 $' more)" -eq 0 ]
}
