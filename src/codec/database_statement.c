/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/database_statement.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/intoto.h"

enum { SUBJECTS = 2 };

static json_t *
date_json(int64_t seconds)
{
	char text[CLOCK_TEXT];

	return seconds > 0 ? json_string(clock_format(seconds, text)) : json_null();
}

static json_t *
feeds_json(const struct database_statement *statement)
{
	json_t *list = json_array();

	for (size_t i = 0; i < statement->feed_count; i++) {
		const struct database_feed *feed = &statement->feeds[i];

		json_add(&list,
			 json_pack("{s:o, s:o, s:I}", "name", json_span(feed->name), "date",
				   date_json(feed->fetched), "records", (json_int_t)feed->records));
	}
	return list;
}

int
database_statement_write(const struct database_statement *statement, struct arena *arena,
			 struct span *ret, struct err *err)
{
	const struct advisory_identity *identity = &statement->identity;
	struct intoto_subject subjects[SUBJECTS] = {
		{.name = SPAN_INIT(DATABASE_PACKED),
		 .digest = statement->packed.digest,
		 .has_digest = true},
		{.name = SPAN_INIT(DATABASE_PLAIN),
		 .digest = statement->plain.digest,
		 .has_digest = true},
	};
	const struct intoto_statement outer = {.subjects = subjects,
					       .subject_count = SUBJECTS,
					       .predicate_type = SPAN_INIT(DATABASE_PREDICATE)};
	struct span text;

	if (statement->feed_count > STATEMENT_FEEDS_MAX)
		return err_set(err, ERR_LIMIT, "%zu feeds (at most %d)", statement->feed_count,
			       STATEMENT_FEEDS_MAX);
	CLEANUP(json_cleanup)
	json_t *predicate = json_pack(
		"{s:I, s:o, s:o, s:o, s:I, s:I, s:I}", "advisories",
		(json_int_t)identity->advisories, "date", date_json(identity->built), "digest",
		json_span(identity->digest), "feeds", feeds_json(statement), "layout",
		(json_int_t)statement->layout, "packedSize", (json_int_t)statement->packed.size,
		"size", (json_int_t)statement->plain.size);
	int r = predicate ? intoto_write(&outer, predicate, arena, &text, err) : err_memory(err);
	if (r == 0 && text.n > STATEMENT_MAX)
		r = err_set(err, ERR_LIMIT, "a statement of %zu bytes (at most %lu)", text.n,
			    STATEMENT_MAX);
	if (r == 0)
		*ret = text;
	return r;
}

struct raw_predicate {
	uint64_t advisories;
	struct span date;
	struct span digest;
	uint32_t layout;
	uint64_t packed_size;
	uint64_t size;
};

static const struct json_field fields[] = {
	{"advisories", JSON_FIELD_U64, offsetof(struct raw_predicate, advisories), true},
	{"date", JSON_FIELD_SPAN, offsetof(struct raw_predicate, date), false},
	{"digest", JSON_FIELD_SPAN, offsetof(struct raw_predicate, digest), true},
	{"layout", JSON_FIELD_U32, offsetof(struct raw_predicate, layout), true},
	{"packedSize", JSON_FIELD_U64, offsetof(struct raw_predicate, packed_size), true},
	{"size", JSON_FIELD_U64, offsetof(struct raw_predicate, size), true},
	{NULL, JSON_FIELD_SPAN, 0, false},
};

static int
read_predicate(const json_t *json, struct arena *arena, struct database_statement *ret,
	       struct err *err)
{
	struct raw_predicate raw = {0};
	struct digest digest;
	int r = json_read(json, fields, &raw, arena, err);

	if (r == 0)
		r = digest_parse(raw.digest, &digest, err);
	if (r == 0 && raw.date.p)
		r = clock_parse(raw.date, &ret->identity.built, err);
	if (r < 0)
		return r;
	if (raw.size == 0 || raw.size > ADVISORY_DATABASE_MAX || raw.packed_size == 0 ||
	    raw.packed_size > ADVISORY_DATABASE_MAX)
		return err_set(err, ERR_LIMIT,
			       "a database of %llu bytes, packed %llu (at most %lu each)",
			       (unsigned long long)raw.size, (unsigned long long)raw.packed_size,
			       ADVISORY_DATABASE_MAX);
	if (ret->identity.built < 0)
		return err_set(err, ERR_INVALID, "a date before 1970");
	ret->identity.digest = raw.digest;
	ret->identity.advisories = raw.advisories;
	ret->layout = raw.layout;
	ret->packed.size = raw.packed_size;
	ret->plain.size = raw.size;
	return 0;
}

/* Both files, each once: a third one would be something that nobody looks at. */
static int
read_subjects(const struct intoto_statement *statement, struct database_statement *ret,
	      struct err *err)
{
	const struct intoto_subject *subjects = statement->subjects;

	if (statement->subject_count != SUBJECTS || !subjects[0].has_digest ||
	    !subjects[1].has_digest || !span_equal(subjects[0].name, SPAN(DATABASE_PACKED)) ||
	    !span_equal(subjects[1].name, SPAN(DATABASE_PLAIN)))
		return err_set(err, ERR_INVALID,
			       "its subjects are not " DATABASE_PACKED " and " DATABASE_PLAIN);
	ret->packed.digest = subjects[0].digest;
	ret->plain.digest = subjects[1].digest;
	return 0;
}

int
database_statement_read(struct span text, struct arena *arena, struct database_statement *ret,
			struct err *err)
{
	CLEANUP(json_cleanup) json_t *predicate = NULL;
	struct database_statement statement = {0};
	struct intoto_statement outer;

	if (text.n > STATEMENT_MAX)
		return err_set(err, ERR_LIMIT, "a statement of %zu bytes (at most %lu)", text.n,
			       STATEMENT_MAX);
	int r = intoto_read(text, arena, &outer, &predicate, err);
	if (r == 0 && !span_equal(outer.predicate_type, SPAN(DATABASE_PREDICATE)))
		r = err_set(err, ERR_UNSUPPORTED,
			    "it is a statement of type \"%.100s\", not of an advisory database",
			    outer.predicate_type.p);
	if (r == 0)
		r = read_subjects(&outer, &statement, err);
	if (r == 0 && !predicate)
		r = err_set(err, ERR_INVALID, "it has no predicate");
	if (r == 0)
		r = read_predicate(predicate, arena, &statement, err);
	if (r < 0)
		return err_wrap(err, "the database's statement");
	*ret = statement;
	return 0;
}
