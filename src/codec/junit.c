/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/junit.h"

#include "base/limits.h"

#include <expat.h>
#include <math.h>
#include <stdlib.h>

/* expat 2.8 renames it */
#ifdef MOHS_EXPAT_LINE_64
#define LINE_NUMBER XML_GetCurrentLineNumber64
#else
#define LINE_NUMBER XML_GetCurrentLineNumber
#endif

enum { MESSAGE_MAX = 512, NAME_MAX_BYTES = 1024 };

struct reader {
	XML_Parser parser;
	struct arena *arena;
	junit_cases *cases;
	struct span suite;
	struct suite_case one;
	bool in_case;
	bool in_result; /* <failure> or <error> without a message: its text is taken */
	unsigned depth;
	char text[MESSAGE_MAX];
	size_t text_n;
	struct err *err;
	int r;
};

static void
stop(struct reader *reader, int r)
{
	reader->r = r;
	(void)XML_StopParser(reader->parser, XML_FALSE);
}

static struct span
attribute(const XML_Char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2) {
		if (strcmp(attributes[i], name) == 0)
			return span_from(attributes[i + 1]);
	}
	return SPAN("");
}

static struct span
cut(struct span s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return span_slice(s, 0, max);
}

static struct span
first_line(struct span s)
{
	s = span_trim(s);
	return span_trim(cut(span_slice(s, 0, span_find(s, '\n')), MESSAGE_MAX));
}

/* "1,234.5" as well as "0.25"; 0 for anything else. */
static double
seconds(struct span text)
{
	char clean[64];
	size_t n = 0;
	char *end;

	for (size_t i = 0; i < text.n && n + 1 < sizeof(clean); i++) {
		if (text.p[i] != ',')
			clean[n++] = text.p[i];
	}
	clean[n] = '\0';
	double value = strtod(clean, &end);
	return end != clean && *end == '\0' && isfinite(value) && value >= 0 ? value : 0;
}

static void
start_case(struct reader *reader, const XML_Char **attributes)
{
	struct span class_name = cut(attribute(attributes, "classname"), NAME_MAX_BYTES);
	struct span name = cut(attribute(attributes, "name"), NAME_MAX_BYTES);

	reader->one = (struct suite_case){
		.suite = reader->suite,
		.name = arena_printf(reader->arena, "%.*s%s%.*s", SPAN_ARG(class_name),
				     class_name.n && name.n ? "." : "", SPAN_ARG(name)),
		.state = CASE_PASSED,
		.message = SPAN(""),
		.seconds = seconds(attribute(attributes, "time")),
	};
	reader->in_case = true;
	if (!reader->one.name.p)
		stop(reader, err_memory(reader->err));
}

static const struct {
	const char *element;
	enum case_state state;
} results[] = {
	{"failure", CASE_FAILED},
	{"error", CASE_ERROR},
	{"skipped", CASE_SKIPPED},
};

static void
start_result(struct reader *reader, enum case_state state, const XML_Char **attributes)
{
	struct span message = first_line(attribute(attributes, "message"));

	/* the first one says what happened; but a failure outdoes "skipped" */
	if (reader->one.state != CASE_PASSED && reader->one.state != CASE_SKIPPED)
		return;
	reader->one.state = state;
	reader->one.message = arena_copy(reader->arena, message);
	reader->in_result = message.n == 0;
	reader->text_n = 0;
	if (!reader->one.message.p)
		stop(reader, err_memory(reader->err));
}

static void
start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = context;

	if (++reader->depth > JUNIT_DEPTH_MAX) {
		stop(reader, err_set(reader->err, ERR_LIMIT, "JUnit XML deeper than %d elements",
				     JUNIT_DEPTH_MAX));
		return;
	}
	if (strcmp(name, "testcase") == 0) {
		if (reader->in_case)
			stop(reader,
			     err_set(reader->err, ERR_INVALID, "a <testcase> in a <testcase>"));
		else
			start_case(reader, attributes);
		return;
	}
	for (size_t i = 0; reader->in_case && i < sizeof(results) / sizeof(results[0]); i++) {
		if (strcmp(name, results[i].element) == 0)
			start_result(reader, results[i].state, attributes);
	}
}

static void
end_element(void *context, const XML_Char *name)
{
	struct reader *reader = context;

	reader->depth--;
	if (reader->in_result) {
		struct span text = first_line((struct span){reader->text, reader->text_n});

		reader->in_result = false;
		reader->one.message = arena_copy(reader->arena, text);
		if (!reader->one.message.p)
			stop(reader, err_memory(reader->err));
	}
	if (strcmp(name, "testcase") == 0 && reader->in_case) {
		reader->in_case = false;
		int r = vec_push(reader->cases, &reader->one, SUITE_CASES_MAX, reader->err);
		if (r < 0)
			stop(reader, r);
	}
}

static void
characters(void *context, const XML_Char *s, int n)
{
	struct reader *reader = context;
	size_t room = sizeof(reader->text) - reader->text_n;
	size_t take = (size_t)n < room ? (size_t)n : room;

	if (!reader->in_result)
		return;
	memcpy(reader->text + reader->text_n, s, take);
	reader->text_n += take;
}

static void
doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
	int internal)
{
	struct reader *reader = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(reader, err_set(reader->err, ERR_INVALID, "JUnit XML with a document type: refused"));
}

static int
parse(struct reader *reader, struct span xml)
{
	enum { CHUNK = 1 << 20 };

	for (;;) {
		size_t n = xml.n < CHUNK ? xml.n : CHUNK;
		bool last = n == xml.n;

		if (XML_Parse(reader->parser, xml.p, (int)n, last) != XML_STATUS_OK)
			break;
		if (last)
			return 0;
		xml = span_slice(xml, n, xml.n);
	}
	if (reader->r < 0)
		return reader->r;
	return err_set(reader->err, ERR_INVALID, "not valid JUnit XML: line %llu: %s",
		       (unsigned long long)LINE_NUMBER(reader->parser),
		       XML_ErrorString(XML_GetErrorCode(reader->parser)));
}

int
junit_read(struct span xml, struct span suite, struct arena *arena, junit_cases *cases,
	   struct err *err)
{
	struct reader reader = {.arena = arena, .cases = cases, .suite = suite, .err = err};
	size_t before = cases->count;

	if (xml.n > JUNIT_MAX)
		return err_set(err, ERR_LIMIT, "JUnit XML of %zu bytes (at most %lu)", xml.n,
			       JUNIT_MAX);
	reader.parser = XML_ParserCreate(NULL);
	if (!reader.parser)
		return err_memory(err);
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, start_element, end_element);
	XML_SetCharacterDataHandler(reader.parser, characters);
	XML_SetStartDoctypeDeclHandler(reader.parser, doctype);
	int r = parse(&reader, xml);
	XML_ParserFree(reader.parser);
	if (r < 0)
		cases->count = before;
	return r;
}
