/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/merge.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <stdio.h>

/* A record that was read and is not in the database yet. */
struct pending {
	uint64_t at;
	uint64_t size;
};

struct merging {
	const struct merge *merge;
	const struct feed_type *type;
	struct record_feed known;
	struct merged result;
	uint32_t document;
	uint64_t first_problem; /* its document and place, as one number that sorts */
	VEC(struct pending) pending;
	struct buf buf;
};

static void
merging_cleanup(struct merging *merging)
{
	record_feed_cleanup(&merging->known);
	vec_free(&merging->pending);
	buf_cleanup(&merging->buf);
}

static int
add_rows(const struct merging *merging, struct span rows, struct err *err)
{
	return advisories_build_add(merging->merge->builder, merging->type->table,
				    merging->type->distribution, rows, err);
}

/* Counts, and keeps the problem that comes first, whichever process was faster. */
static void
tally_record(struct merging *merging, const struct advisory_record *record)
{
	struct feed_tally *tally = &merging->result.tally;
	uint64_t place = (uint64_t)record->document << 40 | record->place;

	tally->records += record->records;
	tally->skipped += record->skipped;
	if (record->skipped == 0 || (tally->first[0] && place >= merging->first_problem))
		return;
	merging->first_problem = place;
	(void)snprintf(tally->first, sizeof(tally->first), "%.*s", SPAN_ARG(record->problem));
	for (char *at = tally->first; *at; at++)
		*at = (char)((unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at);
}

/* To the file; into the database at once, or after what went is out. */
static int
take_rows(struct merging *merging, const struct advisory_record *record, struct err *err)
{
	struct records_writer *writer = merging->merge->records;
	struct pending pending = {0};
	int r = 0;

	tally_record(merging, record);
	if (writer && merging->type->by_record) {
		pending.at = records_at(writer);
		r = records_add(writer, record, err);
		pending.size = records_at(writer) - pending.at;
	}
	if (r < 0)
		return r;
	if (merging->known.count == 0)
		return add_rows(merging, record->rows, err);
	return vec_push(&merging->pending, &pending, FEED_RECORDS_MAX, err);
}

/* The record is as it was. More of the same than there were are taken as new. */
static int
take_known(struct merging *merging, const struct advisory_record *record, struct err *err)
{
	struct record_feed *known = &merging->known;
	size_t first = record_find(known, &record->fingerprint);
	struct advisory_record old;

	for (size_t i = first; i < known->count; i++) {
		if (memcmp(&known->records[i].fingerprint, &record->fingerprint,
			   sizeof(record->fingerprint)) != 0)
			break;
		if (known->records[i].seen)
			continue;
		known->records[i].seen = true;
		merging->result.tally.records += known->records[i].records;
		return 0;
	}
	if (first == known->count)
		return err_set(err, ERR_CHILD, "a reader knows what is not known");
	int r = records_read(merging->merge->old, &known->records[first], &merging->buf, &old, err);
	if (r == 0)
		merging->result.changed++;
	return r < 0 ? r : take_rows(merging, &old, err);
}

static int
take_record(void *context, const struct advisory_record *record, struct err *err)
{
	struct merging *merging = context;

	if (record->kind == RECORD_KNOWN)
		return take_known(merging, record, err);
	merging->result.changed++;
	return take_rows(merging, record, err);
}

/* A document that is as it was; what was wrong with records of it still is. */
static int
keep_document(struct merging *merging, uint32_t index, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < merging->known.count; i++) {
		struct record_known *known = &merging->known.records[i];
		struct advisory_record old;

		if (known->document != index)
			continue;
		known->seen = true;
		if (!record_is_nameless(&known->fingerprint)) {
			merging->result.tally.records += known->records;
			continue;
		}
		r = records_read(merging->merge->old, known, &merging->buf, &old, err);
		if (r == 0)
			tally_record(merging, &old);
	}
	return r;
}

/* The rows of records that are not there any more. */
static int
remove_gone(struct merging *merging, struct err *err)
{
	const struct merge *merge = merging->merge;
	int r = 0;

	for (size_t i = 0; r == 0 && i < merging->known.count; i++) {
		const struct record_known *known = &merging->known.records[i];
		struct advisory_record old;

		if (known->seen)
			continue;
		r = records_read(merge->old, known, &merging->buf, &old, err);
		if (r == 0)
			r = advisories_build_remove(merge->builder, merging->type->table,
						    merging->type->distribution, old.rows, err);
		merging->result.gone++;
	}
	return r;
}

static int
add_pending(struct merging *merging, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < merging->pending.count; i++) {
		const struct pending *pending = &merging->pending.items[i];
		struct advisory_record record;

		r = records_again(merging->merge->records, pending->at, (size_t)pending->size,
				  &merging->buf, &record, err);
		if (r == 0)
			r = add_rows(merging, record.rows, err);
	}
	return r;
}

static int
read_documents(struct merging *merging, const struct fetched *documents, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < merging->type->document_count; i++) {
		struct reading reading = {
			.type = merging->type,
			.document = &merging->type->documents[i],
			.index = (uint32_t)i,
			.fd = documents[i].fd,
			.key = merging->merge->key,
			.known = &merging->known,
		};

		if (documents[i].unchanged)
			r = keep_document(merging, (uint32_t)i, err);
		else if (documents[i].fd >= 0)
			r = document_read(&reading, take_record, merging, err);
		if (r < 0)
			return err_wrap(err, "%.120s", documents[i].address.p);
	}
	return r;
}

