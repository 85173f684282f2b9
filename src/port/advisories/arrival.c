/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/advisory_origin.h"
#include "port/advisories/place.h"
#include "port/advisories/reader.h"
#include "port/advisories_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct advisories_arrival {
	struct place place;
};

uint32_t
advisories_layout(void)
{
	return SCHEMA_VERSION;
}

int
advisories_bytes(const char *path, int *ret_fd, uint64_t *ret_size, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char self[64];

	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			       "advisory database %.100s", path);
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	int r = advisories_open(self, &advisories, err);
	if (r < 0)
		return err_wrap(err, "%.100s", path);
	*ret_size = advisories->pages_end;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int
advisories_arrive(const char *path, struct advisories_arrival **ret, int *ret_fd, struct err *err)
{
	CLEANUP(advisories_arrival_cleanup)
	struct advisories_arrival *arrival = calloc(1, sizeof(*arrival));

	if (!arrival)
		return err_memory(err);
	arrival->place.fd = -1;
	int r = place_take(&arrival->place, path, err);
	if (r < 0)
		return r;
	*ret_fd = arrival->place.fd;
	*ret = TAKE(arrival);
	return 0;
}

void
advisories_arrival_free(struct advisories_arrival *arrival)
{
	if (!arrival)
		return;
	place_leave(&arrival->place);
	free(arrival);
}

void
advisories_arrival_cleanup(struct advisories_arrival **arrival)
{
	advisories_arrival_free(*arrival);
	*arrival = NULL;
}

static int
judge(struct advisories *advisories, const struct advisory_identity *identity, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct advisory_identity own;
	int r = arena ? advisories_identity(advisories, arena, &own, err) : err_memory(err);

	if (r != 0)
		return r;
	if (advisories->origin.kind != ADVISORY_MADE_HERE)
		return err_set(err, ERR_INVALID, "it says itself where it came from");
	if (!span_equal(own.digest, identity->digest) || own.built != identity->built ||
	    own.advisories != identity->advisories)
		return err_set(err, ERR_MISMATCH,
			       "it is another database than its statement says: %llu advisories, "
			       "%.80s",
			       (unsigned long long)own.advisories, own.digest.p);
	return advisories_verify(advisories, err);
}

int
advisories_settle(struct advisories_arrival *arrival, const struct advisory_identity *identity,
		  const struct advisory_origin *origin, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;
	int r = arena ? advisories_open(arrival->place.fresh, &advisories, err) : err_memory(err);

	if (r == 0)
		r = judge(advisories, identity, err);
	if (r == 0)
		r = advisory_origin_write(origin, arena, &text, err);
	if (r != 0)
		return r;
	if (lseek(arrival->place.fd, (off_t)advisories->pages_end, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot write %s", arrival->place.fresh);
	r = fd_write_full(arrival->place.fd, text, err);
	return r < 0 ? r : place_replace(&arrival->place, err);
}
