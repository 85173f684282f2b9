# SPDX-License-Identifier: Apache-2.0
# Registries for the command tests, real ones and one that misbehaves; sourced by bats files.

# start_registry NAME [HTPASSWD] [CERT KEY]: sets PORT once it listens.
start_registry() {
	local folder=$BATS_FILE_TMPDIR/$1 try
	mkdir -p "$folder/data"
	for try in 1 2 3 4 5; do
		PORT=$((20000 + (RANDOM + try) % 20000))
		{
			printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n'
			printf 'storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$folder/data"
			printf 'http:\n  addr: 127.0.0.1:%s\n' "$PORT"
			[ -z "${3:-}" ] || printf '  tls: {certificate: %s, key: %s}\n' "$3" "$4"
			[ -z "${2:-}" ] || printf 'auth: {htpasswd: {realm: here, path: %s}}\n' "$2"
		} >"$folder/config.yml"
		docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 3>&- &
		echo $! >>"$BATS_FILE_TMPDIR/pids"
		for _ in $(seq 100); do
			if (exec 9<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
				# it listens: but is it this one?
				kill -0 $! 2>/dev/null && return 0
				break
			fi
			kill -0 $! 2>/dev/null || break
			sleep 0.1
		done
	done
	cat "$folder/log"
	return 1
}

# start_faults NAME [CERT KEY]
start_faults() {
	local folder=$BATS_FILE_TMPDIR/$1
	mkdir -p "$folder"
	"$ROOT/tests/tools/fault-registry" "$LAYOUT" "$folder" "${@:2}" >"$folder/out" 2>&1 3>&- &
	echo $! >>"$BATS_FILE_TMPDIR/pids"
	for _ in $(seq 100); do
		[ ! -e "$folder/port" ] || { PORT=$(cat "$folder/port"); return 0; }
		sleep 0.1
	done
	cat "$folder/out"
	return 1
}

# stop_registries: those started here.
stop_registries() {
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_FILE_TMPDIR/pids"
}

# login_file FILE HOST: credentials as docker keeps them.
login_file() {
	mkdir -p "$(dirname "$1")"
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$2" "$(printf 'user:open sesame' | base64)" >"$1"
}
