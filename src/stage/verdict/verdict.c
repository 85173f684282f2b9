/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "codec/glob.h"
#include "stage/verdict/judge.h"

#include <stdio.h>

static const judge judges[CHECKS] = {
	[CHECK_BASELINE] = judge_baseline,   [CHECK_PROFILE] = judge_profile,
	[CHECK_REDUCTION] = judge_reduction, [CHECK_TESTS] = judge_tests,
	[CHECK_SHELL] = judge_shell,	     [CHECK_SIGNATURE] = judge_signature,
	[CHECK_SBOM] = judge_sbom,
};

void
sentences_add(struct sentences *sentences, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct span joined = arena_printf(sentences->arena, "%.*s%s%s", SPAN_ARG(sentences->text),
					  sentences->count ? "; " : "", text);
	sentences->failed |= joined.p == NULL;
	if (joined.p)
		sentences->text = joined;
	sentences->count++;
}

int
judge_by_faults(struct sentences *measured, struct sentences *faults, struct judgement *ret,
		struct err *err)
{
	if (measured->failed || faults->failed)
		return err_memory(err);
	ret->state = faults->count ? CHECK_FAIL : CHECK_PASS;
	ret->measured = measured->text;
	ret->detail = faults->text;
	return 0;
}

int
judge_not_done(struct judgement *ret, struct span detail)
{
	*ret = (struct judgement){CHECK_NOT_DONE, SPAN("not done"), detail};
	return 0;
}

/* Names are matched as globs of one path component. */
static bool
waiver_names(const struct waiver *waiver, struct span service)
{
	char pattern[512];
	char path[512];
	int n = snprintf(pattern, sizeof(pattern), "/%.*s", SPAN_ARG(waiver->service));
	int m = snprintf(path, sizeof(path), "/%.*s", (int)service.n, service.n ? service.p : "");

	return n > 0 && m > 0 && (size_t)n < sizeof(pattern) && (size_t)m < sizeof(path) &&
	       glob_match((struct span){pattern, (size_t)n}, (struct span){path, (size_t)m});
}

/* The first that covers the check; one that has expired only when no other does. */
static const struct waiver *
find_waiver(const struct judging *judging, enum check check)
{
	const struct policy *policy = judging->policy;
	const struct service *service = judging->input->service;
	const struct waiver *expired = NULL;

	for (size_t i = 0; i < policy->waiver_count; i++) {
		const struct waiver *waiver = &policy->waivers[i];

		if (waiver->check != check ||
		    !waiver_names(waiver, service ? service->name : SPAN("")))
			continue;
		if (judging->input->now < waiver->expires)
			return waiver;
		expired = expired ? expired : waiver;
	}
	return expired;
}

static int
mention_expired(const struct judging *judging, const struct waiver *waiver, struct verdict_row *row,
		struct err *err)
{
	char date[CLOCK_TEXT];
	struct sentences detail = {.arena = judging->arena, .text = row->detail};

	detail.count = row->detail.n > 0;
	sentences_add(&detail, "the waiver by %.*s expired on %.10s", SPAN_ARG(waiver->approved_by),
		      clock_format(waiver->expires - 1, date));
	row->detail = detail.text;
	return detail.failed ? err_memory(err) : 0;
}

static int
judge_row(const struct judging *judging, enum check check, struct verdict_row *row, struct err *err)
{
	struct judgement judgement = {CHECK_FAIL, SPAN(""), SPAN("")};
	int r = judges[check](judging, &judgement, err);

	if (r < 0)
		return r;
	*row = (struct verdict_row){check, judgement.state, judgement.measured, judgement.detail,
				    NULL};
	if (row->state == CHECK_PASS)
		return 0;
	if (!judging->policy->required[check]) {
		row->state = CHECK_OPTIONAL;
		return 0;
	}
	const struct waiver *waiver = find_waiver(judging, check);
	if (!waiver)
		return 0;
	if (judging->input->now >= waiver->expires)
		return mention_expired(judging, waiver, row, err);
	row->state = CHECK_WAIVED;
	row->waiver = waiver;
	return 0;
}

int
verdict_judge(const struct verdict_input *input, const struct policy *policy, struct verdict **ret,
	      struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(verdict_cleanup)
	struct verdict *verdict = arena ? arena_alloc(arena, sizeof(*verdict)) : NULL;
	struct judging judging = {input, policy, arena};

	if (!verdict) {
		arena_free(arena);
		return err_memory(err);
	}
	verdict->arena = arena;
	verdict->passed = true;
	for (enum check i = 0; i < CHECKS; i++) {
		struct verdict_row *row = &verdict->rows[i];
		int r = judge_row(&judging, i, row, err);

		if (r < 0)
			return r;
		if (row->state == CHECK_FAIL || row->state == CHECK_NOT_DONE)
			verdict->passed = false;
	}
	*ret = TAKE(verdict);
	return 0;
}
