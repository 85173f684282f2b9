#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that start through shell scripts, as nginx's, redis's, postgres's, mariadb's, rabbitmq's and
# httpd's do, from the distribution's packages: hardened without a shell, started by plain runc, with
# other variables, arguments, users and data than they were observed with.

setup_file() {
	export mohs=${MOHS:-$PWD/build/src/cmd/mohs}
	export work=${MOHS_BUILD:-$PWD/build}/entrypoint-test
	export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db
	if [ "$(id -u)" -ne 0 ] || ! [ -c /dev/fuse ]; then
		export why_not="needs root and /dev/fuse"
		return
	fi
	mkdir -p "$work" "$work/tmp"
	export TMPDIR=$work/tmp
	"$mohs" db update --mirror data/advisories >/dev/null
}

setup() {
	[ -z "${why_not:-}" ] || skip "$why_not"
	here=$BATS_TEST_DIRNAME/entrypoint
	bundle=$BATS_TEST_TMPDIR/bundle
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/started" ] || runc delete --force "$(cat "$BATS_TEST_TMPDIR/started")"
}

# base NAME PACKAGES: a base of packages, made once.
base() {
	[ -e "$work/$1.tar" ] || "$here/make-base" "$work/$1.tar" "$2"
}

# image NAME BASE CONFIG: from the folder of that name, laid out by the function lay_NAME.
image() {
	rm -rf "$work/$1"
	mkdir -p "$work/$1/top"
	"lay_$1" "$work/$1/top"
	"$here/make-image" "$work/$1/image" "$1" "$work/$2.tar" "$work/$1/top" "$3"
}

# harden NAME: runs mohs on $work/NAME with the rest of mohs.yaml from standard input.
harden() {
	{
		printf 'service: %s\nimage: oci:image:%s\npolicy: policy.yaml\n' "$1" "$1"
		cat
		grep -q '^harden:' "$work/$1/mohs.yaml" 2>/dev/null || echo 'harden: {entrypoint: auto}'
	} >"$work/$1/mohs.yaml"
	cp "$here/policy.yaml" "$work/$1/policy.yaml"
	evidence=$work/$1/out/evidence.json
	env $(compgen -e BATS_ | sed "s/^/-u /") \
		"$mohs" run --no-limits -f "$work/$1/mohs.yaml" -o "$work/$1/out" >"$work/$1/report" 2>"$work/$1/errors" || {
		cat "$work/$1/errors" "$work/$1/report"
		jq .entrypoint "$evidence"
		return 1
	}
}

# unpack NAME [IMAGE]: the hardened image (or another) as a bundle for runc, a fresh one each time.
unpack() {
	rm -rf "$bundle"
	umoci unpack --image "$work/$1/${2:-out/image:hardened}" "$bundle" >/dev/null
	# what engines allow by default
	change '["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
		"NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"] as $names | [$names[] | "CAP_" + .] as $all |
		.process.capabilities = {bounding: $all, effective: $all, permitted: $all} |
		.process.terminal = false | .root.readonly = false | .process.rlimits = []'
}

# change FILTER [JQ-OPTIONS]: edits the bundle's config.json.
change() {
	jq "$1" "${@:2}" <"$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

with_env() { change '.process.env += $ARGS.positional' --args "$@"; }
# with_arguments ARGUMENTS: in the place of CMD.
with_arguments() { change '.process.args = [.process.args[0]] + $ARGS.positional' --args -- "$@"; }
with_mount() { change '.mounts += [{destination: $to, source: $from, type: "bind", options: ["rbind", "rw"]}]' --arg from "$1" --arg to "$2"; }

# starts: in the background; $pid is its first process.
starts() {
	local id=mohs-entrypoint-$$-$BATS_TEST_NUMBER
	echo "$id" >"$BATS_TEST_TMPDIR/started"
	runc run --detach --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null
	pid=$(runc state "$id" | jq .pid)
}

stops() { runc delete --force "$(cat "$BATS_TEST_TMPDIR/started")"; }

# inside PROGRAM ARGUMENTS: in the container's network.
inside() { nsenter -t "$pid" -n "$@"; }

# asks PORT LINE: the answer of a server in the container, once it gives one.
asks() {
	local i
	for ((i = 0; i < 100; i++)); do
		inside bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "$2" >&3 && timeout 5 cat <&3' _ "$@" 2>/dev/null && return
		sleep 0.1
	done
	cat "$BATS_TEST_TMPDIR/log"
	return 1
}

# refuses TEXT: it does not start, and says why in one line.
refuses() {
	run timeout 20 runc run --bundle "$bundle" "mohs-entrypoint-$$-$BATS_TEST_NUMBER"
	echo "status $status: $output"
	[ "$status" -eq 78 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "mohs-start: "*"$1"* ]]
}

