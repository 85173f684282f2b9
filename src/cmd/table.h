/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that fit the terminal: columns are as wide as their widest cell; when that is more
 * than the width, flexible columns give way (an ellipsis ends what was cut), or wrap.
 */
#pragma once

#include "base/arena.h"

#include <stdio.h>

enum table_style {
	STYLE_PLAIN,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARN,
	STYLE_DIM,
	STYLE_BOLD,
};

enum table_fit {
	FIT_RIGID,
	FIT_CUT,   /* gives way, cut with an ellipsis */
	FIT_SPLIT, /* gives way, goes on below; names and versions, of which no part may be lost */
	FIT_WRAP,  /* the same for sentences, which give way first */
};

struct table_column {
	const char *title;
	enum table_fit fit;
	bool right; /* numbers */
};

struct table_cell {
	struct span text;
	enum table_style style;
};

struct table;

/* At most 12 columns. The table lives in `arena`. NULL without memory. */
struct table *table_new(struct arena *arena, const struct table_column *columns, size_t count);

/* One cell per column; texts are borrowed until the table is printed. False without memory. */
bool table_row(struct table *table, const struct table_cell *cells);

/*
 * The cell of the last row in this column leads to `url`, on terminals that know how (OSC 8); of
 * printable ASCII alone, else it is left out. Borrowed until the table is printed.
 */
void table_link(struct table *table, size_t column, struct span url);

/* Width 0: what the terminal behind `to` has ($COLUMNS, else 80, when it is none: no limit). */
void table_print(const struct table *table, FILE *to, size_t width);

/* Columns a terminal needs to show UTF-8 text (combining marks 0, wide characters 2). */
size_t table_width(struct span text);

/* Whether colours are wanted on this stream: a terminal, and no $NO_COLOR. */
bool table_colours(FILE *to);

/* Whether links are: colours are, and the terminal is known to have them, or $FORCE_HYPERLINK. */
bool table_links(FILE *to);

/* The escape sequences of a style, or "". */
const char *table_style_on(FILE *to, enum table_style style);
const char *table_style_off(FILE *to, enum table_style style);
