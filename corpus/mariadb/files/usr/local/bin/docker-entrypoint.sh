#!/bin/bash
set -eo pipefail
shopt -s nullglob

if [ "${1:0:1}" = '-' ]; then
	set -- mariadbd "$@"
fi
if [ "$1" = 'mariadbd' ] && [ "$(id -u)" = '0' ]; then
	mkdir -p /run/mysqld
	find /run/mysqld \! -user mysql -exec chown mysql: '{}' +
	exec gosu mysql "$0" "$@"
fi
exec "$@"