no_shell() {
	[ -z "$(find "$bundle/rootfs" \( -name sh -o -name bash -o -name dash -o -name busybox \) ! -type d)" ]
	jq -e '.shells.items | map(select(.kind != "interpreter")) == []' "$1"
}

# ---- nginx ----

lay_nginx() {
	mkdir -p "$1/etc/nginx/templates" "$1/etc/nginx/conf.d" "$1/etc/nginx/sites-enabled"
	cp -r "$here/nginx/docker-entrypoint.sh" "$here/nginx/docker-entrypoint.d" "$1/"
	cp "$here/nginx/default.conf.template" "$1/etc/nginx/templates/"
	touch "$1/etc/nginx/sites-enabled/.wh.default"
}

nginx_says() { asks "$1" 'GET / HTTP/1.0\r\n\r\n' | grep -qF "at $2:$1"; }

@test "nginx: hooks and templates become a plan; every check passes without a shell" {
	base light nginx-light,redis-server,gosu,gettext-base
	image nginx light '{"Entrypoint": ["/docker-entrypoint.sh"], "Cmd": ["nginx", "-g", "daemon off;"],
		"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NGINX_PORT=8080", "NGINX_HOST=localhost"],
		"ExposedPorts": {"8080/tcp": {}}, "StopSignal": "SIGQUIT"}'
	harden nginx <<-'END'
		env: {NGINX_HOST: shop.example}
		ready: {http: "http://127.0.0.1:8080/", timeout: 30s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.0\r\n\r\n" >&3; grep -q "at shop.example:8080" <&3']
	END
	unpack nginx
	no_shell "$evidence"
	jq -e '.entrypoint.form == "launcher" and .entrypoint.left == []' "$evidence"
	jq -e '.entrypoint.variables | map(select(.kind == "free").name) | contains(["NGINX_HOST", "NGINX_PORT"])' "$evidence"
	# what only the script used is gone
	! ls "$bundle"/rootfs/usr/bin/{envsubst,find,sed,mawk} "$bundle/rootfs/docker-entrypoint.sh" 2>/dev/null
	skopeo inspect --config "oci:$work/nginx/out/image:hardened" |
		jq -e '.config.Entrypoint == ["/.mohs/start"] and .config.Cmd == ["nginx", "-g", "daemon off;"]'
}

@test "nginx: other values of free variables come out as the script would have them" {
	unpack nginx
	with_env NGINX_PORT=9191 NGINX_HOST=other.example
	starts
	nginx_says 9191 other.example
	# it became the server itself
	[ "$(readlink "/proc/$pid/exe")" = /usr/sbin/nginx ]
	stops
	# byte for byte, whatever is in them
	unpack nginx
	with_env 'NGINX_PORT=9292 default_server' 'NGINX_HOST=a*b.$x&'
	starts
	[ "$(sed -n 's/^\tserver_name //p' "$bundle/rootfs/etc/nginx/conf.d/default.conf")" = 'a*b.$x&;' ]
	[ "$(sed -n 's/^\tlisten //p' "$bundle/rootfs/etc/nginx/conf.d/default.conf")" = '9292 default_server;' ]
}

@test "nginx: variables, hooks, templates and commands that were not observed are refused" {
	unpack nginx
	with_env NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE=1
	refuses NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE
	unpack nginx
	mkdir -p "$bundle/rootfs/docker-entrypoint.d"
	echo 'echo more' >"$bundle/rootfs/docker-entrypoint.d/40-more.sh"
	refuses /docker-entrypoint.d/40-more.sh
	unpack nginx
	mkdir -p "$bundle/rootfs/etc/nginx/templates"
	echo 'server { listen 1; }' >"$bundle/rootfs/etc/nginx/templates/default.conf.template"
	refuses /etc/nginx/templates/default.conf.template
	unpack nginx
	with_arguments nginx-debug -g 'daemon off;'
	refuses nginx-debug
	unpack nginx
	with_arguments sh -c 'echo a shell'
	refuses 'command sh'
	unpack nginx
	change '.process.user = {uid: 1000, gid: 1000}'
	refuses 'user 1000'
}

@test "nginx: other arguments of the server go through, as the script lets them" {
	unpack nginx
	with_arguments nginx -g 'daemon off; timer_resolution 1s;'
	starts
	nginx_says 8080 localhost
	grep -qaz 'timer_resolution 1s' "/proc/$pid/cmdline"
}

