/* SPDX-License-Identifier: Apache-2.0 */
#include "port/secret.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

int
secret_new(size_t n, struct secret **ret, struct err *err)
{
	struct secret *secret = calloc(1, sizeof(*secret));

	if (secret && sodium_init() >= 0)
		secret->p = sodium_malloc(n + 1);
	if (!secret || !secret->p) {
		free(secret);
		return err_memory(err);
	}
	sodium_memzero(secret->p, n + 1);
	secret->n = n;
	*ret = secret;
	return 0;
}

void
secret_free(struct secret *secret)
{
	if (!secret)
		return;
	sodium_free(secret->p);
	free(secret);
}

void
secret_cleanup(struct secret **secret)
{
	secret_free(*secret);
	*secret = NULL;
}

int
secret_read(int fd, size_t max, struct secret **ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *secret = NULL;
	size_t n = 0;
	int r = secret_new(max + 1, &secret, err);

	while (r == 0) {
		ssize_t got = read(fd, secret->p + n, max + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "reading");
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			return err_set(err, ERR_LIMIT, "more than %zu bytes", max);
	}
	if (r < 0)
		return r;
	secret->p[n] = '\0';
	secret->n = n;
	*ret = TAKE(secret);
	return 0;
}

int
secret_load(const char *path, size_t max, struct secret **ret, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
	int r = secret_read(fd, max, ret, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}
