/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/advisory_origin.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "codec/json.h"

static const char *const names[] = {
	[ADVISORY_MADE_HERE] = "update",
	[ADVISORY_FROM_FILE] = "file",
	[ADVISORY_FROM_REGISTRY] = "registry",
};

const char *
advisory_origin_name(enum advisory_origin_kind kind)
{
	return names[kind];
}

struct raw_origin {
	struct span kind;
	struct span from;
	struct span digest;
	struct span key;
	struct span time;
};

static const struct json_field fields[] = {
	{"kind", JSON_FIELD_SPAN, offsetof(struct raw_origin, kind), true},
	{"from", JSON_FIELD_SPAN, offsetof(struct raw_origin, from), true},
	{"digest", JSON_FIELD_SPAN, offsetof(struct raw_origin, digest), true},
	{"key", JSON_FIELD_SPAN, offsetof(struct raw_origin, key), true},
	{"time", JSON_FIELD_SPAN, offsetof(struct raw_origin, time), true},
	{NULL, JSON_FIELD_SPAN, 0, false},
};

static int
take(const struct raw_origin *raw, struct advisory_origin *ret, struct err *err)
{
	struct advisory_origin origin = {.from = raw->from, .digest = raw->digest, .key = raw->key};
	struct digest digest;
	int r = digest_parse(raw->digest, &digest, err);

	if (r == 0)
		r = clock_parse(raw->time, &origin.time, err);
	if (r == 0 && origin.time < 0)
		r = err_set(err, ERR_INVALID, "a date before 1970");
	if (r < 0)
		return r;
	for (origin.kind = ADVISORY_FROM_FILE; origin.kind <= ADVISORY_FROM_REGISTRY;
	     origin.kind++) {
		if (!span_equal(raw->kind, span_from(names[origin.kind])))
			continue;
		*ret = origin;
		return 0;
	}
	return err_set(err, ERR_INVALID, "no origin is called \"%.40s\"", raw->kind.p);
}

int
advisory_origin_read(struct span text, struct arena *arena, struct advisory_origin *ret,
		     struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct raw_origin raw = {0};

	if (text.n == 0) {
		*ret = (struct advisory_origin){.kind = ADVISORY_MADE_HERE,
						.from = {"", 0},
						.digest = {"", 0},
						.key = {"", 0}};
		return 0;
	}
	if (text.n > ADVISORY_ORIGIN_MAX)
		return err_set(err, ERR_LIMIT, "an origin of %zu bytes (at most %lu)", text.n,
			       ADVISORY_ORIGIN_MAX);
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = json_read(json, fields, &raw, arena, err);
	if (r == 0)
		r = take(&raw, ret, err);
	return r < 0 ? err_wrap(err, "where it came from") : 0;
}

int
advisory_origin_write(const struct advisory_origin *origin, struct arena *arena, struct span *ret,
		      struct err *err)
{
	char time[CLOCK_TEXT];
	struct span text;

	if (origin->kind == ADVISORY_MADE_HERE)
		return err_set(err, ERR_USAGE, "a database that was made here has no other origin");
	CLEANUP(json_cleanup)
	json_t *json =
		json_pack("{s:s, s:o, s:o, s:o, s:s}", "kind", names[origin->kind], "from",
			  json_span(origin->from), "digest", json_span(origin->digest), "key",
			  json_span(origin->key), "time", clock_format(origin->time, time));
	int r = json_text(json, false, arena, &text, err);
	if (r == 0 && text.n > ADVISORY_ORIGIN_MAX)
		r = err_set(err, ERR_LIMIT, "an origin of %zu bytes (at most %lu)", text.n,
			    ADVISORY_ORIGIN_MAX);
	if (r == 0)
		*ret = text;
	return r;
}

struct span
advisory_origin_text(const struct advisory_origin *origin, struct arena *arena)
{
	/* a reference may have the digest already */
	bool at = origin->kind == ADVISORY_FROM_REGISTRY &&
		  !span_ends_with(origin->from, origin->digest);

	if (origin->kind == ADVISORY_MADE_HERE)
		return arena_copy(arena, SPAN("made here from feeds"));
	return arena_printf(arena, "from %.*s%s%.*s, %s%.*s", SPAN_ARG(origin->from), at ? "@" : "",
			    at ? (int)origin->digest.n : 0, origin->digest.p,
			    origin->key.n ? "signed with the key "
					  : "and no signature of it was looked at",
			    SPAN_ARG(origin->key));
}
