/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/intoto.h"

#include "base/cleanup.h"
#include "base/limits.h"

struct raw_statement {
	struct span type;
	struct span predicate_type;
	json_t *subjects;
	json_t *predicate;
};

struct raw_subject {
	struct span name;
	json_t *digest;
	json_t *annotations;
};

static int
read_digest(const json_t *digests, struct intoto_subject *ret, struct err *err)
{
	const json_t *value = json_object_get(digests, "sha256");
	char text[DIGEST_TEXT] = "sha256:";

	if (!json_is_object(digests) || json_object_size(digests) == 0)
		return err_set(err, ERR_INVALID, "it has no digest");
	if (!value)
		return 0;
	if (json_string_length(value) != DIGEST_HEX)
		return err_set(err, ERR_INVALID, "its \"sha256\" is not 64 hex digits");
	memcpy(text + 7, json_string_value(value), DIGEST_HEX);
	int r = digest_parse((struct span){text, DIGEST_TEXT - 1}, &ret->digest, err);
	if (r < 0)
		return r;
	ret->has_digest = true;
	return 0;
}

static int
read_annotations(json_t *object, struct arena *arena, struct intoto_subject *ret, struct err *err)
{
	size_t count = json_object_size(object);
	const char *name;
	json_t *value;

	if (count == 0)
		return 0;
	ret->annotations = arena_array(arena, count, sizeof(*ret->annotations));
	if (!ret->annotations)
		return err_memory(err);
	json_object_foreach(object, name, value)
	{
		struct intoto_annotation *to = &ret->annotations[ret->annotation_count];

		if (!json_is_string(value))
			continue;
		to->name = arena_copy(arena, span_from(name));
		to->value = arena_copy(arena, json_string_span(value));
		if (!to->name.p || !to->value.p)
			return err_memory(err);
		ret->annotation_count++;
	}
	return 0;
}

static int
read_subject(const json_t *json, struct arena *arena, struct intoto_subject *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"name", JSON_FIELD_SPAN, offsetof(struct raw_subject, name), false},
		{"digest", JSON_FIELD_RAW, offsetof(struct raw_subject, digest), true},
		{"annotations", JSON_FIELD_RAW, offsetof(struct raw_subject, annotations), false},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_subject raw = {.name = SPAN("")};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return r;
	ret->name = raw.name;
	r = read_digest(raw.digest, ret, err);
	return r < 0 ? r : read_annotations(raw.annotations, arena, ret, err);
}

static int
read_subjects(const json_t *list, struct arena *arena, struct intoto_statement *ret,
	      struct err *err)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count == 0)
		return err_set(err, ERR_INVALID, "a statement without subjects");
	if (count > STATEMENT_SUBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "a statement with %zu subjects (at most %d)", count,
			       STATEMENT_SUBJECTS_MAX);
	ret->subjects = arena_array(arena, count, sizeof(*ret->subjects));
	if (!ret->subjects)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = read_subject(json_array_get(list, i), arena, &ret->subjects[i], err);

		if (r < 0)
			return err_wrap(err, "subject %zu", i + 1);
	}
	ret->subject_count = count;
	return 0;
}

static int
check_type(const struct raw_statement *raw, bool *ret_old, struct err *err)
{
	*ret_old = span_equal(raw->type, SPAN(INTOTO_STATEMENT_V01));
	if (!*ret_old && !span_equal(raw->type, SPAN(INTOTO_STATEMENT_V1)))
		return err_set(err, ERR_UNSUPPORTED,
			       "a statement of type \"%.*s\" (v1 and v0.1 are read)",
			       raw->type.n > 100 ? 100 : (int)raw->type.n, raw->type.p);
	if (raw->predicate_type.n == 0)
		return err_set(err, ERR_INVALID, "a statement with an empty predicate type");
	if (raw->predicate_type.n > STATEMENT_TYPE_MAX)
		return err_set(err, ERR_LIMIT, "a predicate type of %zu bytes (at most %d)",
			       raw->predicate_type.n, STATEMENT_TYPE_MAX);
	return 0;
}

int
intoto_read(struct span payload, struct arena *arena, struct intoto_statement *ret,
	    json_t **ret_predicate, struct err *err)
{
	static const struct json_field fields[] = {
		{"_type", JSON_FIELD_SPAN, offsetof(struct raw_statement, type), true},
		{"predicateType", JSON_FIELD_SPAN, offsetof(struct raw_statement, predicate_type),
		 true},
		{"subject", JSON_FIELD_RAW, offsetof(struct raw_statement, subjects), true},
		{"predicate", JSON_FIELD_RAW, offsetof(struct raw_statement, predicate), false},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct raw_statement raw = {0};
	struct intoto_statement statement = {0};
	int r = json_parse(payload, &json, err);

	if (r == 0)
		r = json_read(json, fields, &raw, arena, err);
	if (r < 0)
		return err_wrap(err, "in-toto statement");
	r = check_type(&raw, &statement.old, err);
	if (r == 0)
		r = read_subjects(raw.subjects, arena, &statement, err);
	if (r < 0)
		return r;
	statement.predicate_type = raw.predicate_type;
	*ret = statement;
	if (ret_predicate)
		*ret_predicate = json_incref(raw.predicate);
	return 0;
}

static json_t *
annotations_json(const struct intoto_subject *subject)
{
	json_t *json = json_object();
	bool failed = !json;

	for (size_t i = 0; i < subject->annotation_count; i++) {
		const struct intoto_annotation *one = &subject->annotations[i];

		failed |= json_object_setn_new(json, one->name.p, one->name.n,
					       json_span(one->value)) < 0;
	}
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *
subject_json(const struct intoto_subject *subject)
{
	char text[DIGEST_TEXT];
	json_t *json = json_pack("{s:{s:s}}", "digest", "sha256",
				 digest_format(&subject->digest, text) + 7);
	bool failed = !json;

	if (subject->name.n > 0)
		failed |= json_object_set_new(json, "name", json_span(subject->name)) < 0;
	if (subject->annotation_count > 0)
		failed |= json_object_set_new(json, "annotations", annotations_json(subject)) < 0;
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

int
intoto_write(const struct intoto_statement *statement, json_t *predicate, struct arena *arena,
	     struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *subjects = json_array();
	struct span text;

	if (statement->subject_count == 0 || statement->predicate_type.n == 0)
		return err_set(err, ERR_INVALID,
			       "a statement needs a subject and a predicate type");
	for (size_t i = 0; i < statement->subject_count; i++) {
		if (!statement->subjects[i].has_digest)
			return err_set(err, ERR_INVALID, "subject %zu has no digest", i + 1);
		if (json_array_append_new(subjects, subject_json(&statement->subjects[i])) < 0)
			return err_memory(err);
	}
	CLEANUP(json_cleanup)
	json_t *json =
		json_pack("{s:s, s:o, s:O, s:o}", "_type", INTOTO_STATEMENT_V1, "predicateType",
			  json_span(statement->predicate_type), "subject", subjects, "predicate",
			  predicate ? json_incref(predicate) : json_object());
	if (!json)
		return err_memory(err);
	int r = json_text(json, false, arena, &text, err);
	if (r < 0)
		return r;
	*ret = span_slice(text, 0, text.n - 1);
	return 0;
}

const struct intoto_subject *
intoto_find(const struct intoto_statement *statement, const struct digest *digest)
{
	for (size_t i = 0; i < statement->subject_count; i++) {
		const struct intoto_subject *subject = &statement->subjects[i];

		if (subject->has_digest && digest_equal(&subject->digest, digest))
			return subject;
	}
	return NULL;
}
