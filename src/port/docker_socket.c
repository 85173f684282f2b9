/* SPDX-License-Identifier: Apache-2.0 */
#include "port/docker_socket.h"

#include "base/span.h"

#include <stdlib.h>

const char *
docker_socket(struct err *err)
{
	const char *host = getenv("DOCKER_HOST");

	if (!host || !host[0])
		return "/var/run/docker.sock";
	if (span_starts_with(span_from(host), SPAN("unix://")))
		return host + sizeof("unix://") - 1;
	(void)err_set(err, ERR_UNSUPPORTED, "DOCKER_HOST is not a unix:// socket");
	return NULL;
}
