#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Matching, judged by a script that asks dpkg and by Trivy; databases of others as the source of
# advisories. $MOHS_BUILD: the build folder (default: build).

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	tools=$ROOT/tests/tools
	build=${MOHS_BUILD:-$ROOT/build}
	mohs=$build/src/cmd/mohs
	. "$BATS_TEST_DIRNAME/peers.bash"
	cd "$BATS_TEST_TMPDIR"
	export HOME=$PWD SOURCE_DATE_EPOCH=1767225600
}

@test "300 inventories: every finding agrees with the tracker and dpkg" {
	run "$tools/match_judge.py" "$build/tests/tools/match_lines" "$mohs" "$ROOT/data/advisories"
	[ "$status" -ne 77 ] || skip "dpkg or zstd is not installed"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "dpkg, apk, rpm and eight languages: the findings of Trivy, from its database and from the feeds" {
	need_trivy
	run "$tools/peer_judge.py" "$trivy" "$mohs" "$PWD"
	echo "$output"
	[ "$status" -eq 0 ]
}

# digest NAME SOURCE: of the database that comes from it.
digest() {
	"$mohs" db update --json --db "$1.db" --source "$2" | jq -er .database.digest
}

# artifact LAYER: an OCI layout in the folder "oci" whose artifact "2" has this layer.
artifact() {
	local manifest layer empty
	mkdir -p oci/blobs/sha256
	keep() {
		local hex
		hex=$(sha256sum <"$1" | cut -d' ' -f1)
		cp "$1" "oci/blobs/sha256/$hex"
		jq -cn --arg type "$2" --arg digest "sha256:$hex" --argjson size "$(stat -c %s "$1")" \
			'{mediaType: $type, digest: $digest, size: $size}'
	}
	printf '{}' >empty
	empty=$(keep empty application/vnd.oci.empty.v1+json)
	layer=$(keep "$1" application/vnd.aquasec.trivy.db.layer.v1.tar+gzip)
	jq -cn --argjson config "$empty" --argjson layer "$layer" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >manifest
	manifest=$(keep manifest application/vnd.oci.image.manifest.v1+json)
	jq -cn --argjson manifest "$manifest" '{schemaVersion: 2, manifests: [$manifest +
		{annotations: {"org.opencontainers.image.ref.name": "2"}}]}' >oci/index.json
	echo '{"imageLayoutVersion": "1.0.0"}' >oci/oci-layout
}

@test "Trivy's database as file, folder, archive and artifact: the same advisories" {
	"$tools/trivy_db.py" cache bash curl openssl
	wanted=$(digest folder trivy-db:cache)
	[ "$wanted" = "$(digest file trivy-db:cache/db/trivy.db)" ]
	tar -C cache/db -czf db.tar.gz trivy.db metadata.json
	[ "$wanted" = "$(digest gzip trivy-db:db.tar.gz)" ]
	tar -C cache/db --zstd -cf db.tar.zst metadata.json trivy.db
	[ "$wanted" = "$(digest zstd "trivy-db:$PWD/db.tar.zst")" ]
	artifact db.tar.gz
	[ "$wanted" = "$(digest artifact trivy-db:oci:oci:2)" ]
	run -3 "$mohs" db update --db none.db --source trivy-db:oci:oci:1
	tar -C cache/db -czf lone.tar.gz trivy.db
	run -3 "$mohs" db update --db none.db --source trivy-db:lone.tar.gz
	[[ $output == *metadata.json* ]]
	truncate -s 9000 cache/db/trivy.db
	run -3 "$mohs" db update --db none.db --source trivy-db:cache
	[[ $output == *"it is cut"* ]]
	[ ! -e none.db ]
	run -2 "$mohs" db update --db none.db --source trivy-db:cache --mirror x
}

@test "what of it is not read stands in the status and in no scan" {
	"$tools/trivy_db.py" --release "Photon OS 5.0" cache bash
	"$mohs" db update --db photon.db --source trivy-db:cache >log
	grep -q 'not read: Photon OS 5.0' log
	"$mohs" db status --json --db photon.db >status.json || [ $? -eq 1 ]
	jq -e '.feeds[] | select(.name == "trivy-db").problem | test("Photon OS 5.0")' status.json
	mkdir -p root/var/lib/dpkg root/etc
	printf 'ID=debian\nVERSION_ID=12\n' >root/etc/os-release
	printf 'Package: bash\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n' >root/var/lib/dpkg/status
	"$mohs" scan --json --db photon.db dir:root >scan.json || [ $? -eq 1 ]
	jq -e '[.gaps[].text | select(test("Photon"))] == []' scan.json
	jq -e '[.gaps[] | select(.subject == "kev") | .text] == ["trivy-db has none: no finding says whether it is exploited"]' \
		scan.json
}

@test "random bbolt databases: what bbolt itself reads" {
	command -v go >/dev/null || skip "no go here"
	judge=$MOHS_TEST_PEERS/bbolt_judge-$(cat "$tools"/bbolt_judge/* | sha256sum | cut -c1-16)
	[ -e "$judge" ] || (cd "$tools/bbolt_judge" && HOME=$PEER_HOME timeout 120 go build -o "$judge" . 2>"$BATS_TEST_TMPDIR/log") ||
		skip "go cannot build with bbolt: $(tail -n 1 log)"
	for seed in 1 2 3 4 5 6 7 8; do
		rm -f random.db
		"$judge" random.db "$seed" >wanted
		"$build/tests/tools/bbolt_lines" random.db >found
		cmp wanted found
	done
	[ "$(wc -l <found)" -gt 500 ]
}
