#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Renders each template with the variables of the environment.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d "$from" ] || exit 0
known=$(awk 'BEGIN { for (name in ENVIRON) printf "${%s} ", name }' </dev/null)
find "$from" -name '*.template' | while read -r template; do
	name=${template#"$from/"}
	mkdir -p "$to/$(dirname "$name")"
	envsubst "$known" <"$template" >"$to/${name%.template}"
done
