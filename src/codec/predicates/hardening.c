/* SPDX-License-Identifier: Apache-2.0 */
/* How many vulnerabilities went, and what the decision rests on: data/schema/hardening.json. */
#include "codec/predicates/parts.h"

/* Takes all members but these away. */
static void
narrow(json_t *object, const char *const *names)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value)
	{
		bool wanted = false;

		for (size_t i = 0; names[i]; i++)
			wanted |= strcmp(name, names[i]) == 0;
		if (!wanted)
			(void)json_object_del(object, name);
	}
}

static json_t *
images_json(struct writer *writer)
{
	static const char *const names[] = {"reference", "digest", "architecture", "os", NULL};
	json_t *json = write_images(writer);

	narrow(json_object_get(json, "before"), names);
	narrow(json_object_get(json, "after"), names);
	return json;
}

/* Counts and the database that gave them, without the single findings. */
static json_t *
vulnerabilities_json(struct writer *writer)
{
	json_t *json = write_findings(writer);

	(void)json_object_del(json_object_get(json, "before"), "items");
	(void)json_object_del(json_object_get(json, "after"), "items");
	return json;
}

static json_t *
profile_json(struct writer *writer)
{
	const struct profile *profile = writer->evidence->profile;
	json_t *json = write_profile(writer);
	json_t *phase;
	size_t i;

	if (!profile)
		return json;
	json_t *loads = json_array();
	for (size_t n = 0; n < profile->phase_count; n++) {
		if (profile->phases[n].kind == PHASE_LOAD && profile->phases[n].repetition == 1)
			write_item(writer, loads, json_span(profile->phases[n].name));
	}
	write_member(writer, json, "loads", loads);
	json_array_foreach(json_object_get(json, "phases"), i, phase)
	{
		(void)json_object_del(phase, "command");
	}
	return json;
}

/* How many, without each. */
static json_t *
at_risk_json(struct writer *writer)
{
	json_t *json = write_risks(writer);

	(void)json_object_del(json, "items");
	return json;
}

/* Counts; what a failed case says may quote anything. */
static json_t *
tests_json(struct writer *writer)
{
	static const char *const names[] = {"started", "passed",   "failed", "skipped",
					    "image",   "recorder", NULL};
	json_t *json = write_tests(writer);

	narrow(json, names);
	return json;
}

/*
 * The checks on the image itself. What is judged of the things beside it (its signature, its SBOM)
 * cannot be in a document that is one of them. Details may quote a test's output.
 */
static json_t *
verdict_json(struct writer *writer)
{
	static const enum check checks[] = {CHECK_BASELINE, CHECK_PROFILE, CHECK_REDUCTION,
					    CHECK_TESTS, CHECK_SHELL};
	const struct verdict *verdict = writer->evidence->verdict;
	json_t *json = write_verdict(writer);
	json_t *rows = json_object_get(json, "checks");
	json_t *wanted = json_array();
	bool passed = true;

	if (!verdict) {
		json_decref(wanted);
		return json;
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum check_state state = verdict->rows[checks[i]].state;
		json_t *row = json_array_get(rows, checks[i]);

		passed &= state != CHECK_FAIL && state != CHECK_NOT_DONE;
		(void)json_object_del(row, "detail");
		write_item(writer, wanted, json_incref(row));
	}
	write_member(writer, json, "checks", wanted);
	write_flag(writer, json, "passed", passed);
	return json;
}

static bool
is_phase(const struct profile *profile, struct span name)
{
	for (size_t i = 0; profile && i < profile->phase_count; i++) {
		if (span_equal(profile->phases[i].name, name))
			return true;
	}
	return false;
}

static bool
is_command(const struct service_command *commands, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal(commands[i].name, name))
			return true;
	}
	return false;
}

static bool
names_a_phase(const struct evidence *evidence, struct span name)
{
	const struct service *service = evidence->service;
	const struct suite *suite = evidence->suite;

	return span_equal(name, SPAN("startup")) || is_phase(evidence->profile, name) ||
	       is_phase(suite ? suite->run : NULL, name) ||
	       (service && (is_command(service->loads, service->load_count, name) ||
			    is_command(service->tests, service->test_count, name)));
}

/* What is said of a phase that failed quotes the last line of somebody's output. */
static void
hush_gaps(struct predicate_writer *writer)
{
	struct writer *out = &writer->writer;
	json_t *gap;
	size_t i;

	json_array_foreach(out->gaps, i, gap)
	{
		const char *step = json_string_value(json_object_get(gap, "step"));
		struct span subject = span_from(json_string_value(json_object_get(gap, "subject")));

		if (!step || (strcmp(step, "profile") != 0 && strcmp(step, "tests") != 0))
			continue;
		if (names_a_phase(writer->evidence, subject))
			write_text(out, gap, "text", SPAN("not passed: the evidence says why"));
	}
}

json_t *
predicate_hardening(struct predicate_writer *writer)
{
	struct writer *out = &writer->writer;
	struct digest hardened;

	if (!predicate_subject(writer, &hardened))
		return NULL;
	json_t *json = json_object();
	write_text(out, json, "tool", writer->evidence->tool);
	write_time(out, json, "created", writer->evidence->created);
	write_text(out, json, "service",
		   writer->evidence->service ? writer->evidence->service->name : SPAN(""));
	write_member(out, json, "image", images_json(out));
	write_member(out, json, "vulnerabilities", vulnerabilities_json(out));
	write_member(out, json, "profile", profile_json(out));
	write_member(out, json, "confidence", write_confidence(out));
	write_member(out, json, "at_risk", at_risk_json(out));
	write_member(out, json, "tests", tests_json(out));
	write_member(out, json, "shells", write_shells(out));
	write_member(out, json, "verdict", verdict_json(out));
	hush_gaps(writer);
	write_member(out, json, "gaps", json_incref(out->gaps));
	return json;
}
