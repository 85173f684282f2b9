#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A start as databases have it: sets its data up once, then becomes the server.
set -eo pipefail

# VALUE of NAME, or the content of the file that NAME_FILE names
from_file() {
	local name=$1 file_name="${1}_FILE" value=${2:-}
	if [ "${!name:-}" ] && [ "${!file_name:-}" ]; then
		echo "both $name and $file_name are set" >&2
		exit 1
	fi
	if [ "${!name:-}" ]; then
		value=${!name}
	elif [ "${!file_name:-}" ]; then
		value=$(<"${!file_name}")
	fi
	export "$name"="$value"
	unset "$file_name"
}

wants_help() {
	local argument
	for argument; do
		case "$argument" in
		--help | --version | -V | '-?' | --describe-config) return 0 ;;
		esac
	done
	return 1
}

if [ "${1:0:1}" = - ]; then
	set -- postgres "$@"
fi
if [ "$1" = postgres ] && ! wants_help "$@"; then
	from_file POSTGRES_PASSWORD
	from_file POSTGRES_USER postgres
	from_file POSTGRES_DB "$POSTGRES_USER"
	if [ "$(id -u)" = 0 ]; then
		mkdir -p "$PGDATA"
		chmod 700 "$PGDATA"
		mkdir -p /var/run/postgresql
		chmod 775 /var/run/postgresql
		find "$PGDATA" \! -user postgres -exec chown postgres {} +
		find /var/run/postgresql \! -user postgres -exec chown postgres {} +
		exec gosu postgres "$BASH_SOURCE" "$@"
	fi
	if [ ! -s "$PGDATA/PG_VERSION" ]; then
		initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") >/dev/null
		echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
		pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start >/dev/null
		if [ "$POSTGRES_DB" != postgres ]; then
			createdb --username="$POSTGRES_USER" --no-password "$POSTGRES_DB"
		fi
		pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
	else
		echo "there is data already: nothing is set up"
	fi
fi
exec "$@"
