/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start script may act on, by its text: names of variables, beginnings of such names, and
 * words it compares arguments with. Not a parser of any shell: whatever could be such a name is
 * one, so that more is found than is used, never less, but for names that are put together at run
 * time.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"

enum script_word {
	SCRIPT_NAME,	 /* "$NAME", "${NAME...}", or any word in capitals */
	SCRIPT_SUFFIX,	 /* "_FILE" behind an expansion: NAME_FILE for every name */
	SCRIPT_PREFIX,	 /* "FOO_" before an expansion */
	SCRIPT_ARGUMENT, /* "--help", and the words of `case` patterns */
	SCRIPT_WORDS,
};

struct script_found {
	struct span_list words[SCRIPT_WORDS]; /* by text, each once */
	bool whole; /* it reads the environment as a whole: env, printenv, compgen, ENVIRON */
};

enum script_kind {
	SCRIPT_CODE,
	SCRIPT_DATA, /* a template, a configuration: only "$NAME" and "${NAME...}" count */
};

/* Adds what is found in one text; words live in `arena`. ERR_LIMIT over START_VARIABLES_MAX. */
int script_scan(struct span text, enum script_kind kind, struct arena *arena,
		struct script_found *found, struct err *err);

/* Whether it gives the variable a value itself somewhere: NAME=, for NAME, read NAME, local NAME.
 */
bool script_assigns(struct span text, struct span name);

/*
 * Other words of the lines that name the variable, at most `most`: values it may be compared with.
 */
size_t script_values(struct span text, struct span name, struct span *values, size_t most);