static struct record_document
state_of(const struct feed_type *type, const struct fetched *documents, size_t i)
{
	return (struct record_document){
		.path = span_from(type->documents[i].path),
		.address = documents[i].address,
		.etag = documents[i].etag,
		.modified = documents[i].modified,
		.file = documents[i].file,
		.fingerprint = documents[i].fingerprint,
		.date = documents[i].date,
	};
}

/* What is remembered of the feed's documents ends its records. */
static int
end_feed(const struct merge *merge, const struct feed_type *type, const struct fetched *documents,
	 struct err *err)
{
	VEC(struct record_document) states = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < type->document_count; i++) {
		struct record_document state = state_of(type, documents, i);

		if (documents[i].fd >= 0 || documents[i].unchanged)
			r = vec_push(&states, &state, FEED_RECORDS_MAX, err);
	}
	if (r == 0)
		r = records_end(merge->records, states.items, states.count, err);
	vec_free(&states);
	return r;
}

/* Those of one key are malformed but where they are joined (advisories_build.h). */
static int
count_twice(struct merging *merging, struct err *err)
{
	struct feed_tally *tally = &merging->result.tally;
	char first[sizeof(tally->first)] = "";
	uint64_t twice = 0;
	int r = advisories_build_twice(merging->merge->builder, merging->type->table,
				       merging->type->distribution, first, &twice, err);

	if (r == 0 && twice > 0 && tally->skipped == 0)
		(void)snprintf(tally->first, sizeof(tally->first), "%s", first);
	tally->skipped += twice;
	return r;
}

static int
merge_known(struct merging *merging, const struct fetched *documents, struct err *err)
{
	const struct merge *merge = merging->merge;
	int r = merge->records ? records_begin(merge->records, span_from(merging->type->name), err)
			       : 0;

	if (r == 0 && merging->known.count == 0)
		r = advisories_build_clear(merge->builder, merging->type->table,
					   merging->type->distribution, err);
	if (r == 0)
		r = read_documents(merging, documents, err);
	if (r == 0)
		r = remove_gone(merging, err);
	if (r == 0)
		r = add_pending(merging, err);
	if (r == 0)
		r = count_twice(merging, err);
	if (r == 0 && merge->records && merging->known.count > 0)
		r = records_carry(merge->records, merge->old, &merging->known, err);
	if (r == 0 && merge->records)
		r = end_feed(merge, merging->type, documents, err);
	return r;
}

/* Whether any of the feed's documents is not to be read. */
static bool
has_unchanged(const struct feed_type *type, const struct fetched *documents)
{
	for (size_t i = 0; i < type->document_count; i++) {
		if (documents[i].unchanged)
			return true;
	}
	return false;
}

int
merge_feed(const struct merge *merge, const struct feed_type *type, const struct fetched *documents,
	   struct merged *ret, struct err *err)
{
	CLEANUP(merging_cleanup)
	struct merging merging = {
		.merge = merge, .type = type, .buf = BUF_INIT(ADVISORY_RECORD_MAX + KIB)};
	struct err problem = ERR_INIT;
	int r = -ERR_NOT_FOUND;

	if (merge->records && type->by_record)
		r = records_feed(merge->old, span_from(type->name), &merging.known, &problem);
	if (r < 0 && (r == -ERR_MEMORY || has_unchanged(type, documents)))
		return err_set(err, r == -ERR_MEMORY ? ERR_MEMORY : ERR_INVALID,
			       "what is known of it cannot be read");
	merging.result.whole = merging.known.count == 0;
	r = merge_known(&merging, documents, err);
	if (r == 0)
		*ret = merging.result;
	return r;
}

/* The documents' states of the old file again. */
static int
end_as_before(const struct merge *merge, const struct feed_type *type, struct err *err)
{
	struct arena *arena = arena_new(4 * MIB);
	VEC(struct record_document) states = {0};
	struct err problem = ERR_INIT;
	int r = arena ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < type->document_count; i++) {
		struct record_document state;

		if (records_document(merge->old, span_from(type->name),
				     span_from(type->documents[i].path), arena, &state,
				     &problem) == 0)
			r = vec_push(&states, &state, FEED_RECORDS_MAX, err);
	}
	if (r == 0)
		r = records_end(merge->records, states.items, states.count, err);
	vec_free(&states);
	arena_free(arena);
	return r;
}

int
merge_kept(const struct merge *merge, const struct feed_type *type, const struct fetched *documents,
	   struct err *err)
{
	struct err problem = ERR_INIT;
	int r = advisories_build_keep(merge->builder, type->table, type->distribution, err);

	if (r == 0 && merge->records)
		r = records_begin(merge->records, span_from(type->name), err);
	if (r < 0 || !merge->records)
		return r;
	r = records_carry_all(merge->records, merge->old, &problem);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return err_set(err, problem.kind, "%s", problem.text);
	return documents ? end_feed(merge, type, documents, err) : end_as_before(merge, type, err);
}

bool
merge_is_unchanged(const struct merge *merge, const struct feed_type *type,
		   const struct fetched *documents)
{
	struct arena *arena = arena_new(MIB);
	bool any = false;
	bool same = arena;

	for (size_t i = 0; same && i < type->document_count; i++) {
		struct record_document state;
		struct err problem = ERR_INIT;

		any |= documents[i].unchanged;
		same = documents[i].fd < 0 && (documents[i].unchanged ||
					       records_document(merge->old, span_from(type->name),
								span_from(type->documents[i].path),
								arena, &state, &problem) < 0);
	}
	arena_free(arena);
	return same && any;
}
