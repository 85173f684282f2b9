/* SPDX-License-Identifier: Apache-2.0 */
/* A database to what travels. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/compress.h"
#include "port/advisories_place.h"
#include "stage/ship.h"

#include <stdio.h>

enum { CHUNK = 256 * 1024 };

void
ship_package_cleanup(struct ship_package *package)
{
	fd_cleanup(&package->fd);
	arena_free(package->arena);
	package->arena = NULL;
}

struct packing {
	int from;
	int to;
	struct digest_stream *plain;
	struct digest_stream *packed;
	uint64_t written;
};

static int
take_packed(void *context, struct span bytes, struct err *err)
{
	struct packing *packing = context;

	digest_stream_update(packing->packed, bytes.p, bytes.n);
	packing->written += bytes.n;
	return fd_write_full(packing->to, bytes, err);
}

static int
pack_bytes(struct packing *packing, uint64_t size, const struct progress *progress, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	CLEANUP(compressor_cleanup) struct compressor *compressor = NULL;
	int r = chunk ? compressor_new(LAYER_ZSTD, COMPRESS_QUICK, take_packed, packing,
				       &compressor, err)
		      : err_memory(err);

	for (uint64_t at = 0; r == 0 && at < size;) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		r = fd_pread_full(packing->from, chunk, n, at, err);
		if (r == 0)
			r = compressor_update(compressor, (struct span){chunk, n}, err);
		digest_stream_update(packing->plain, chunk, r == 0 ? n : 0);
		at += n;
		progress_step(progress, at, size, "packing the database");
	}
	return r < 0 ? r : compressor_finish(compressor, err);
}

/* Both files' digests and sizes; the packed one is written to `to`. */
static int
pack_file(int from, uint64_t size, int to, const struct progress *progress,
	  struct database_statement *says, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *plain = digest_stream_new();
	CLEANUP(digest_stream_cleanup) struct digest_stream *packed = digest_stream_new();
	struct packing packing = {.from = from, .to = to, .plain = plain, .packed = packed};

	if (!plain || !packed)
		return err_memory(err);
	if (size > ADVISORY_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "the database has %llu bytes (at most %lu)",
			       (unsigned long long)size, ADVISORY_DATABASE_MAX);
	int r = pack_bytes(&packing, size, progress, err);
	if (r < 0)
		return r;
	digest_stream_finish(plain, &says->plain.digest);
	digest_stream_finish(packed, &says->packed.digest);
	says->plain.size = size;
	says->packed.size = packing.written;
	return 0;
}

static int
list_feeds(struct advisories *advisories, struct arena *arena, struct database_statement *says,
	   struct err *err)
{
	struct advisory_feed *feeds;
	size_t count = 0;
	int r = advisories_feeds(advisories, arena, &feeds, &count, err);
	struct database_feed *items = r == 0 ? arena_array(arena, count + 1, sizeof(*items)) : NULL;

	if (r < 0)
		return r;
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		items[i] =
			(struct database_feed){feeds[i].name, feeds[i].fetched, feeds[i].records};
	says->feeds = items;
	says->feed_count = count;
	return 0;
}

/* What is signed must be whole. */
static int
describe(const char *database, struct arena *arena, struct database_statement *says,
	 struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	if (r == 0)
		r = advisories_verify(advisories, err);
	if (r == 0)
		r = advisories_identity(advisories, arena, &says->identity, err);
	if (r == 0)
		r = list_feeds(advisories, arena, says, err);
	says->layout = advisories_layout();
	return r;
}

int
ship_pack(const char *database, const struct progress *progress, struct ship_package *ret,
	  struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;
	CLEANUP(fd_cleanup) int from = -1;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	char self[64];
	uint64_t size = 0;

	if (!arena)
		return err_memory(err);
	/* one file from here on, whatever takes its place meanwhile */
	int r = advisories_bytes(database, &from, &size, err);
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", from);
	if (r == 0)
		r = describe(self, arena, &package.says, err);
	if (r == 0)
		r = file_unnamed(&package.fd, err);
	if (r == 0)
		r = pack_file(from, size, package.fd, progress, &package.says, err);
	if (r == 0)
		r = database_statement_write(&package.says, arena, &package.statement, err);
	if (r < 0)
		return r;
	package.bundle = SPAN("");
	*ret = package;
	ret->arena = TAKE(arena);
	ret->fd = TAKE_FD(package.fd);
	return 0;
}
