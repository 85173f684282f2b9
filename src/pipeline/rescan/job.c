/* SPDX-License-Identifier: Apache-2.0 */
/* One bill: read, or recalled from the last time, matched, and compared with what was known. */
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/record_bytes.h"
#include "codec/sbom_document.h"
#include "pipeline/rescan/rescan.h"
#include "stage/sbom_document.h"

/* One bill being worked on. */
struct job {
	struct rescan_worker *worker;
	const struct rescan_file *file;
	const struct rescan_entry *last; /* NULL: none */
	struct arena *arena;
	struct span text;
	struct span digest;
	struct inventory *inventory;
	struct findings *findings;
	struct buf packed_inventory;
	struct buf packed_findings;
};

static void
job_cleanup(struct job *job)
{
	findings_free(job->findings);
	inventory_free(job->inventory);
	arena_free(job->arena);
	buf_cleanup(&job->packed_inventory);
	buf_cleanup(&job->packed_findings);
}

/* What a bill says is no reason to end; what befalls mohs is. */
static bool
is_fatal(enum err_kind kind)
{
	return kind == ERR_MEMORY || kind == ERR_CANCELLED;
}

static bool
is_unchanged(const struct job *job)
{
	return job->last && span_equal(job->last->digest, job->digest);
}

/* ---- inventories ---- */

/* What was kept of the same bytes; damage is no error: the bill is read anew. False: nothing. */
static bool
recall_inventory(struct job *job)
{
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(RESCAN_PACKED_MAX);
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct err ignored = ERR_INIT;

	if (!arena || !is_unchanged(job) ||
	    rescan_unpack(job->last->inventory, &bytes, &ignored) < 0 ||
	    inventory_bytes_get(buf_span(&bytes), 0, arena, &job->inventory, &ignored) < 0)
		return false;
	(void)TAKE(arena);
	return true;
}

static int
take_inventory(struct job *job, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(RESCAN_PACKED_MAX);

	if (job->last && recall_inventory(job))
		return buf_append(&job->packed_inventory, job->last->inventory, err);
	int r = sbom_document_inventory(job->text, job->file->path, &job->inventory, err);
	if (r == 0)
		r = inventory_bytes_put(job->inventory, &bytes, err);
	return r < 0 ? r : rescan_pack(buf_span(&bytes), &job->packed_inventory, err);
}

/* ---- findings ---- */

static int
list_findings(const struct job *job, struct rescan_finding **ret, size_t *ret_count,
	      struct err *err)
{
	const struct findings *findings = job->findings;
	struct rescan_finding *list = arena_array(job->arena, findings->count + 1, sizeof(*list));
	size_t count = 0;

	if (!list)
		return err_memory(err);
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].status != FINDING_UNDETERMINED)
			list[count++] = rescan_finding_of(&findings->items[i], job->inventory);
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

/* Damage counts as no earlier result. */
static int
compare_with_last(struct job *job, struct rescan_bill *bill, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(RESCAN_PACKED_MAX);
	struct rescan_finding *before;
	struct rescan_finding *after;
	struct err ignored = ERR_INIT;
	size_t before_count = 0;
	size_t after_count = 0;

	bill->first = !job->last || rescan_unpack(job->last->findings, &bytes, &ignored) < 0 ||
		      rescan_findings_get(buf_span(&bytes), job->arena, &before, &before_count,
					  &ignored) < 0;
	if (bill->first || !bill->matched)
		return 0;
	bill->other = !is_unchanged(job);
	int r = list_findings(job, &after, &after_count, err);
	return r < 0 ? r
		     : rescan_compare(before, before_count, after, after_count, job->worker->arena,
				      bill, err);
}

/* What did not match says nothing of the next time: then the last result stays. */
static int
pack_findings(struct job *job, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(RESCAN_PACKED_MAX);

	if (!job->findings->matched && job->last)
		return buf_append(&job->packed_findings, job->last->findings, err);
	if (!job->findings->matched)
		return 0;
	int r = rescan_findings_put(job->findings, job->inventory, &bytes, err);
	return r < 0 ? r : rescan_pack(buf_span(&bytes), &job->packed_findings, err);
}