@test "nginx: a container that is started again, with what it wrote the first time, starts" {
	unpack nginx
	starts
	nginx_says 8080 localhost
	stops
	starts
	nginx_says 8080 localhost
	echo '# by hand' >>"$bundle/rootfs/etc/nginx/conf.d/default.conf"
	stops
	refuses /etc/nginx/conf.d/default.conf
}

# ---- redis ----

lay_redis() {
	mkdir -p "$1/usr/local/bin" "$1/data"
	cp "$here/redis/docker-entrypoint.sh" "$1/usr/local/bin/"
}

redis_says() { asks "$1" 'CONFIG GET maxclients\r\nQUIT\r\n' | grep -q "$2"; }

# SCRIPT'S START NEW START: the process as both make it.
process_of() {
	tr '\0' '\n' <"/proc/$1/environ" | grep -v ^HOSTNAME= | sort
	grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Umask|SigIgn|Name)' "/proc/$1/status"
	readlink "/proc/$1/exe" "/proc/$1/cwd"
	cut -d' ' -f1- "/proc/$1/limits"
}

@test "redis: root gives itself and its data away; every check passes without a shell" {
	base light nginx-light,redis-server,gosu,gettext-base
	image redis light '{"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["redis-server"], "WorkingDir": "/data",
		"Volumes": {"/data": {}}, "ExposedPorts": {"6379/tcp": {}}}'
	harden redis <<-'END'
		ready: {tcp: "127.0.0.1:6379", timeout: 30s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/6379; printf "CONFIG GET maxclients\r\nQUIT\r\n" >&3; grep -q maxclients <&3']
	END
	unpack redis
	no_shell "$evidence"
	! ls "$bundle"/rootfs/usr/{bin,sbin}/{gosu,find,id} 2>/dev/null
	jq -e '.entrypoint | .left == [] and .uid > 0' "$evidence"
}

@test "redis: the new start is the script's start: user, groups, limits, environment, files" {
	unpack redis
	mkdir "$bundle/rootfs/data/old"
	touch "$bundle/rootfs/data/old/dump.rdb"
	cp -a "$bundle/rootfs/data" "$BATS_TEST_TMPDIR/data"
	starts
	redis_says 6379 maxclients
	process_of "$pid" >"$BATS_TEST_TMPDIR/new"
	(cd "$bundle/rootfs/data" && find . -printf '%p %m %U %G\n' | sort) >>"$BATS_TEST_TMPDIR/new"
	stops

	unpack redis image:redis
	rm -rf "$bundle/rootfs/data"
	cp -a "$BATS_TEST_TMPDIR/data" "$bundle/rootfs/data"
	starts
	redis_says 6379 maxclients
	process_of "$pid" >"$BATS_TEST_TMPDIR/old"
	(cd "$bundle/rootfs/data" && find . -printf '%p %m %U %G\n' | sort) >>"$BATS_TEST_TMPDIR/old"
	diff "$BATS_TEST_TMPDIR/old" "$BATS_TEST_TMPDIR/new"
}

@test "redis: options alone and after the command, and another user, as the script has it" {
	unpack redis
	with_arguments --port 7001 --maxclients 77
	starts
	redis_says 7001 77
	stops
	unpack redis
	with_arguments redis-server --port 7002
	change '.process.user = {uid: 4321, gid: 4321}'
	chown 4321 "$bundle/rootfs/data"
	starts
	redis_says 7002 maxclients
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" = 4321 ]
	[ "$(stat -c %u "$bundle/rootfs/data")" = 4321 ]
}

@test "redis: a link in the data is not followed, another command is refused" {
	unpack redis
	echo secret >"$bundle/rootfs/outside"
	ln -s ../outside "$bundle/rootfs/data/link"
	starts
	redis_says 6379 maxclients
	[ "$(stat -c %u "$bundle/rootfs/outside")" = 0 ]
	stops
	unpack redis
	with_arguments /etc/redis.conf
	refuses /etc/redis.conf
	unpack redis
	with_arguments redis-cli
	refuses redis-cli
}

# ---- scripts that do nothing else ----

lay_plain() {
	mkdir -p "$1/usr/local/bin"
	printf '#!/bin/sh\nexec "$@"\n' >"$1/usr/local/bin/entry"
	chmod +x "$1/usr/local/bin/entry"
}
lay_line() { mkdir -p "$1/srv"; }

