/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options of a verb: a table says what each one sets. What --help prints is the
 * verb's manual page (man/mohs-VERB.1.scd), so both say the same.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum option_type {
	OPTION_FLAG, /* bool: set to true */
	OPTION_TEXT, /* const char *: the argument */
	OPTION_LIST, /* struct option_list: each argument is added */
};

enum { OPTION_LIST_MAX = 64 };

struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

/* A table ends with a NULL name; the `target` of that row is a further table, or NULL. */
struct option_spec {
	const char *name; /* "json": --json */
	char letter;	  /* 'o': -o; 0: none */
	enum option_type type;
	void *target;
};

enum options_result {
	OPTIONS_GO,
	OPTIONS_HELP, /* --help was printed: exit 0 */
	OPTIONS_BAD,  /* the complaint was printed: exit 2 */
};

/*
 * Parses argv (argv[0] is the verb); what is no option is left in *ret_rest, which needs
 * between least and most entries. Prints help and complaints itself.
 */
enum options_result options_parse(int argc, char **argv, const struct option_spec *specs,
				  size_t least, size_t most, struct option_list *ret_rest);

/* The manual page of a verb as plain text; NULL when there is none. Made from man/ by the build. */
const char *manual_text(const char *verb);
