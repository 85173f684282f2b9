/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/gemspec.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/spdx_licence.h"

struct reader {
	struct arena *arena;
	struct gemspec stub;	 /* what the line says */
	struct gemspec assigned; /* what the code says */
	struct buf depends;
	struct buf licences;
	VEC(struct span) files;
	bool old; /* what follows is for a RubyGems that does not know of kinds of dependencies */
};

static void
reader_cleanup(struct reader *reader)
{
	buf_cleanup(&reader->depends);
	buf_cleanup(&reader->licences);
	vec_free(&reader->files);
}

static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr("-_.+", c)))
			return false;
	}
	return s.n > 0 && s.p[0] != '.';
}

/* "# stub: rack 3.0.8 ruby lib": the first such line; one behind it lists extensions. */
static void
take_stub(struct reader *reader, struct span line)
{
	static const struct span head = SPAN_INIT("# stub: ");

	if (reader->stub.name.p || !span_starts_with(line, head))
		return;
	struct span rest = span_slice(line, head.n, line.n);
	reader->stub.name = span_cut(&rest, ' ');
	reader->stub.version = rest.p ? span_cut(&rest, ' ') : SPAN("");
	reader->stub.platform = rest.p ? span_cut(&rest, ' ') : SPAN("");
}

/* The next "text" in the line; false: no more. One with an escape in it is passed over. */
static bool
next_text(struct span *line, struct span *ret)
{
	while (line->n) {
		size_t open = span_find(*line, '"');
		size_t close = open + 1;
		bool plain = true;

		if (open == line->n)
			return false;
		while (close < line->n && line->p[close] != '"') {
			plain &= line->p[close] != '\\' && line->p[close] != '#';
			close += line->p[close] == '\\' ? 2 : 1;
		}
		if (close >= line->n)
			return false;
		*ret = span_slice(*line, open + 1, close);
		*line = span_slice(*line, close + 1, line->n);
		if (plain)
			return true;
	}
	return false;
}

static int
assign_name(struct reader *reader, struct span value, struct err *err)
{
	(void)err;
	(void)next_text(&value, &reader->assigned.name);
	return 0;
}

static int
assign_version(struct reader *reader, struct span value, struct err *err)
{
	(void)err;
	(void)next_text(&value, &reader->assigned.version);
	return 0;
}

static int
assign_platform(struct reader *reader, struct span value, struct err *err)
{
	(void)err;
	(void)next_text(&value, &reader->assigned.platform);
	return 0;
}

static int
assign_licences(struct reader *reader, struct span value, struct err *err)
{
	struct span name;
	int r = 0;

	reader->licences.n = 0;
	while (r == 0 && next_text(&value, &name))
		r = buf_printf(&reader->licences, err, "%s%.*s", reader->licences.n ? " OR " : "",
			       SPAN_ARG(name));
	return r;
}

static int
assign_files(struct reader *reader, struct span value, struct err *err)
{
	struct span name;
	int r = 0;

	while (r == 0 && next_text(&value, &name))
		r = vec_push(&reader->files, &name, PACKAGE_FILES_MAX, err);
	return r;
}

static const struct {
	struct span name;
	int (*assign)(struct reader *reader, struct span value, struct err *err);
} members[] = {
	{SPAN_INIT("name"), assign_name},	  {SPAN_INIT("version"), assign_version},
	{SPAN_INIT("platform"), assign_platform}, {SPAN_INIT("license"), assign_licences},
	{SPAN_INIT("licenses"), assign_licences}, {SPAN_INIT("files"), assign_files},
};

/* "s.name = ...". */
static int
take_assignment(struct reader *reader, struct span line, struct err *err)
{
	size_t dot = span_find(line, '.');
	size_t sign = span_find(line, '=');

	if (dot >= sign || sign == line.n)
		return 0;
	struct span member = span_trim(span_slice(line, dot + 1, sign));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (span_equal(member, members[i].name))
			return members[i].assign(reader, span_slice(line, sign + 1, line.n), err);
	}
	return 0;
}

/* "s.add_runtime_dependency(%q<rack>.freeze, [">= 2"])"; newer: add_dependency. */
static int
take_dependency(struct reader *reader, struct span line, struct err *err)
{
	static const struct span kinds[] = {SPAN_INIT(".add_runtime_dependency(%q<"),
					    SPAN_INIT(".add_dependency(%q<")};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *at = memmem(line.p, line.n, kinds[i].p, kinds[i].n);

		if (!at)
			continue;
		struct span name = span_slice(line, (size_t)(at - line.p) + kinds[i].n, line.n);
		name.n = span_find(name, '>');
		if (is_word(name))
			r = buf_printf(&reader->depends, err, "%s%.*s",
				       reader->depends.n ? " " : "", SPAN_ARG(name));
	}
	return r;
}

static int
take_line(struct reader *reader, struct span line, struct err *err)
{
	line = span_trim(line);
	if (line.n && line.p[0] == '#') {
		take_stub(reader, line);
		return 0;
	}
	if (span_equal(line, SPAN("else")))
		reader->old = true;
	if (span_equal(line, SPAN("end")))
		reader->old = false;
	if (reader->old || line.n == 0)
		return 0;
	int r = take_assignment(reader, line, err);
	return r < 0 ? r : take_dependency(reader, line, err);
}

/* What is in both must be the same. */
static int
settle(struct reader *reader, struct gemspec *ret, struct err *err)
{
	const struct gemspec *stub = &reader->stub;
	const struct gemspec *code = &reader->assigned;

	if ((stub->name.n && code->name.n && !span_equal(stub->name, code->name)) ||
	    (stub->version.n && code->version.n && !span_equal(stub->version, code->version)))
		return err_set(err, ERR_INVALID, "it says two names or versions");
	ret->name = stub->name.n ? stub->name : code->name;
	ret->version = stub->version.n ? stub->version : code->version;
	ret->platform = stub->platform.n ? stub->platform : code->platform;
	if (!is_word(ret->name) || !is_word(ret->version))
		return err_set(err, ERR_INVALID, "no name and version that can be told");
	if (ret->platform.n == 0)
		ret->platform = SPAN("ruby");
	if (!is_word(ret->platform))
		return err_set(err, ERR_INVALID, "no platform that can be told");
	return 0;
}

int
gemspec_read(struct span text, struct arena *arena, struct gemspec *ret, struct err *err)
{
	CLEANUP(reader_cleanup)
	struct reader reader = {
		.arena = arena,
		.depends = BUF_INIT(LANGUAGE_RECORD_MAX),
		.licences = BUF_INIT(LANGUAGE_RECORD_MAX),
	};
	struct gemspec gem = {.name = SPAN("")};
	struct span rest = text;
	int r = 0;

	if (text.n > LANGUAGE_RECORD_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (LANGUAGE_RECORD_MAX %lu)", text.n,
			       LANGUAGE_RECORD_MAX);
	while (r == 0 && rest.p)
		r = take_line(&reader, span_cut(&rest, '\n'), err);
	if (r == 0)
		r = settle(&reader, &gem, err);
	if (r < 0)
		return r;
	gem.depends = arena_copy(arena, buf_span(&reader.depends));
	bool named = spdx_licence_is_name(buf_span(&reader.licences));
	gem.licence = arena_copy(arena, named ? buf_span(&reader.licences) : SPAN(""));
	gem.files.count = reader.files.count;
	gem.files.items = vec_keep(&reader.files, arena);
	if (!gem.depends.p || !gem.licence.p || !gem.files.items)
		return err_memory(err);
	*ret = gem;
	return 0;
}