plain_yaml() {
	cat <<-'END'
		ready: {tcp: "127.0.0.1:6379", timeout: 30s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/6379; printf "PING\r\nQUIT\r\n" >&3; grep -q PONG <&3']
	END
}

@test "a script that is only an exec, and a command that is a line for a shell, need no launcher" {
	base light nginx-light,redis-server,gosu,gettext-base
	image plain light '{"Entrypoint": ["entry"], "Cmd": ["redis-server", "--maxclients", "9"], "ExposedPorts": {"6379/tcp": {}}}'
	harden plain < <(plain_yaml)
	unpack plain
	no_shell "$evidence"
	[ ! -e "$bundle/rootfs/.mohs" ]
	jq -e '.process.args == ["redis-server", "--maxclients", "9"]' "$bundle/config.json"
	image line light '{"Cmd": ["/bin/sh", "-c", "exec redis-server --maxclients 9"], "ExposedPorts": {"6379/tcp": {}}}'
	harden line < <(plain_yaml)
	unpack line
	no_shell "$evidence"
	starts
	redis_says 6379 9
}

# ---- postgres ----

heavy() { base heavy apache2,postgresql-15,mariadb-server-core,mariadb-client-core,rabbitmq-server,gosu; }

lay_postgres() {
	mkdir -p "$1/usr/local/bin" "$1/var/lib/postgresql/data"
	cp "$here/postgres/docker-entrypoint.sh" "$1/usr/local/bin/"
}

postgres_image() {
	heavy
	image postgres heavy '{"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "StopSignal": "SIGINT",
		"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin",
			"PGDATA=/var/lib/postgresql/data"],
		"Volumes": {"/var/lib/postgresql/data": {}}, "ExposedPorts": {"5432/tcp": {}}}'
}

postgres_yaml() {
	cat <<-'END'
		env: {POSTGRES_PASSWORD: swordfish}
		ready: {tcp: "127.0.0.1:5432", timeout: 60s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/5432; printf "\x00\x00\x00\x08\x04\xd2\x16\x2f" >&3; [ "$(head -c1 <&3)" = N ]']
	END
}

@test "postgres: data that is set up at the start cannot be carried over, and is named" {
	postgres_image
	run harden postgres < <(postgres_yaml)
	[ "$status" -ne 0 ]
	jq -e '.entrypoint | .form == "kept" and (.left | length) > 0' "$work/postgres/out/evidence.json"
	jq -e '.verdict.checks[] | select(.check == "shell") | .state == "fail"' "$work/postgres/out/evidence.json"
	grep -q '/var/lib/postgresql/data: the start sets data up there' "$work/postgres/report"
}

# postgres_answers: it speaks, and the password that was set up is the one.
postgres_answers() { [ "$(asks 5432 '\x00\x00\x00\x08\x04\xd2\x16\x2f' | head -c1)" = N ]; }

@test "postgres: on data that was set up it becomes a plan; every check passes without a shell" {
	[ -d "$work/postgres/image" ] || postgres_image
	rm -rf "$work/postgres/data"
	mkdir "$work/postgres/data"
	unpack postgres image:postgres
	with_mount "$work/postgres/data" /var/lib/postgresql/data
	with_env POSTGRES_PASSWORD=swordfish
	starts
	postgres_answers
	stops
	rm -f "$work/postgres/data/postmaster.pid"
	cp -a "$work/postgres/data" "$BATS_TEST_TMPDIR/before"
	harden postgres < <(
		postgres_yaml
		echo "mounts: [{source: $work/postgres/data, target: /var/lib/postgresql/data, writable: true}]"
	)
	unpack postgres
	no_shell "$evidence"
	! ls "$bundle"/rootfs/usr/lib/postgresql/15/bin/{initdb,pg_ctl} 2>/dev/null
	# a password of mohs.yaml is nowhere in the image
	! grep -rqF swordfish "$bundle/rootfs"
}

@test "postgres: with that data it starts, without it it says what to do" {
	unpack postgres
	with_env POSTGRES_PASSWORD=swordfish
	refuses /var/lib/postgresql/data/PG_VERSION
	unpack postgres
	cp -a "$work/postgres/data" "$BATS_TEST_TMPDIR/data"
	chown -R 0:0 "$BATS_TEST_TMPDIR/data"
	with_mount "$BATS_TEST_TMPDIR/data" /var/lib/postgresql/data
	with_env POSTGRES_PASSWORD=swordfish
	starts
	postgres_answers
	stops
	unpack postgres
	with_mount "$BATS_TEST_TMPDIR/data" /var/lib/postgresql/data
	with_env POSTGRES_PASSWORD=swordfish POSTGRES_PASSWORD_FILE=/run/secrets/password
	refuses POSTGRES_PASSWORD_FILE
	! [[ $output == *swordfish* ]]
}

# ---- mariadb ----

lay_mariadb() {
	mkdir -p "$1/usr/local/bin" "$1/var/lib/mysql" "$1/etc"
	cp "$here/mariadb/docker-entrypoint.sh" "$1/usr/local/bin/"
	# the package of the programs alone makes no user
	{ tar -xOf "$work/heavy.tar" ./etc/passwd && echo 'mysql:x:999:999::/var/lib/mysql:/usr/sbin/nologin'; } >"$1/etc/passwd"
	{ tar -xOf "$work/heavy.tar" ./etc/group && echo 'mysql:x:999:'; } >"$1/etc/group"
}

mariadb_answers() { inside timeout 20 bash -c 'until exec 3<>/dev/tcp/127.0.0.1/3306; do sleep 0.2; done; head -c60 <&3' 2>/dev/null | grep -qa -i mariadb; }

@test "mariadb: on data that was set up it becomes a plan, and starts only with such data" {
	heavy
	image mariadb heavy '{"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["mariadbd"],
		"Volumes": {"/var/lib/mysql": {}}, "ExposedPorts": {"3306/tcp": {}}}'
	rm -rf "$work/mariadb/data"
	mkdir "$work/mariadb/data"
	unpack mariadb image:mariadb
	with_mount "$work/mariadb/data" /var/lib/mysql
	with_env MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1
	starts
	mariadb_answers
	kill "$pid"
	for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null && sleep 0.1; done
	stops
	harden mariadb <<-END
		ready: {tcp: "127.0.0.1:3306", timeout: 60s}
		mounts: [{source: $work/mariadb/data, target: /var/lib/mysql, writable: true}]
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/3306; head -c60 <&3 | grep -qai mariadb']
	END
	unpack mariadb
	no_shell "$evidence"
	refuses /var/lib/mysql/mysql
	unpack mariadb
	with_mount "$work/mariadb/data" /var/lib/mysql
	with_arguments --skip-log-bin --port=3306
	starts
	mariadb_answers
	stops
	unpack mariadb
	with_mount "$work/mariadb/data" /var/lib/mysql
	with_env MARIADB_AUTO_UPGRADE=1
	refuses MARIADB_AUTO_UPGRADE
}

