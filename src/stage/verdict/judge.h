/* SPDX-License-Identifier: Apache-2.0 */
/* One function a check: what was measured against what the policy asks, before any waiver. */
#pragma once

#include "stage/verdict.h"

struct judging {
	const struct verdict_input *input;
	const struct policy *policy;
	struct arena *arena; /* of the verdict */
};

struct judgement {
	enum check_state state; /* CHECK_PASS, CHECK_FAIL or CHECK_NOT_DONE */
	struct span measured;
	struct span detail;
};

/* Sentences, joined by "; ". Out of memory: `failed`, found out once at the end. */
struct sentences {
	struct arena *arena;
	struct span text;
	size_t count;
	bool failed;
};

void sentences_add(struct sentences *sentences, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

typedef int (*judge)(const struct judging *judging, struct judgement *ret, struct err *err);

int judge_baseline(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_profile(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_reduction(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_tests(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_shell(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_signature(const struct judging *judging, struct judgement *ret, struct err *err);
int judge_sbom(const struct judging *judging, struct judgement *ret, struct err *err);

/* Ends a judgement: fails when there are faults, passes when there are none. */
int judge_by_faults(struct sentences *measured, struct sentences *faults, struct judgement *ret,
		    struct err *err);
int judge_not_done(struct judgement *ret, struct span detail);