static int
fill_bill(struct job *job, struct rescan_bill *bill, struct err *err)
{
	struct arena *arena = job->worker->arena;
	const struct findings *findings = job->findings;

	bill->name = arena_copy(arena, job->inventory->document.name);
	bill->digest = arena_copy(arena, job->digest);
	bill->matched = findings->matched;
	bill->gaps = findings->gaps.count + job->inventory->gaps.count;
	bill->counts = findings->findings;
	if (!bill->name.p || !bill->digest.p)
		return err_memory(err);
	return compare_with_last(job, bill, err);
}

/* ---- one file ---- */

static int
load(struct job *job, struct err *err)
{
	char text[DIGEST_TEXT];
	struct digest digest;
	int r = job->file->problem.n ? err_set(err, ERR_IO, "%.*s", SPAN_ARG(job->file->problem))
				     : file_load(job->file->path.p, SBOM_DOCUMENT_MAX, job->arena,
						 &job->text, err);

	if (r < 0)
		return r;
	digest_of(job->text, &digest);
	job->digest = arena_copy(job->arena, span_from(digest_format(&digest, text)));
	return job->digest.p ? 0 : err_memory(err);
}

static int
keep(struct job *job, struct rescan_outcome *outcome, const struct rescan_entry *entry,
     struct err *err)
{
	struct rescan_worker *worker = job->worker;

	outcome->worker = worker->number;
	outcome->from = worker->kept.n;
	int r = rescan_entry_put(entry, &worker->kept, err);
	outcome->to = worker->kept.n;
	return r;
}

/* A problem is the bill's own; what is known of it stays as it was. */
static int
note_problem(struct job *job, struct rescan_outcome *outcome, const struct err *problem,
	     struct err *err)
{
	outcome->bill.problem = arena_copy(job->worker->arena, span_from(problem->text));
	if (!outcome->bill.problem.p)
		return err_memory(err);
	return job->last ? keep(job, outcome, job->last, err) : 0;
}

int
rescan_file(struct rescan_worker *worker, size_t number, struct err *err)
{
	struct rescan_batch *batch = worker->batch;
	struct rescan_outcome *outcome = &batch->outcomes[number];
	struct err problem = ERR_INIT;
	uint64_t place;
	CLEANUP(job_cleanup)
	struct job job = {
		.worker = worker,
		.file = &batch->files.items.items[number],
		.arena = arena_new(0),
		.packed_inventory = BUF_INIT(2 * RESCAN_PACKED_MAX),
		.packed_findings = BUF_INIT(2 * RESCAN_PACKED_MAX),
	};

	outcome->bill.path = job.file->path;
	outcome->bill.name = outcome->bill.problem = outcome->bill.digest = SPAN("");
	if (!job.arena)
		return err_memory(err);
	if (map_get(batch->entries, job.file->key, &place))
		job.last = &batch->last.entries[place];
	int r = load(&job, &problem);
	if (r == 0 && !job.file->named && !job.last && !sbom_document_likely(job.text)) {
		outcome->other = true;
		return 0;
	}
	if (r == 0)
		r = take_inventory(&job, &problem);
	if (r < 0 && is_fatal(problem.kind))
		*err = problem;
	if (r < 0)
		return is_fatal(problem.kind) ? r : note_problem(&job, outcome, &problem, err);
	r = match_again(worker->memory, job.inventory, &job.findings, err);
	if (r == 0)
		r = fill_bill(&job, &outcome->bill, err);
	if (r == 0)
		r = pack_findings(&job, err);
	const struct rescan_entry entry = {
		.path = job.file->key,
		.digest = job.digest,
		.inventory = buf_span(&job.packed_inventory),
		.findings = buf_span(&job.packed_findings),
	};
	return r < 0 ? r : keep(&job, outcome, &entry, err);
}
