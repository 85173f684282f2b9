/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/imports.h"

#include "base/limits.h"

static bool
is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static struct span
skip_blanks(struct span s)
{
	size_t i = 0;

	while (i < s.n && is_blank(s.p[i]))
		i++;
	return span_slice(s, i, s.n);
}

/* A name with `joiner` between its words, off the front of *rest; empty when there is none. */
static struct span
cut_name(struct span *rest, struct span joiner)
{
	struct span s = skip_blanks(*rest);
	size_t i = 0;

	while (i < s.n) {
		size_t word = i;

		while (i < s.n && is_word(s.p[i]))
			i++;
		if (i == word)
			break;
		if (i + joiner.n >= s.n || memcmp(s.p + i, joiner.p, joiner.n) != 0 ||
		    !is_word(s.p[i + joiner.n]))
			break;
		i += joiner.n;
	}
	*rest = span_slice(s, i, s.n);
	return span_slice(s, 0, i);
}

/* Takes the keyword off the front when a blank (or a point or quote) follows it. */
static bool
cut_keyword(struct span *line, struct span keyword, struct span after)
{
	if (!span_starts_with(*line, keyword) || line->n == keyword.n ||
	    span_find(after, line->p[keyword.n]) == after.n)
		return false;
	*line = span_slice(*line, keyword.n, line->n);
	return true;
}

/* ---- Python ---- */

struct python {
	import_member_visit visit;
	void *context;
	size_t shown;
	bool stopped;
};

static void
show(struct python *python, unsigned dots, struct span name, struct span member)
{
	if (python->shown++ >= IMPORTS_MAX || !python->visit(python->context, dots, name, member))
		python->stopped = true;
}

/* "a, b.c as d" */
static void
import_list(struct python *python, struct span line)
{
	while (!python->stopped) {
		struct span name = cut_name(&line, SPAN("."));

		if (name.n == 0)
			return;
		show(python, 0, name, SPAN(""));
		line = skip_blanks(line);
		if (cut_keyword(&line, SPAN("as"), SPAN(" \t")))
			(void)cut_name(&line, SPAN("."));
		line = skip_blanks(line);
		if (line.n == 0 || line.p[0] != ',')
			return;
		line = span_slice(line, 1, line.n);
	}
}

/* Members up to the end of the line, or of the parentheses, over lines and comments. */
static struct span
from_members(struct python *python, unsigned dots, struct span name, struct span rest)
{
	bool open = rest.n && rest.p[0] == '(';

	rest = span_slice(rest, open, rest.n);
	while (!python->stopped && rest.n) {
		if (is_blank(rest.p[0]) || rest.p[0] == ',' || rest.p[0] == '\r' ||
		    (open && rest.p[0] == '\n')) {
			rest = span_slice(rest, 1, rest.n);
			continue;
		}
		if (rest.p[0] == '\\' && rest.n > 1 && rest.p[1] == '\n') {
			rest = span_slice(rest, 2, rest.n);
			continue;
		}
		if (open && rest.p[0] == '#') {
			rest = span_slice(rest, span_find(rest, '\n'), rest.n);
			continue;
		}
		struct span member = cut_name(&rest, SPAN("."));
		if (member.n == 0)
			break;
		show(python, dots, name, member);
		rest = skip_blanks(rest);
		if (cut_keyword(&rest, SPAN("as"), SPAN(" \t")))
			(void)cut_name(&rest, SPAN("."));
	}
	return rest;
}

/* Behind "from": "..a.b import c, d". What follows the statement. */
static struct span
from_import(struct python *python, struct span rest)
{
	unsigned dots = 0;

	rest = skip_blanks(rest);
	while (rest.n && (rest.p[0] == '.' || is_blank(rest.p[0]))) {
		dots += rest.p[0] == '.' && dots < IMAGE_DEPTH_MAX;
		rest = span_slice(rest, 1, rest.n);
	}
	struct span after = rest;
	struct span name = cut_name(&after, SPAN("."));
	if (dots > 0 && span_equal(name, SPAN("import")))
		name = SPAN("");
	else
		rest = skip_blanks(after);
	if ((name.n == 0 && dots == 0) || !cut_keyword(&rest, SPAN("import"), SPAN(" \t(*")))
		return rest;
	show(python, dots, name, SPAN(""));
	return from_members(python, dots, name, skip_blanks(rest));
}

/* Whether a text of several lines is open behind this line; `quote` is which, or 0. */
static char
follow_quotes(struct span line, char quote)
{
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		bool triple = i + 2 < line.n && (c == '"' || c == '\'') && line.p[i + 1] == c &&
			      line.p[i + 2] == c;

		if (c == '\\') {
			i++;
		} else if (quote && triple && c == quote) {
			quote = 0;
			i += 2;
		} else if (!quote && triple) {
			quote = c;
			i += 2;
		} else if (!quote && (c == '"' || c == '\'')) {
			size_t end = i + 1;

			while (end < line.n && line.p[end] != c)
				end += line.p[end] == '\\' ? 2 : 1;
			i = end;
		} else if (!quote && c == '#') {
			break;
		}
	}
	return quote;
}

