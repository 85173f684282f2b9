/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that count: baseline and reduction. */
#include "base/clock.h"
#include "stage/verdict/judge.h"

#include <stdlib.h>

enum { NAMED_PACKAGES = 3 };

/* Age in milliseconds; a time to come is no age. */
static uint64_t
age_ms(int64_t now, int64_t then)
{
	return now > then ? (uint64_t)(now - then) * 1000 : 0;
}

static void
add_severities(struct sentences *measured, const struct findings *findings)
{
	const uint32_t *by = findings->findings.by_severity;

	sentences_add(measured,
		      "%u finding%s (%u critical, %u high, %u medium, %u low, %u negligible, %u "
		      "unknown)",
		      findings->findings.total, findings->findings.total == 1 ? "" : "s",
		      by[SEVERITY_CRITICAL], by[SEVERITY_HIGH], by[SEVERITY_MEDIUM],
		      by[SEVERITY_LOW], by[SEVERITY_NEGLIGIBLE], by[SEVERITY_UNKNOWN]);
	sentences_add(measured, "%u distinct CVE%s", findings->distinct.total,
		      findings->distinct.total == 1 ? "" : "s");
}

/* Why nothing could be matched. */
static void
add_unmatched(struct sentences *faults, const struct findings *findings)
{
	sentences_add(faults, "no package could be matched with advisories");
	if (findings->gaps.count > 0)
		sentences_add(faults, "%.*s: %.*s", SPAN_ARG(findings->gaps.items[0].subject),
			      SPAN_ARG(findings->gaps.items[0].text));
	else
		sentences_add(faults, "mohs db update fetches the feeds there are");
}

static void
add_database_age(const struct judging *judging, struct sentences *measured,
		 struct sentences *faults)
{
	uint64_t age = age_ms(judging->input->scanned, judging->input->before->database.built);
	char text[32];
	char most[32];

	sentences_add(measured, "advisories are %s old", duration_format(age, text));
	if (age > judging->policy->database_age_max_ms)
		sentences_add(faults, "the advisory database is older than %s: mohs db update",
			      duration_format(judging->policy->database_age_max_ms, most));
}

int
judge_baseline(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct findings *before = judging->input->before;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!before)
		return judge_not_done(ret, SPAN("the original image was not scanned: mohs scan"));
	if (before->matched) {
		add_severities(&measured, before);
	} else {
		sentences_add(&measured, "nothing matched");
		add_unmatched(&faults, before);
	}
	add_database_age(judging, &measured, &faults);
	return judge_by_faults(&measured, &faults, ret, err);
}

static uint32_t
count_of(const struct findings *findings, enum count_kind kind)
{
	return kind == COUNT_DISTINCT ? findings->distinct.total : findings->findings.total;
}

/* Tenths of a percent, rounded down, so that 69.99 is not shown as 70.0. */
static void
add_ratio(struct sentences *measured, const char *what, uint32_t before, uint32_t after)
{
	if (before == 0 || after > before) {
		sentences_add(measured, "%u -> %u %s", before, after, what);
		return;
	}
	uint64_t tenths = (uint64_t)(before - after) * 1000 / before;
	sentences_add(measured, "%u -> %u %s (%u.%u %%)", before, after, what,
		      (unsigned)(tenths / 10), (unsigned)(tenths % 10));
}

struct carrier {
	uint32_t component;
	uint32_t count;
};

static int
by_count(const void *a, const void *b)
{
	const struct carrier *x = a;
	const struct carrier *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->component < y->component ? -1 : x->component > y->component;
}

/* The packages that carry most of what is left. */
static void
add_carriers(const struct judging *judging, struct sentences *faults)
{
	const struct inventory *inventory = judging->input->remaining;
	const struct findings *after = judging->input->after;
	size_t count = inventory ? inventory->component_count : 0;
	struct carrier *carriers =
		arena_array(judging->arena, count ? count : 1, sizeof(*carriers));
	struct span list = SPAN("");

	faults->failed |= carriers == NULL;
	if (!carriers || count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		carriers[i].component = (uint32_t)i;
	for (size_t i = 0; i < after->count; i++) {
		if (after->items[i].component < count &&
		    after->items[i].status != FINDING_UNDETERMINED)
			carriers[after->items[i].component].count++;
	}
	qsort(carriers, count, sizeof(*carriers), by_count);
	for (size_t i = 0; i < count && i < NAMED_PACKAGES && carriers[i].count > 0; i++) {
		list = arena_printf(judging->arena, "%.*s%s%.*s (%u)", SPAN_ARG(list),
				    i ? ", " : "",
				    SPAN_ARG(inventory->components[carriers[i].component].name),
				    carriers[i].count);
		if (!list.p) {
			faults->failed = true;
			return;
		}
	}
	if (list.n > 0)
		sentences_add(faults, "most are left in %.*s: mohs why tells what keeps them",
			      SPAN_ARG(list));
}

static void
judge_ratio(const struct judging *judging, uint32_t before, uint32_t after,
	    struct sentences *faults)
{
	double minimum = judging->policy->reduction_min;
	double needed = minimum * before;
	uint32_t fixable = judging->input->after->findings.fixable;

	if (after > before) {
		sentences_add(faults, "more than before: the two scans do not belong together");
		return;
	}
	if ((double)(before - after) >= needed - 1e-6)
		return;
	sentences_add(faults, "below the %.4g %% the policy asks for", minimum * 100);
	add_carriers(judging, faults);
	if (fixable > 0)
		sentences_add(faults, "%u of the rest have a fix: update the base image", fixable);
}

int
judge_reduction(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct findings *before = judging->input->before;
	const struct findings *after = judging->input->after;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!before || !after)
		return judge_not_done(ret, before ? SPAN("the hardened image was not scanned")
						  : SPAN("there is no baseline to compare with"));
	uint32_t left = count_of(after, judging->policy->reduction_count);
	uint32_t had = count_of(before, judging->policy->reduction_count);
	add_ratio(&measured, "findings", before->findings.total, after->findings.total);
	add_ratio(&measured, "distinct CVEs", before->distinct.total, after->distinct.total);
	if (!before->matched || !after->matched) {
		measured.text = SPAN("not measurable");
		add_unmatched(&faults, before->matched ? after : before);
	} else if (!span_equal(before->database.digest, after->database.digest)) {
		sentences_add(&faults, "the two scans used different advisory databases: scan the "
				       "original image again");
	} else if (had == 0) {
		sentences_add(&measured, "not measurable: there was nothing to reduce");
		if (left > 0)
			sentences_add(&faults, "more than before: the two scans do not belong "
					       "together");
	} else {
		judge_ratio(judging, had, left, &faults);
	}
	return judge_by_faults(&measured, &faults, ret, err);
}
