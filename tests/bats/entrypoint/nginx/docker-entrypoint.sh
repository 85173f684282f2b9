#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A start as web servers have it: hooks in a folder, run only for the server itself.
set -e

say() {
	if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then
		echo "$0: $*"
	fi
}

case "$1" in
nginx | nginx-debug)
	if [ -n "$(find /docker-entrypoint.d -mindepth 1 -maxdepth 1 -type f -print -quit)" ]; then
		for hook in /docker-entrypoint.d/*; do
			case "$hook" in
			*.envsh)
				say "sourcing $hook"
				. "$hook"
				;;
			*.sh)
				say "running $hook"
				"$hook"
				;;
			*) say "leaving out $hook" ;;
			esac
		done
	else
		say "no hooks"
	fi
	;;
esac
exec "$@"
