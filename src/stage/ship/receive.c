/* SPDX-License-Identifier: Apache-2.0 */
/* What travelled, to the database it is. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"
#include "codec/inflate.h"
#include "port/advisories_place.h"
#include "stage/ship.h"

enum { CHUNK = 256 * 1024 };

static int
judge_age(const struct ship_package *package, const char *database, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *there = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct advisory_identity identity;
	struct err why = ERR_INIT;
	char new[CLOCK_TEXT];
	char old[CLOCK_TEXT];

	if (!arena)
		return err_memory(err);
	/* one that cannot be read, or that nobody vouches for, is none to be older than */
	if (advisories_open(database, &there, &why) < 0 ||
	    advisories_identity(there, arena, &identity, &why) < 0)
		return why.kind == ERR_MEMORY ? err_memory(err) : 0;
	if (!advisory_origin_vouched(advisories_origin(there)))
		return 0;
	if (package->says.identity.built >= identity.built)
		return 0;
	return err_set(err, ERR_MISMATCH,
		       "its advisories are of %s, those that are here of %s; --allow-older takes "
		       "it all the same",
		       clock_format(package->says.identity.built, new),
		       clock_format(identity.built, old));
}

int
ship_judge(const struct ship_package *package, const struct ship_terms *terms, struct err *err)
{
	uint32_t layout = package->says.layout;

	if (layout != advisories_layout())
		return err_set(err, ERR_UNSUPPORTED,
			       "written by %s mohs (layout %u, this one reads %u)",
			       layout > advisories_layout() ? "a newer" : "an older", layout,
			       advisories_layout());
	return terms->allow_older ? 0 : judge_age(package, terms->database, err);
}

struct unpacking {
	const struct ship_package *package;
	uint64_t at; /* in the packed database */
};

static int
next_packed(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct unpacking *unpacking = context;
	const struct ship_package *package = unpacking->package;
	uint64_t left = package->says.packed.size - unpacking->at;

	if (proc_cancel)
		return err_set(err, ERR_CANCELLED, "interrupted");
	n = n < left ? n : (size_t)left;
	int r = n == 0 ? 0 : fd_pread_full(package->fd, p, n, package->offset + unpacking->at, err);
	if (r < 0)
		return r;
	unpacking->at += n;
	*ret_n = n;
	return 0;
}

/* At most as many bytes as the statement says are ever written. */
static int
inflate_to(struct inflate *inflate, int to, const struct database_file *plain,
	   const struct progress *progress, struct digest_stream *stream, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	uint64_t done = 0;
	size_t n = 1;
	int r = chunk ? 0 : err_memory(err);

	while (r == 0 && n > 0) {
		r = inflate_read(inflate, chunk, CHUNK, &n, err);
		if (r == 0 && n > plain->size - done)
			r = err_set(err, ERR_DIGEST,
				    "it holds more than the %llu bytes its statement says",
				    (unsigned long long)plain->size);
		if (r == 0)
			r = fd_write_full(to, (struct span){chunk, n}, err);
		if (r == 0)
			digest_stream_update(stream, chunk, n);
		done += n;
		progress_step(progress, done, plain->size, "unpacking the database");
	}
	return r;
}

static int
unpack(const struct ship_package *package, int to, const struct progress *progress, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	struct unpacking unpacking = {.package = package};
	struct digest digest;
	int r = stream ? inflate_new(next_packed, &unpacking, &inflate, err) : err_memory(err);

	if (r == 0 && inflate_compression(inflate) != LAYER_ZSTD)
		r = err_set(err, ERR_INVALID, "it is not packed with zstd");
	if (r == 0)
		r = inflate_to(inflate, to, &package->says.plain, progress, stream, err);
	if (r < 0)
		return err_wrap(err, DATABASE_PACKED);
	digest_stream_finish(stream, &digest);
	if (!digest_equal(&digest, &package->says.plain.digest))
		return err_set(err, ERR_DIGEST, DATABASE_PLAIN " is not what its statement is of");
	return 0;
}

int
ship_receive(const struct ship_package *package, const struct ship_terms *terms, struct err *err)
{
	CLEANUP(advisories_arrival_cleanup) struct advisories_arrival *arrival = NULL;
	int fd = -1;
	int r = advisories_arrive(terms->database, &arrival, &fd, err);

	if (r == 0) /* once more: now nobody else replaces what is there */
		r = ship_judge(package, terms, err);
	if (r == 0)
		r = unpack(package, fd, terms->progress, err);
	if (r == 0)
		r = advisories_settle(arrival, &package->says.identity, &terms->origin, err);
	return r;
}
