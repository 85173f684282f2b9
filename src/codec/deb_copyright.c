/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/deb_copyright.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/spdx_licence.h"

#define COMMON "/usr/share/common-licenses/"

struct names {
	VEC(struct span) list;
};

static void
names_cleanup(struct names *names)
{
	vec_free(&names->list);
}

static int
add_name(struct names *names, struct span name, struct err *err)
{
	if (!spdx_licence_is_name(name))
		return 0;
	for (size_t i = 0; i < names->list.count; i++) {
		if (span_equal(names->list.items[i], name))
			return 0;
	}
	return vec_push(&names->list, &name, COPYRIGHT_LICENCES_MAX, err);
}

/* The value of "NAME: value" at the margin; .p NULL when the line is none. */
static struct span
field_value(struct span line, struct span name)
{
	struct span value = line;
	struct span found = span_cut(&value, ':');

	if (!value.p || !span_equal_nocase(found, name))
		return (struct span){NULL, 0};
	return span_trim(value);
}

/* Whether the first paragraph has a Format field. */
static bool
is_machine_readable(struct span text)
{
	struct span rest = text;
	bool begun = false;

	while (rest.p) {
		struct span line = span_cut(&rest, '\n');

		if (span_trim(line).n == 0) {
			if (begun)
				return false;
			continue;
		}
		begun = true;
		if (field_value(line, SPAN("Format")).p ||
		    field_value(line, SPAN("Format-Specification")).p)
			return true;
	}
	return false;
}

static int
read_fields(struct names *names, struct span text, struct err *err)
{
	struct span rest = text;
	int r = 0;

	while (rest.p && r >= 0) {
		struct span value = field_value(span_cut(&rest, '\n'), SPAN("License"));

		if (value.p)
			r = add_name(names, value, err);
	}
	return r;
}

static bool
is_file_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.';
}

static int
read_references(struct names *names, struct span text, struct err *err)
{
	while (text.n) {
		const char *at = memmem(text.p, text.n, COMMON, sizeof(COMMON) - 1);
		if (!at)
			return 0;
		/* "common-licenses/NAME" */
		size_t start = (size_t)(at - text.p) + sizeof("/usr/share");
		size_t from = (size_t)(at - text.p) + sizeof(COMMON) - 1;
		size_t end = from;

		while (end < text.n && is_file_name(text.p[end]))
			end++;
		size_t next = end;
		while (end > from && text.p[end - 1] == '.') /* ends the sentence */
			end--;
		int r = end > from ? add_name(names, span_slice(text, start, end), err) : 0;
		if (r < 0)
			return r;
		text = span_slice(text, next, text.n);
	}
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

int
deb_copyright_read(struct span text, struct arena *arena, struct span_list *ret, struct err *err)
{
	CLEANUP(names_cleanup) struct names names = {0};
	int r = 0;

	if (text.n > COPYRIGHT_MAX)
		return err_set(err, ERR_LIMIT, "copyright file of %zu bytes (COPYRIGHT_MAX %lu)",
			       text.n, COPYRIGHT_MAX);
	if (is_machine_readable(text))
		r = read_fields(&names, text, err);
	if (r >= 0 && names.list.count == 0)
		r = read_references(&names, text, err);
	if (r < 0)
		return r;

	struct span *items = arena_array(arena, names.list.count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < names.list.count; i++) {
		items[i] = arena_copy(arena, names.list.items[i]);
		if (!items[i].p)
			return err_memory(err);
	}
	qsort(items, names.list.count, sizeof(*items), compare_names);
	*ret = (struct span_list){items, names.list.count};
	return 0;
}
