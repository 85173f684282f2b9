/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/junit.h"

#include "base/limits.h"
#include "codec/xml.h"

#include <math.h>
#include <stdlib.h>

enum { MESSAGE_MAX = 512, NAME_MAX_BYTES = 1024 };

struct reader {
	struct xml xml;
	struct arena *arena;
	junit_cases *cases;
	struct span suite;
	struct suite_case one;
	bool in_case;
	bool in_result; /* <failure> or <error> without a message: its text is taken */
	char text[MESSAGE_MAX];
	size_t text_n;
};

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
	struct span class_name = cut(xml_attribute(attributes, "classname"), NAME_MAX_BYTES);
	struct span name = cut(xml_attribute(attributes, "name"), NAME_MAX_BYTES);

	reader->one = (struct suite_case){
		.suite = reader->suite,
		.name = arena_printf(reader->arena, "%.*s%s%.*s", SPAN_ARG(class_name),
				     class_name.n && name.n ? "." : "", SPAN_ARG(name)),
		.state = CASE_PASSED,
		.message = SPAN(""),
		.seconds = seconds(xml_attribute(attributes, "time")),
	};
	reader->in_case = true;
	if (!reader->one.name.p)
		xml_stop(&reader->xml, err_memory(reader->xml.err));
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
	struct span message = first_line(xml_attribute(attributes, "message"));

	/* the first one says what happened; but a failure outdoes "skipped" */
	if (reader->one.state != CASE_PASSED && reader->one.state != CASE_SKIPPED)
		return;
	reader->one.state = state;
	reader->one.message = arena_copy(reader->arena, message);
	reader->in_result = message.n == 0;
	reader->text_n = 0;
	if (!reader->one.message.p)
		xml_stop(&reader->xml, err_memory(reader->xml.err));
}

static void
start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = context;

	if (strcmp(name, "testcase") == 0) {
		if (reader->in_case)
			xml_stop(&reader->xml, err_set(reader->xml.err, ERR_INVALID,
						       "a <testcase> in a <testcase>"));
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

	if (reader->in_result) {
		struct span text = first_line((struct span){reader->text, reader->text_n});

		reader->in_result = false;
		reader->one.message = arena_copy(reader->arena, text);
		if (!reader->one.message.p)
			xml_stop(&reader->xml, err_memory(reader->xml.err));
	}
	if (strcmp(name, "testcase") == 0 && reader->in_case) {
		reader->in_case = false;
		int r = vec_push(reader->cases, &reader->one, SUITE_CASES_MAX, reader->xml.err);
		if (r < 0)
			xml_stop(&reader->xml, r);
	}
}

static void
characters(void *context, struct span text)
{
	struct reader *reader = context;
	size_t room = sizeof(reader->text) - reader->text_n;
	size_t take = text.n < room ? text.n : room;

	if (!reader->in_result)
		return;
	memcpy(reader->text + reader->text_n, text.p, take);
	reader->text_n += take;
}

int
junit_read(struct span xml, struct span suite, struct arena *arena, junit_cases *cases,
	   struct err *err)
{
	static const struct xml_format format = {start_element, end_element, characters};
	struct reader reader = {.arena = arena, .cases = cases, .suite = suite};
	size_t before = cases->count;

	if (xml.n > JUNIT_MAX)
		return err_set(err, ERR_LIMIT, "JUnit XML of %zu bytes (at most %lu)", xml.n,
			       JUNIT_MAX);
	int r = xml_open(&reader.xml, &format, &reader, err);
	if (r < 0)
		return r;
	r = xml_feed(&reader.xml, xml, true);
	xml_cleanup(&reader.xml);
	if (r == 0)
		return 0;
	cases->count = before;
	return err_wrap(err, "JUnit");
}
