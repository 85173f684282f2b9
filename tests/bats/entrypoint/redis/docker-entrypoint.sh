#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A start as databases have it: options make the server's command, root gives itself up.
set -e

# a first argument that is an option or a configuration file belongs to the server
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
	set -- redis-server "$@"
fi

# root: the data becomes the server's, and so does the process
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
	find . \! -user redis -exec chown redis {} +
	exec gosu redis "$0" "$@"
fi

mask=$(umask)
if [ "$mask" = 0022 ]; then
	umask 0077
fi
exec "$@"
