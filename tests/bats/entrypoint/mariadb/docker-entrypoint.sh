#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
set -eo pipefail

if [ "${1:0:1}" = - ]; then
	set -- mariadbd "$@"
fi
if [ "$1" = mariadbd ]; then
	data=/var/lib/mysql
	if [ "$(id -u)" = 0 ]; then
		mkdir -p "$data" /run/mysqld
		find "$data" \! -user mysql -exec chown mysql: {} +
		find /run/mysqld \! -user mysql -exec chown mysql: {} +
		exec gosu mysql "${BASH_SOURCE[0]}" "$@"
	fi
	if [ ! -d "$data/mysql" ]; then
		for name in MARIADB_ROOT_PASSWORD MARIADB_ALLOW_EMPTY_ROOT_PASSWORD; do
			[ -z "${!name:-}" ] || known=yes
		done
		[ "${known:-}" ] || {
			echo "no password is given" >&2
			exit 1
		}
		mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
	fi
	if [ "${MARIADB_AUTO_UPGRADE:-}" ]; then
		mariadb-upgrade --version
	fi
fi
exec "$@"
