/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
	SPECS_MAX = 32,
	FIRST_CODE = 256, /* what getopt_long() returns for specs[0] */
	HELP_CODE = 'h',
};

struct getopt_tables {
	const struct option_spec *specs[SPECS_MAX];
	size_t count;
	struct option longs[SPECS_MAX + 2];
	char letters[SPECS_MAX * 2 + 4];
};

static void
fill_tables(const struct option_spec *spec, struct getopt_tables *tables)
{
	size_t letters = 0;

	tables->letters[letters++] = ':';
	tables->letters[letters++] = HELP_CODE;
	for (; spec && tables->count < SPECS_MAX; spec = spec->name ? spec + 1 : spec->target) {
		bool argument = spec->type != OPTION_FLAG;
		size_t i = tables->count;

		if (!spec->name)
			continue;
		tables->specs[i] = spec;
		tables->longs[i] =
			(struct option){spec->name, argument ? required_argument : no_argument,
					NULL, FIRST_CODE + (int)i};
		tables->count++;
		if (spec->letter) {
			tables->letters[letters++] = spec->letter;
			if (argument)
				tables->letters[letters++] = ':';
		}
	}
	tables->longs[tables->count] = (struct option){"help", no_argument, NULL, HELP_CODE};
}

static const struct option_spec *
find_spec(const struct getopt_tables *tables, int code)
{
	if (code >= FIRST_CODE)
		return tables->specs[code - FIRST_CODE];
	for (size_t i = 0; i < tables->count; i++) {
		if (tables->specs[i]->letter == code)
			return tables->specs[i];
	}
	return NULL;
}

/* False when a list is full. */
static bool
apply(const struct option_spec *spec, const char *argument)
{
	struct option_list *list = spec->target;

	switch (spec->type) {
	case OPTION_FLAG:
		*(bool *)spec->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)spec->target = argument;
		return true;
	case OPTION_LIST:
		if (list->count == OPTION_LIST_MAX)
			return false;
		list->items[list->count++] = argument;
		return true;
	}
	return false;
}

static enum options_result
complain(const char *verb, const char *what, const char *which)
{
	(void)fprintf(stderr, "mohs %s: %s%s; mohs %s --help says what there is\n", verb, what,
		      which, verb);
	return OPTIONS_BAD;
}

/* The lines below SYNOPSIS in the verb's manual page. */
static void
print_synopsis(const char *verb)
{
	static const char title[] = "SYNOPSIS\n\n";
	const char *text = manual_text(verb);
	const char *start = text ? strstr(text, title) : NULL;
	const char *end = start ? strstr(start + sizeof(title), "\n\n") : NULL;

	if (!end)
		return;
	start += sizeof(title) - 1;
	(void)fprintf(stderr, "%.*s\n", (int)(end - start), start);
}

static enum options_result
take_rest(int argc, char **argv, size_t least, size_t most, struct option_list *ret_rest)
{
	size_t count = (size_t)(argc - optind);

	if (count < least || count > most || count > OPTION_LIST_MAX) {
		(void)complain(argv[0],
			       count < least ? "an argument is missing" : "one argument too many: ",
			       count < least ? "" : argv[argc - 1]);
		print_synopsis(argv[0]);
		return OPTIONS_BAD;
	}
	*ret_rest = (struct option_list){.count = count};
	for (size_t i = 0; i < count; i++)
		ret_rest->items[i] = argv[optind + (int)i];
	return OPTIONS_GO;
}

enum options_result
options_parse(int argc, char **argv, const struct option_spec *specs, size_t least, size_t most,
	      struct option_list *ret_rest)
{
	struct getopt_tables tables = {0};

	fill_tables(specs, &tables);
	opterr = 0;
	optind = 1;
	for (;;) {
		int code = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
		if (code == -1)
			return take_rest(argc, argv, least, most, ret_rest);
		if (code == HELP_CODE) {
			const char *text = manual_text(argv[0]);

			(void)fputs(text ? text : "no manual page was built in\n", stdout);
			return OPTIONS_HELP;
		}
		if (code == ':')
			return complain(argv[0], "an argument is missing to ", argv[optind - 1]);

		const struct option_spec *spec = code == '?' ? NULL : find_spec(&tables, code);
		if (!spec)
			return complain(argv[0], "no option ", argv[optind - 1]);
		if (!apply(spec, optarg))
			return complain(argv[0], "given too often: --", spec->name);
	}
}
