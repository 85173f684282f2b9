/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON through jansson: strict, depth- and size-limited parsing, and reading of objects
 * through field tables, so that each record says in one place what it takes.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <jansson.h>

void json_cleanup(json_t **json);

/*
 * Seeds the tables that hold members, which takes randomness from a file: to be called before a
 * child is confined that reads JSON, or hostile member names can be aimed at its tables.
 */
void json_prepare(void);

/* Rejects duplicate keys, bad UTF-8, trailing bytes, documents over JSON_DOCUMENT_MAX. ERR_INVALID
 * with line. */
int json_parse(struct span text, json_t **ret, struct err *err);

enum json_field_type {
	JSON_FIELD_SPAN,    /* struct span */
	JSON_FIELD_U64,	    /* uint64_t, not negative */
	JSON_FIELD_I64,	    /* int64_t */
	JSON_FIELD_U32,	    /* uint32_t */
	JSON_FIELD_DOUBLE,  /* double; integers too */
	JSON_FIELD_BOOL,    /* bool */
	JSON_FIELD_STRINGS, /* struct span_list */
	JSON_FIELD_RAW,	    /* json_t *, borrowed from the document */
};

struct json_field {
	const char *name;
	enum json_field_type type;
	size_t offset; /* in the record */
	bool required;
};

/*
 * Fills a record from an object by a table ended with a NULL name. Absent optional fields stay
 * as they are, JSON null counts as absent, unknown members are ignored. Strings are copied to
 * `arena`. ERR_INVALID names the field.
 */
int json_read(const json_t *object, const struct json_field *fields, void *record,
	      struct arena *arena, struct err *err);

/* The text of a JSON string, for as long as that lives; empty, never NULL, of anything else. */
struct span json_string_span(const json_t *json);

/* The names of an object's members that `is_wanted`, parted by blanks; empty of anything else. */
int json_names(json_t *object, bool (*is_wanted)(struct span name), struct arena *arena,
	       struct span *ret, struct err *err);

/* A member that may be absent, and else is a list; ERR_INVALID names it. */
int json_check_list(const json_t *value, const char *name, struct err *err);

/* One that must be there, with at most so many items; ERR_INVALID, ERR_LIMIT. */
int json_check_items(const json_t *list, const char *name, size_t max, struct err *err);

/* A list that must be there: how errors name it, the most items, and how large each becomes. */
struct json_items {
	const char *name;
	size_t max;
	size_t size;
};

/*
 * Zeroed room in `arena` for its items; `ret_items` is a pointer to a pointer to them.
 * ERR_INVALID, ERR_LIMIT, ERR_MEMORY.
 */
int json_items(const json_t *list, const struct json_items *kind, struct arena *arena,
	       void *ret_items, size_t *ret_count, struct err *err);

/*
 * Building: `value` is taken over. When it is NULL, or memory is short, the object or list is
 * dropped and becomes NULL itself, so that one look at the whole (json_text()) finds what is
 * lacking.
 */
void json_put(json_t **object, const char *name, json_t *value);
void json_add(json_t **list, json_t *value);

/* A number that JSON's readers take: what is over INT64_MAX becomes that. */
json_t *json_number(uint64_t value);

/*
 * Text with sorted keys and a final newline: the same value, the same bytes. ERR_MEMORY for NULL.
 */
int json_text(const json_t *json, bool indent, struct arena *arena, struct span *ret,
	      struct err *err);

/* Length of the valid UTF-8 sequence at the front of s, which is not empty; 0: there is none. */
size_t json_utf8_length(struct span s);

/* Whether the bytes are UTF-8, and so can be a JSON string as they are. */
bool json_is_text(struct span s);

/* A JSON string; bytes that are not UTF-8 become U+FFFD. NULL without memory. */
json_t *json_span(struct span s);

/* Fills p with up to n bytes; *ret_n is 0 at the end only. */
typedef int json_reader(void *context, void *p, size_t n, size_t *ret_n, struct err *err);

/* A member as it stands in the document; lives until its visitor returns. */
struct json_member {
	struct span key;  /* empty for array elements */
	struct span text; /* not judged but for balance */
	uint64_t end;	  /* bytes of the document up to its end, for messages */
	bool beside;	  /* a scalar beside the path */
};

/* What is not 0 ends the reading. */
typedef int json_member_visitor(void *context, const struct json_member *member, struct err *err);

/*
 * Feeds too big to hold: calls `each` with every member of the object or array found by following
 * `path` ("" for the top one; "vulnerabilities" for that member; "a/b" for a member of a member),
 * at most JSON_MEMBER_MAX each; and with the scalars beside the path when `beside`. What reads them
 * has to judge them.
 * ERR_INVALID when the path is not there, JSON is malformed or something follows it; members that
 * are not on the path are checked for balance only, and a name that is there twice in the object
 * that is split is given twice. ERR_LIMIT, and what `read` and `each` return.
 */
int json_each(json_reader *read, void *context, const char *path, bool beside,
	      json_member_visitor *each, void *each_context, struct err *err);
