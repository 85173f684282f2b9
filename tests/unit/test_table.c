/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "cmd/printable.h"
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

/* Of the three the column gives way in which the fewest cells lose; no part of a name is lost. */
static void
names_go_on_below(void **state)
{
	static const struct table_column names[] = {{"package", FIT_SPLIT, false},
						    {"version", FIT_SPLIT, false},
						    {"fix", FIT_SPLIT, false}};
	struct arena *arena = arena_new(0);
	struct table *table = table_new(arena, names, 3);
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_true(table_row(table, (struct table_cell[]){cell("gzip"), cell("1:2.38.1-5"),
								   cell("open")}));
	assert_true(table_row(table, (struct table_cell[]){cell("libnginx-mod-http-geoip"),
							   cell("1.22.1-9"), cell("")}));
	table_print(table, to, 30);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "package       version     fix\n"
				  "gzip          1:2.38.1-5  open\n"
				  "gzip          1:2.38.1-5  open\n"
				  "libnginx-     1.22.1-9\n"
				  "mod-http-\n"
				  "geoip\n");
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

static void
nothing_a_terminal_acts_on_is_printed(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} cases[] = {
		{"plain é 漢", "plain é 漢\n"},
		{"\x1b[2J\r\b\a\x7f", "?[2J????\n"},
		{"a\nb\tc", "a b c\n"},
		{"\xc2\x9b"
		 "31m",
		 "?31m\n"}, /* CSI as one character */
		{"\x9b"
		 "31m\xff",
		 "?31m?\n"},			 /* and as one byte */
		{"\xc0\x9b", "??\n"},		 /* overlong */
		{"\xe0\x80\x9b", "???\n"},	 /* overlong */
		{"\xed\xa0\x80", "?\n"},	 /* a surrogate */
		{"\xf4\x90\x80\x80", "?\n"},	 /* beyond Unicode */
		{"\xe6\xbc", "??\n"},		 /* cut short */
		{"gpj.\xe2\x80\xae", "gpj.?\n"}, /* right to left */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&text, &size);

		printable_line(to, "%s", cases[i].text);
		assert_int_equal(fclose(to), 0);
		assert_string_equal(text, cases[i].shown);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_needed),
		cmocka_unit_test(narrow_terminals_cut_and_wrap),
		cmocka_unit_test(names_go_on_below),
		cmocka_unit_test(widths_know_unicode),
		cmocka_unit_test(nothing_a_terminal_acts_on_is_printed),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
