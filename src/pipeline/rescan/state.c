/* SPDX-License-Identifier: Apache-2.0 */
/* The file that is kept for the next time. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "pipeline/rescan/rescan.h"

#include <stdlib.h>

int
rescan_state_path(const struct rescan_batch *batch, struct arena *arena, struct span *ret,
		  struct err *err)
{
	const char *own = getenv("MOHS_CACHE");
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (batch->request->state)
		*ret = arena_copy(arena, span_from(batch->request->state));
	else if (own && own[0])
		*ret = arena_printf(arena, "%s/rescan/%s", own, batch->files.name.p);
	else if (cache && cache[0] == '/')
		*ret = arena_printf(arena, "%s/mohs/rescan/%s", cache, batch->files.name.p);
	else if (home && home[0] == '/')
		*ret = arena_printf(arena, "%s/.cache/mohs/rescan/%s", home, batch->files.name.p);
	else
		return err_set(err, ERR_USAGE,
			       "no place for the result: --state, MOHS_CACHE or HOME");
	return ret->p ? 0 : err_memory(err);
}

int
rescan_load(struct rescan_batch *batch, struct span path, struct arena *arena, struct err *err)
{
	struct err why = ERR_INIT;
	struct span bytes;
	int r = file_load(path.p, RESCAN_STATE_MAX, arena, &bytes, &why);

	batch->last.database = SPAN("");
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r == 0)
		r = rescan_state_get(bytes, arena, &batch->last, &why);
	if (r < 0) {
		*err = why;
		return err_wrap(err, "the last result, %.120s", path.p);
	}
	for (size_t i = 0; r == 0 && i < batch->last.count; i++)
		r = map_put(batch->entries, batch->last.entries[i].path, i, err);
	return r;
}

int
rescan_save(const struct rescan_batch *batch, const struct rescan_worker *workers, struct span path,
	    struct err *err)
{
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(RESCAN_STATE_MAX);
	size_t count = 0;

	for (size_t i = 0; i < batch->files.items.count; i++)
		count += batch->outcomes[i].to > batch->outcomes[i].from;
	int r = rescan_head_put(workers[0].database.digest, count, &bytes, err);
	for (size_t i = 0; r == 0 && i < batch->files.items.count; i++) {
		const struct rescan_outcome *outcome = &batch->outcomes[i];
		const struct rescan_worker *worker = &workers[outcome->worker];

		r = buf_append(&bytes,
			       span_slice(buf_span(&worker->kept), outcome->from, outcome->to),
			       err);
	}
	if (r == 0 && !batch->request->state) {
		CLEANUP(free_cleanup) char *folder = strndup(path.p, span_find_last(path, '/'));

		r = folder ? directory_make(folder, 0700, err) : err_memory(err);
	}
	return r < 0 ? r : file_replace(path.p, buf_span(&bytes), 0600, err);
}
