/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "codec/advisory_origin.h"
#include "stage/update.h"
#include "stage/update/fetch.h"

bool
update_feed_is_absent(const struct advisory_feed *feed)
{
	return feed->fetched == 0 && span_starts_with(feed->problem, span_from(update_absent));
}

static int
read_origin(const struct advisories *advisories, struct update_status *status, struct err *err)
{
	struct advisory_origin origin = *advisories_origin(advisories);

	origin.from = arena_copy(status->arena, origin.from);
	origin.digest = arena_copy(status->arena, origin.digest);
	origin.key = arena_copy(status->arena, origin.key);
	status->origin_text = advisory_origin_text(&origin, status->arena);
	if (!origin.from.p || !origin.digest.p || !origin.key.p || !status->origin_text.p)
		return err_memory(err);
	status->origin = origin;
	return 0;
}

static int
read_status(const char *database, int64_t now, struct update_status *status, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	if (r == 0)
		r = advisories_identity(advisories, status->arena, &status->identity, err);
	if (r == 0)
		r = read_origin(advisories, status, err);
	if (r == 0)
		r = advisories_feeds(advisories, status->arena, &status->feeds, &status->feed_count,
				     err);
	if (r == 0)
		r = advisories_releases(advisories, status->arena, &status->releases,
					&status->release_count, err);
	if (r < 0)
		return r;
	status->age = -1;
	if (status->identity.built > 0)
		status->age = now > status->identity.built ? now - status->identity.built : 0;
	status->stale = status->age < 0 || status->age > UPDATE_STALE_S;
	return 0;
}

int
update_status_read(const char *database, int64_t now, struct update_status **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(update_status_cleanup)
	struct update_status *status = arena ? arena_alloc(arena, sizeof(*status)) : NULL;

	if (!status) {
		arena_free(arena);
		return err_memory(err);
	}
	status->arena = arena;
	int r = read_status(database, now, status, err);
	if (r < 0)
		return r;
	*ret = TAKE(status);
	return 0;
}

void
update_status_free(struct update_status *status)
{
	if (status)
		arena_free(status->arena); /* holds *status itself */
}

void
update_status_cleanup(struct update_status **status)
{
	update_status_free(*status);
	*status = NULL;
}
