/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/table.h"

#include "cmd/printable.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	COLUMNS_MAX = 12,
	GAP = 2,
	NARROWEST = 4, /* no flexible column gets narrower */
	SPREAD_MAX = 200,
	NO_LIMIT = 100000,
};

struct row {
	struct row *next;
	struct span link; /* of one cell; empty: none */
	size_t link_column;
	struct table_cell cells[];
};

struct table {
	struct arena *arena;
	const struct table_column *columns;
	size_t count;
	struct row *first;
	struct row **last;
	struct row *youngest;
};

struct table *
table_new(struct arena *arena, const struct table_column *columns, size_t count)
{
	struct table *table = arena_alloc(arena, sizeof(*table));

	if (!table || count > COLUMNS_MAX)
		return NULL;
	*table = (struct table){.arena = arena, .columns = columns, .count = count};
	table->last = &table->first;
	return table;
}

bool
table_row(struct table *table, const struct table_cell *cells)
{
	size_t size = table->count * sizeof(cells[0]);
	struct row *row = arena_alloc(table->arena, sizeof(*row) + size);

	if (!row)
		return false;
	memcpy(row->cells, cells, size);
	*table->last = row;
	table->last = &row->next;
	table->youngest = row;
	return true;
}

void
table_link(struct table *table, size_t column, struct span url)
{
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] <= ' ' || url.p[i] > '~')
			return;
	}
	table->youngest->link = url;
	table->youngest->link_column = column;
}

/* ---- widths ---- */

static bool
in_range(uint32_t code, uint32_t low, uint32_t high)
{
	return code >= low && code <= high;
}

/* Unicode's common blocks, without a locale: combining marks 0, East Asian wide and emoji 2. */
static size_t
character_width(uint32_t code)
{
	if (in_range(code, 0x300, 0x36f) || in_range(code, 0x200b, 0x200f) || code == 0xfeff)
		return 0;
	if (in_range(code, 0x1100, 0x115f) || in_range(code, 0x2e80, 0xa4cf) ||
	    in_range(code, 0xac00, 0xd7a3) || in_range(code, 0xf900, 0xfaff) ||
	    in_range(code, 0xff00, 0xff60) || in_range(code, 0x1f300, 0x1faff) ||
	    in_range(code, 0x20000, 0x3fffd))
		return 2;
	return 1;
}

size_t
table_width(struct span text)
{
	size_t width = 0;

	while (text.n > 0) {
		uint32_t shown;
		uint32_t code;
		size_t n = printable_next(text, &shown, &code);

		width += character_width(shown);
		text = span_slice(text, n, text.n);
	}
	return width;
}

/* The longest front of `text` that fits; with `wrap` broken where words are, when it has any. */
static struct span
fitting(struct span text, size_t width, bool wrap)
{
	size_t used = 0;
	size_t at = 0;
	size_t end = 0; /* of the last word */
	size_t dot = 0; /* behind the last one: for want of words */

	while (at < text.n) {
		uint32_t shown;
		uint32_t code;
		size_t n = printable_next(span_slice(text, at, text.n), &shown, &code);

		if (used + character_width(shown) > width)
			return span_slice(text, 0, !wrap ? at : end ? end : dot ? dot : at);
		if (shown == ' ')
			end = at;
		used += character_width(shown);
		at += n;
		if (shown == '-' || shown == '+' || shown == '/')
			end = at;
		if (shown == '.')
			dot = at;
	}
	return text;
}

static size_t
stream_width(FILE *to)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	uint64_t width;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns && span_to_u64(span_from(columns), &width) && width > 0 && width < NO_LIMIT)
		return (size_t)width;
	return isatty(fileno(to)) ? 80 : NO_LIMIT;
}

static void
natural_widths(const struct table *table, size_t widths[COLUMNS_MAX])
{
	for (size_t i = 0; i < table->count; i++)
		widths[i] = table_width(span_from(table->columns[i].title));
	for (const struct row *row = table->first; row; row = row->next) {
		for (size_t i = 0; i < table->count; i++) {
			size_t width = table_width(row->cells[i].text);
			if (width > widths[i])
				widths[i] = width;
		}
	}
}

/* Whether it can get narrower still. */
static bool
is_flexible(const struct table *table, const size_t widths[COLUMNS_MAX], size_t column)
{
	return table->columns[column].fit != FIT_RIGID && widths[column] > NARROWEST;
}

/* The widest flexible column that can still give way, or table->count. */
static size_t
widest_flexible(const struct table *table, const size_t widths[COLUMNS_MAX])
{
	size_t found = table->count;

	for (size_t i = 0; i < table->count; i++) {
		if (is_flexible(table, widths, i) &&
		    (found == table->count || widths[i] > widths[found]))
			found = i;
	}
	return found;
}

/* Cells of each width, those of the widest sort together. */
struct spread {
	size_t cells[COLUMNS_MAX][SPREAD_MAX + 1];
};

static void
fill_spread(const struct table *table, struct spread *spread)
{
	for (const struct row *row = table->first; row; row = row->next) {
		for (size_t i = 0; i < table->count; i++) {
			size_t width = table_width(row->cells[i].text);

			spread->cells[i][width < SPREAD_MAX ? width : SPREAD_MAX]++;
		}
	}
}

/* How many cells of a column would not fit if it were narrower by one. */
static size_t
losers(const struct spread *spread, size_t column, size_t width)
{
	size_t count = 0;

	for (size_t i = width < SPREAD_MAX ? width : SPREAD_MAX; i <= SPREAD_MAX; i++)
		count += spread->cells[column][i];
	return count;
}