void
imports_python(struct span source, import_member_visit visit, void *context)
{
	struct python python = {.visit = visit, .context = context};
	char quote = 0;

	while (source.p && source.n && !python.stopped) {
		struct span rest = source;
		struct span line = span_cut(&source, '\n');
		struct span statement = skip_blanks(line);

		if (quote) {
			quote = follow_quotes(line, quote);
			continue;
		}
		if (cut_keyword(&statement, SPAN("import"), SPAN(" \t"))) {
			import_list(&python, statement);
		} else if (cut_keyword(&statement, SPAN("from"), SPAN(" \t."))) {
			size_t at = (size_t)(statement.p - rest.p);
			struct span behind = from_import(&python, span_slice(rest, at, rest.n));

			/* the statement may have gone over further lines */
			if (source.p && behind.p > source.p)
				source = behind;
			continue;
		}
		quote = follow_quotes(line, 0);
	}
}

/* ---- what Perl and Ruby have in common ---- */

/* The text in quotes in front; empty when there is none, or when it is put together ('$', '#'). */
static struct span
quoted(struct span line)
{
	line = skip_blanks(line);
	if (line.n == 0 || (line.p[0] != '"' && line.p[0] != '\''))
		return SPAN("");
	char quote = line.p[0];
	line = span_slice(line, 1, line.n);
	size_t end = span_find(line, quote);
	line = span_slice(line, 0, end < line.n ? end : 0);
	return memchr(line.p, '$', line.n) || memchr(line.p, '#', line.n) ? SPAN("") : line;
}

/* ---- Perl ---- */

/* A name or, in quotes, a file. */
static struct span
perl_operand(struct span line)
{
	line = skip_blanks(line);
	if (line.n && (line.p[0] == '"' || line.p[0] == '\''))
		return quoted(line);
	struct span name = cut_name(&line, SPAN("::"));
	/* a version: "use 5.036;", "use v5.36;" */
	bool version = name.n &&
		       ((name.p[0] >= '0' && name.p[0] <= '9') ||
			(name.p[0] == 'v' && name.n > 1 && name.p[1] >= '0' && name.p[1] <= '9'));
	return version ? SPAN("") : name;
}

void
imports_perl(struct span source, import_visit visit, void *context)
{
	bool pod = false;

	for (size_t shown = 0; source.p && shown < IMPORTS_MAX;) {
		struct span line = span_cut(&source, '\n');
		struct span statement = skip_blanks(line);

		if (line.n && line.p[0] == '=')
			pod = !span_starts_with(line, SPAN("=cut"));
		if (pod)
			continue;
		if (span_starts_with(line, SPAN("__END__")) ||
		    span_starts_with(line, SPAN("__DATA__")))
			return;
		if (!cut_keyword(&statement, SPAN("use"), SPAN(" \t")) &&
		    !cut_keyword(&statement, SPAN("no"), SPAN(" \t")) &&
		    !cut_keyword(&statement, SPAN("require"), SPAN(" \t\"'")))
			continue;
		struct span name = perl_operand(statement);
		if (name.n == 0)
			continue;
		shown++;
		if (!visit(context, 0, name))
			return;
	}
}

/* ---- Ruby ---- */

/* What a statement loads; *ret_dots 1 when that is relative to the file. */
static struct span
ruby_operand(struct span line, unsigned *ret_dots)
{
	static const struct span after = SPAN_INIT(" \t(\"'");

	*ret_dots = 0;
	if (cut_keyword(&line, SPAN("require_relative"), after)) {
		*ret_dots = 1;
	} else if (cut_keyword(&line, SPAN("autoload"), after)) {
		size_t comma = span_find(line, ',');

		line = span_slice(line, comma < line.n ? comma + 1 : comma, line.n);
	} else if (!cut_keyword(&line, SPAN("require"), after) &&
		   !cut_keyword(&line, SPAN("load"), after)) {
		return SPAN("");
	}
	line = skip_blanks(line);
	if (line.n && line.p[0] == '(')
		line = span_slice(line, 1, line.n);
	return quoted(line);
}

void
imports_ruby(struct span source, import_visit visit, void *context)
{
	bool comment = false;

	for (size_t shown = 0; source.p && shown < IMPORTS_MAX;) {
		struct span line = span_cut(&source, '\n');
		unsigned dots;

		if (span_starts_with(line, SPAN("=begin")) || span_starts_with(line, SPAN("=end")))
			comment = span_starts_with(line, SPAN("=begin"));
		if (comment)
			continue;
		if (span_starts_with(line, SPAN("__END__")))
			return;
		struct span name = ruby_operand(skip_blanks(line), &dots);
		if (name.n == 0)
			continue;
		shown++;
		if (!visit(context, dots, name))
			return;
	}
}
