/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/cache/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ORPHAN_SECONDS = 60 }; /* a writer has its files locked long before */

struct candidate {
	char name[CACHE_NAME];
	struct timespec used;
	uint64_t bytes;
};

struct candidates {
	VEC(struct candidate) list;
	uint64_t bytes;
};

static void
directory_close(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

/* Whether nobody has the folder's tar open with a lock. Leaves *ret_fd open with one of our own. */
static bool
is_unused(const struct cache *cache, const char *name, int *ret_fd)
{
	char path[CACHE_NAME + 16];

	(void)snprintf(path, sizeof(path), "%s/" CACHE_TAR, name);
	*ret_fd = openat(cache->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return *ret_fd >= 0 && flock(*ret_fd, LOCK_EX | LOCK_NB) == 0;
}

/*
 * What a killed mohs left: a running one holds a lock on the tar from soon after it made the
 * folder, for which it has ORPHAN_SECONDS.
 */
static void
remove_orphan(const struct cache *cache, const char *name)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat st;

	if (fstatat(cache->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    time(NULL) - st.st_mtim.tv_sec < ORPHAN_SECONDS)
		return;
	if (is_unused(cache, name, &fd) || fd < 0)
		cache_remove(cache, name);
}

static bool
measure(const struct cache *cache, const char *name, struct candidate *ret)
{
	char path[CACHE_NAME + 16];
	struct stat tar;
	struct stat index;

	(void)snprintf(path, sizeof(path), "%s/" CACHE_TAR, name);
	if (fstatat(cache->fd, path, &tar, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/" CACHE_INDEX, name);
	if (fstatat(cache->fd, path, &index, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->used = index.st_mtim;
	ret->bytes = (uint64_t)tar.st_size + (uint64_t)index.st_size;
	return true;
}

static void
gather(const struct cache *cache, struct candidates *candidates)
{
	CLEANUP(directory_close) DIR *directory = NULL;
	int fd = openat(cache->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;
	struct candidate candidate;
	struct dirent *entry;

	if (fd < 0)
		return;
	directory = fdopendir(fd);
	if (!directory) {
		fd_cleanup(&fd);
		return;
	}
	while ((entry = readdir(directory))) {
		struct span name = span_from(entry->d_name);

		if (span_starts_with(name, SPAN(CACHE_TEMPORARY)) && name.n < CACHE_NAME)
			remove_orphan(cache, entry->d_name);
		if (name.n != DIGEST_HEX || !measure(cache, entry->d_name, &candidate))
			continue;
		candidates->bytes += candidate.bytes;
		(void)vec_push(&candidates->list, &candidate, CACHE_LAYERS_MAX, &ignored);
	}
}

static int
compare_use(const void *a, const void *b)
{
	const struct timespec *left = &((const struct candidate *)a)->used;
	const struct timespec *right = &((const struct candidate *)b)->used;

	if (left->tv_sec != right->tv_sec)
		return left->tv_sec < right->tv_sec ? -1 : 1;
	return (left->tv_nsec > right->tv_nsec) - (left->tv_nsec < right->tv_nsec);
}

/* Renames first, so that nobody finds one half gone. */
static bool
evict_one(const struct cache *cache, const struct candidate *candidate)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char gone[CACHE_NAME];
	struct err ignored = ERR_INIT;

	if (!is_unused(cache, candidate->name, &fd) || cache_temporary_name(gone, &ignored) < 0 ||
	    renameat(cache->fd, candidate->name, cache->fd, gone) < 0)
		return false;
	cache_remove(cache, gone);
	return true;
}

void
cache_evict(const struct cache *cache)
{
	struct candidates candidates = {0};

	gather(cache, &candidates);
	if (candidates.bytes > cache->max)
		qsort(candidates.list.items, candidates.list.count, sizeof(*candidates.list.items),
		      compare_use);
	for (size_t i = 0; i < candidates.list.count && candidates.bytes > cache->max; i++) {
		if (evict_one(cache, &candidates.list.items[i]))
			candidates.bytes -= candidates.list.items[i].bytes;
	}
	vec_free(&candidates.list);
}
