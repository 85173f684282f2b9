#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
set -eo pipefail

if [[ $1 == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
	if [ "$1" = rabbitmq-server ]; then
		find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq {} +
	fi
	exec gosu rabbitmq "${BASH_SOURCE[0]}" "$@"
fi
for old in RABBITMQ_DEFAULT_PASS_FILE RABBITMQ_DEFAULT_USER_FILE RABBITMQ_VM_MEMORY_HIGH_WATERMARK; do
	if [ "${!old:-}" ]; then
		echo "$old is set and not taken any more" >&2
		exit 1
	fi
done
if [ "${RABBITMQ_ERLANG_COOKIE:-}" ]; then
	cookie=/var/lib/rabbitmq/.erlang.cookie
	[ -e "$cookie" ] || echo "$RABBITMQ_ERLANG_COOKIE" >"$cookie"
	chmod 600 "$cookie"
fi
exec "$@"
