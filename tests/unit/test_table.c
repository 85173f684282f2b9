/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cmd/table.h"

#include <stdlib.h>

static const struct table_column columns[] = {
	{"package", FIT_CUT, false},
	{"count", FIT_RIGID, true},
	{"why", FIT_WRAP, false},
};

static struct table_cell
cell(const char *text)
{
	return (struct table_cell){span_from(text), STYLE_PLAIN};
}

/* What a table prints at a width. */
static char *
printed(struct arena *arena, size_t width)
{
	struct table *table = table_new(arena, columns, 3);
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(table);
	assert_true(table_row(
		table, (struct table_cell[]){cell("libc6"), cell("12"), cell("needed by nginx")}));
	assert_true(table_row(table, (struct table_cell[]){cell("libgcc-s1-with-a-long-name"),
							   cell("3"), cell("n\x1b[31m")}));
	table_print(table, to, width);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void
columns_are_as_wide_as_needed(void **state)
{
	struct arena *arena = arena_new(0);
	char *text = printed(arena, 80);

	(void)state;
	assert_string_equal(text, "package                     count  why\n"
				  "libc6                          12  needed by nginx\n"
				  "libgcc-s1-with-a-long-name      3  n?[31m\n");
	free(text);
	arena_free(arena);
}

static void
narrow_terminals_cut_and_wrap(void **state)
{
	struct arena *arena = arena_new(0);
	char *text = printed(arena, 34);

	(void)state;
	assert_string_equal(text, "package       count  why\n"
				  "libc6            12  needed by\n"
				  "                     nginx\n"
				  "libgcc-s1-w…      3  n?[31m\n");
	free(text);
	arena_free(arena);
}

static void
widths_know_unicode(void **state)
{
	(void)state;
	assert_int_equal(table_width(SPAN("abc")), 3);
	assert_int_equal(table_width(SPAN("é")), 1);
	assert_int_equal(table_width(SPAN("e\xcc\x81")), 1);
	assert_int_equal(table_width(SPAN("漢字")), 4);
	assert_int_equal(table_width(SPAN("\xff\xfe")), 2);
	assert_int_equal(table_width(SPAN("\xe6\xbc")), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_needed),
		cmocka_unit_test(narrow_terminals_cut_and_wrap),
		cmocka_unit_test(widths_know_unicode),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