# ---- httpd ----

lay_httpd() {
	mkdir -p "$1/usr/local/bin"
	cp "$here/httpd/httpd-foreground" "$1/usr/local/bin/"
}

@test "httpd: a start that only sets variables and removes a stale file; every check passes without a shell" {
	heavy
	image httpd heavy '{"Cmd": ["httpd-foreground"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGWINCH"}'
	harden httpd <<-'END'
		ready: {http: "http://127.0.0.1:80/", timeout: 30s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.0\r\n\r\n" >&3; grep -q "200 OK" <&3']
	END
	unpack httpd
	no_shell "$evidence"
	jq -e '.process.args == ["/.mohs/start"]' "$bundle/config.json"
	# one that a killed server left behind is removed, as the script did
	mkdir -p "$bundle/rootfs/run/apache2"
	echo 1 >"$bundle/rootfs/run/apache2/apache2.pid"
	starts
	asks 80 'GET / HTTP/1.0\r\n\r\n' | grep -q '200 OK'
	grep -qz '^APACHE_RUN_USER=www-data$' "/proc/$pid/environ"
}

# ---- rabbitmq ----

lay_rabbitmq() {
	mkdir -p "$1/usr/local/bin" "$1/var/lib/rabbitmq"
	cp "$here/rabbitmq/docker-entrypoint.sh" "$1/usr/local/bin/"
}

@test "rabbitmq: a script that stays beside the service is named, and fails the check" {
	heavy
	image rabbitmq heavy '{"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["rabbitmq-server"],
		"Volumes": {"/var/lib/rabbitmq": {}}, "ExposedPorts": {"5672/tcp": {}}}'
	run harden rabbitmq <<-'END'
		ready: {tcp: "127.0.0.1:5672", timeout: 90s}
		tests:
		  - name: answers
		    run: [bash, -c, 'exec 3<>/dev/tcp/127.0.0.1/5672; printf "AMQP\x00\x00\x09\x01" >&3; head -c8 <&3 >/dev/null']
	END
	[ "$status" -ne 0 ]
	jq -e '.entrypoint | .form == "kept" and (.left[0].text | contains("stays while the service runs"))' \
		"$work/rabbitmq/out/evidence.json"
	jq -e '.verdict.checks[] | select(.check == "shell") | .state == "fail"' "$work/rabbitmq/out/evidence.json"
	grep -q 'stays while the service runs' "$work/rabbitmq/report"
	# as it was: the hardened image starts through its own script
	jq -e '[.verdict.checks[] | select(.check == "tests").state] == ["pass"]' "$work/rabbitmq/out/evidence.json"
}
