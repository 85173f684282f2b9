/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/rescan/rescan.h"

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/proc.h"
#include "codec/json.h"
#include "stage/match.h"

#include <pthread.h>
#include <unistd.h>

enum { WORKERS_MAX = 64 };

/* ---- workers ---- */

static void
worker_cleanup(struct rescan_worker *worker)
{
	match_memory_free(worker->memory);
	advisories_free(worker->advisories);
	arena_free(worker->arena);
	buf_cleanup(&worker->kept);
}

static int
begin(struct rescan_worker *worker, struct err *err)
{
	worker->arena = arena_new(RESCAN_STATE_MAX);
	worker->kept.max = RESCAN_STATE_MAX;
	if (!worker->arena)
		return err_memory(err);
	int r = advisories_open(worker->batch->request->database, &worker->advisories, err);
	if (r == 0)
		r = advisories_identity(worker->advisories, worker->arena, &worker->database, err);
	return r < 0 ? r : match_memory_new(worker->advisories, &worker->memory, err);
}

static bool
has_failed(struct rescan_batch *batch)
{
	(void)pthread_mutex_lock(&batch->lock);
	bool failed = batch->failure.kind != ERR_NONE;
	(void)pthread_mutex_unlock(&batch->lock);
	return failed;
}

static void *
work(void *context)
{
	struct rescan_worker *worker = context;
	struct rescan_batch *batch = worker->batch;
	struct err err = ERR_INIT;
	int r = 0;

	while (r == 0 && !has_failed(batch)) {
		size_t number = atomic_fetch_add(&batch->next, 1);

		if (number >= batch->files.items.count)
			break;
		r = proc_cancel ? err_set(&err, ERR_CANCELLED, "interrupted")
				: rescan_file(worker, number, &err);
	}
	if (r < 0) {
		(void)pthread_mutex_lock(&batch->lock);
		if (batch->failure.kind == ERR_NONE)
			batch->failure = err;
		(void)pthread_mutex_unlock(&batch->lock);
	}
	return NULL;
}

struct crew {
	struct rescan_worker workers[WORKERS_MAX];
	size_t count;
};

static void
crew_cleanup(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		worker_cleanup(&crew->workers[i]);
}

static int
run_workers(struct rescan_batch *batch, struct crew *crew, struct err *err)
{
	pthread_t threads[WORKERS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = batch->request->workers;
	size_t started = 1;
	int r = 0;

	if (wanted == 0)
		wanted = processors > 0 && !CONFINE_SANITIZED ? (size_t)processors : 1;
	if (wanted > WORKERS_MAX)
		wanted = WORKERS_MAX;
	while (r == 0 && crew->count < wanted) {
		struct rescan_worker *worker = &crew->workers[crew->count];

		worker->batch = batch;
		worker->number = crew->count++;
		r = begin(worker, err);
	}
	if (r < 0)
		return r;
	while (started < crew->count &&
	       pthread_create(&threads[started], NULL, work, &crew->workers[started]) == 0)
		started++;
	(void)work(&crew->workers[0]);
	for (size_t i = 1; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	if (batch->failure.kind == ERR_NONE)
		return 0;
	*err = batch->failure;
	return -(int)err->kind;
}

/* ---- the record ---- */

static int
copy_change(struct arena *arena, struct rescan_change *change, struct err *err)
{
	struct rescan_finding *finding = &change->finding;
	struct span *const texts[] = {&finding->id, &finding->ecosystem, &finding->name,
				      &finding->version, &finding->fixed};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	return 0;
}

/* From the worker's arena into the record's. */
static int
copy_bill(struct arena *arena, const struct rescan_bill *from, struct rescan_bill *to,
	  struct err *err)
{
	struct span *const texts[] = {&to->path, &to->problem, &to->name, &to->digest};
	size_t changes = from->fresh + from->gone;
	int r = 0;

	*to = *from;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	to->changes = array_keep(arena, from->changes, changes, sizeof(*to->changes));
	if (!to->changes)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < changes; i++)
		r = copy_change(arena, &to->changes[i], err);
	return r;
}

static size_t
count_missing(const struct rescan_batch *batch, struct err *err, int *ret_r)
{
	CLEANUP(map_cleanup) struct map *keys = map_new(batch->files.items.count);
	size_t missing = 0;
	uint64_t ignored;
	int r = keys ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < batch->files.items.count; i++)
		r = map_put(keys, batch->files.items.items[i].key, i, err);
	for (size_t i = 0; r == 0 && i < batch->last.count; i++)
		missing += !map_get(keys, batch->last.entries[i].path, &ignored);
	*ret_r = r;
	return missing;
}

static int
hand_over(const struct rescan_batch *batch, const struct crew *crew, struct rescan **ret,
	  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(RESCAN_STATE_MAX);
	struct rescan *rescan = arena ? arena_alloc(arena, sizeof(*rescan)) : NULL;
	size_t files = batch->files.items.count;
	int r = 0;

	if (!rescan)
		return err_memory(err);
	rescan->bills = arena_array(arena, files + 1, sizeof(*rescan->bills));
	rescan->database = crew->workers[0].database;
	rescan->database.digest = arena_copy(arena, rescan->database.digest);
	rescan->last_database = arena_copy(arena, batch->last.database);
	if (!rescan->bills || !rescan->database.digest.p || !rescan->last_database.p)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < files; i++) {
		const struct rescan_outcome *outcome = &batch->outcomes[i];

		rescan->others += outcome->other;
		rescan->unreadable += outcome->bill.problem.n > 0;
		if (!outcome->other)
			r = copy_bill(arena, &outcome->bill, &rescan->bills[rescan->count++], err);
	}
	if (r == 0)
		rescan->missing = count_missing(batch, err, &r);
	if (r < 0)
		return r;
	rescan->arena = TAKE(arena);
	*ret = rescan;
	return 0;
}

static void
batch_cleanup(struct rescan_batch *batch)
{
	vec_free(&batch->files.items);
	map_free(batch->entries);
	(void)pthread_mutex_destroy(&batch->lock);
}

int
rescan_run(const struct rescan_request *request, struct rescan **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(2 * RESCAN_STATE_MAX);
	CLEANUP(crew_cleanup) struct crew crew = {.count = 0};
	CLEANUP(batch_cleanup)
	struct rescan_batch batch = {
		.request = request, .entries = map_new(0), .lock = PTHREAD_MUTEX_INITIALIZER};
	struct span path = {NULL, 0};

	if (!arena || !batch.entries)
		return err_memory(err);
	json_prepare();
	int r = rescan_walk(request, arena, &batch.files, err);
	if (r == 0)
		r = rescan_state_path(&batch, arena, &path, err);
	if (r == 0)
		r = rescan_load(&batch, path, arena, err);
	if (r < 0)
		return r;
	batch.outcomes = arena_array(arena, batch.files.items.count + 1, sizeof(*batch.outcomes));
	if (!batch.outcomes)
		return err_memory(err);
	r = run_workers(&batch, &crew, err);
	if (r == 0)
		r = rescan_save(&batch, crew.workers, path, err);
	return r < 0 ? r : hand_over(&batch, &crew, ret, err);
}