/* A column of sentences when it is the widest; else the one of which the fewest cells lose. */
static size_t
next_to_shrink(const struct table *table, const struct spread *spread,
	       const size_t widths[COLUMNS_MAX])
{
	size_t found = widest_flexible(table, widths);

	if (found == table->count || table->columns[found].fit == FIT_WRAP)
		return found;
	for (size_t i = 0; i < table->count; i++) {
		if (is_flexible(table, widths, i) && table->columns[i].fit != FIT_WRAP &&
		    losers(spread, i, widths[i]) < losers(spread, found, widths[found]))
			found = i;
	}
	return found;
}

static void
shrink_widths(const struct table *table, size_t width, size_t widths[COLUMNS_MAX])
{
	struct spread spread = {0};
	size_t total = GAP * (table->count - 1);

	for (size_t i = 0; i < table->count; i++)
		total += widths[i];
	if (total > width)
		fill_spread(table, &spread);
	while (total > width) {
		size_t i = next_to_shrink(table, &spread, widths);
		if (i == table->count)
			return;
		widths[i]--;
		total--;
	}
}

/* ---- printing ---- */

bool
table_colours(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(to)) && !(no_color && no_color[0]) &&
	       !(term && strcmp(term, "dumb") == 0);
}

/* What a terminal sets that has links; an empty value: the variable alone says so. */
static const struct {
	const char *variable;
	const char *value;
} linking[] = {
	{"VTE_VERSION", ""},
	{"WT_SESSION", ""},
	{"KONSOLE_VERSION", ""},
	{"KITTY_WINDOW_ID", ""},
	{"DOMTERM", ""},
	{"TERM", "xterm-kitty"},
	{"TERM", "alacritty"},
	{"TERM", "foot"},
	{"TERM", "xterm-ghostty"},
	{"TERM_PROGRAM", "iTerm.app"},
	{"TERM_PROGRAM", "WezTerm"},
	{"TERM_PROGRAM", "vscode"},
	{"TERM_PROGRAM", "ghostty"},
	{"FORCE_HYPERLINK", ""},
};

bool
table_links(FILE *to)
{
	for (size_t i = 0; i < sizeof(linking) / sizeof(linking[0]) && table_colours(to); i++) {
		const char *value = getenv(linking[i].variable);

		if (value && value[0] &&
		    (!linking[i].value[0] || strcmp(value, linking[i].value) == 0))
			return true;
	}
	return false;
}

const char *
table_style_on(FILE *to, enum table_style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",	   [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[1;31m",
		[STYLE_WARN] = "\033[33m", [STYLE_DIM] = "\033[2m",   [STYLE_BOLD] = "\033[1m",
	};

	return table_colours(to) ? codes[style] : "";
}

const char *
table_style_off(FILE *to, enum table_style style)
{
	return style != STYLE_PLAIN && table_colours(to) ? "\033[0m" : "";
}

static void
print_blanks(FILE *to, size_t count)
{
	(void)fprintf(to, "%*s", (int)count, "");
}

/* One line of a cell; *text keeps what is left for the next line (wrapping columns only). */
static void
print_cell(FILE *to, const struct table_column *column, enum table_style style, struct span *text,
	   size_t width, bool last)
{
	bool fits = table_width(*text) <= width;
	bool wrap = column->fit == FIT_WRAP || column->fit == FIT_SPLIT;
	struct span part = fits ? *text : fitting(*text, wrap ? width : width - 1, wrap);
	size_t used = table_width(part) + (!fits && !wrap ? 1 : 0);
	size_t padding = used < width ? width - used : 0;

	if (column->right)
		print_blanks(to, padding);
	(void)fputs(table_style_on(to, style), to);
	printable_put(to, part);
	if (!fits && !wrap)
		(void)fputs("…", to);
	(void)fputs(table_style_off(to, style), to);
	if (!column->right && !last)
		print_blanks(to, padding);
	*text = wrap ? span_trim(span_slice(*text, part.n, text->n)) : SPAN("");
}

static void
print_row(const struct table *table, FILE *to, const struct table_cell *cells, struct span link,
	  size_t link_column, const size_t widths[COLUMNS_MAX])
{
	struct span rest[COLUMNS_MAX];
	bool more = true;

	for (size_t i = 0; i < table->count; i++)
		rest[i] = cells[i].text;
	while (more) {
		size_t end = table->count;

		while (end > 1 && rest[end - 1].n == 0)
			end--;
		more = false;
		for (size_t i = 0; i < end; i++) {
			bool last = i + 1 == end;
			bool linked = link.n && i == link_column && table_links(to);

			if (linked)
				(void)fprintf(to, "\033]8;;%.*s\033\\", SPAN_ARG(link));
			print_cell(to, &table->columns[i], cells[i].style, &rest[i], widths[i],
				   last);
			if (linked)
				(void)fputs("\033]8;;\033\\", to);
			if (!last)
				print_blanks(to, GAP);
			more = more || rest[i].n > 0;
		}
		(void)fputc('\n', to);
	}
}

void
table_print(const struct table *table, FILE *to, size_t width)
{
	size_t widths[COLUMNS_MAX];
	struct table_cell titles[COLUMNS_MAX];
	bool titled = false;

	natural_widths(table, widths);
	shrink_widths(table, width ? width : stream_width(to), widths);
	for (size_t i = 0; i < table->count; i++) {
		titles[i] = (struct table_cell){span_from(table->columns[i].title), STYLE_DIM};
		titled = titled || titles[i].text.n > 0;
	}
	if (titled)
		print_row(table, to, titles, SPAN(""), 0, widths);
	for (const struct row *row = table->first; row; row = row->next)
		print_row(table, to, row->cells, row->link, row->link_column, widths);
}
