/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "codec/reference.h"
#include "port/depot/types.h"
#include "port/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

int
depot_new(size_t size, const struct depot_options *options, struct depot **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct depot *depot = arena ? arena_alloc(arena, size) : NULL;

	if (!depot) {
		arena_free(arena);
		return err_memory(err);
	}
	depot->arena = arena;
	depot->options = options;
	*ret = depot;
	return 0;
}

void
depot_free(struct depot *depot)
{
	if (!depot)
		return;
	if (depot->free)
		depot->free(depot);
	arena_free(depot->arena);
}

void
depot_cleanup(struct depot **depot)
{
	depot_free(*depot);
	*depot = NULL;
}

static bool
is_path(struct span text)
{
	return span_starts_with(text, SPAN("/")) || span_starts_with(text, SPAN("."));
}

int
depot_open(struct span reference, const struct depot_options *options, struct depot **ret,
	   struct err *err)
{
	struct span rest;
	struct span prefix = reference_transport(reference, &rest);

	if (span_equal(prefix, SPAN("oci")))
		return depot_layout_open(rest, options, ret, err);
	if (span_equal(prefix, SPAN("docker")))
		return depot_registry_open(rest, options, ret, err);
	for (size_t i = 0; prefix.n && source_types[i]; i++) {
		if (span_equal(prefix, span_from(source_types[i]->prefix)))
			return err_set(err, ERR_USAGE,
				       "%.*s: keeps no manifests byte for byte; a registry or "
				       "oci:DIR[:TAG] does",
				       SPAN_ARG(prefix));
	}
	if (is_path(reference) || (prefix.n && is_path(rest)))
		return err_set(err, ERR_USAGE,
			       "\"%.*s\" is neither oci:DIR[:TAG] nor a registry reference",
			       reference.n > 80 ? 80 : (int)reference.n, reference.p);
	return depot_registry_open(reference, options, ret, err);
}

/* Waits in slices, so that an interruption is heard. */
static int
take_lock(int fd, const char *path, struct err *err)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot lock %s", path);
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		(void)poll(NULL, 0, 20);
	}
	return 0;
}

int
depot_lock_file(struct depot *depot, struct span name, int *ret_fd, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(fd_cleanup) int fd = -1;
	struct digest digest;
	char text[DIGEST_TEXT];
	struct span cache;

	if (!arena)
		return err_memory(err);
	int r = cache_folder(depot->options->cache, arena, &cache, err);
	if (r < 0)
		return r;
	digest_of(name, &digest);
	struct span folder = arena_printf(arena, "%.*s/locks", SPAN_ARG(cache));
	struct span path = arena_printf(arena, "%.*s/locks/%s", SPAN_ARG(cache),
					digest_format(&digest, text) + sizeof("sha256:") - 1);
	if (!folder.p || !path.p)
		return err_memory(err);
	r = directory_make(folder.p, 0755, err);
	if (r < 0)
		return r;
	fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", path.p);
	r = take_lock(fd, path.p, err);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int
depot_put_bytes(struct depot *depot, struct span bytes, struct err *err)
{
	struct depot_blob blob = {.size = bytes.n};
	CLEANUP(fd_cleanup) int fd = -1;
	bool there = false;

	digest_of(bytes, &blob.digest);
	int r = depot->has_blob(depot, &blob, &there, err);
	if (r < 0 || there)
		return r;
	fd = memfd_create("blob", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create a file in memory");
	r = fd_write_full(fd, bytes, err);
	return r < 0 ? r : depot->put_blob(depot, &blob, fd, err);
}

int
depot_get_bytes(struct depot *depot, const struct depot_blob *blob, size_t max, struct arena *arena,
		struct span *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT((size_t)blob->size);
	char text[DIGEST_TEXT];
	struct digest digest;

	if (blob->size > max)
		return err_set(err, ERR_LIMIT, "a blob of %llu bytes (at most %zu)",
			       (unsigned long long)blob->size, max);
	int r = depot->open_blob(depot, blob, &fd, err);
	if (r == 0)
		r = fd_read_all(fd, &buf, err);
	if (r < 0 && r != -ERR_LIMIT)
		return r;
	digest_of(buf_span(&buf), &digest);
	if (r < 0 || !digest_equal(&digest, &blob->digest))
		return err_set(err, ERR_DIGEST, "blob %s: the bytes do not match",
			       digest_format(&blob->digest, text));
	struct span copy = arena_copy(arena, buf_span(&buf));
	if (!copy.p)
		return err_memory(err);
	*ret = copy;
	return 0;
}
