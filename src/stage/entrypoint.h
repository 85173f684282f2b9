/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start through a shell script -> an exec-form start that behaves as observed, or the reasons why
 * there is none. docs/entrypoint.md
 */
#pragma once

#include "base/progress.h"
#include "model/profile.h"
#include "model/service.h"
#include "port/contents.h"

/*
 * Starts the image once and says what came of it (stage/profile.h, profile_observed()): a result is
 * also that nothing did. ERR_LIMIT: the start changed more than can be looked at.
 */
typedef int start_observer(void *context, const struct start_trial *trial, struct arena *arena,
			   struct start_state **ret, struct profile **ret_used, struct err *err);

/*
 * Hints: that a start will probably be observed soon, so that it may be made already, beside
 * others; and that one that was expected will not be asked for.
 */
typedef void start_hint(void *context, const struct start_trial *trial);

struct entrypoint_input {
	const struct image *image;
	const struct contents *contents;
	const struct service *service;
	start_observer *observe;
	start_hint *expect; /* both NULL: nobody wants to know */
	start_hint *forget;
	void *context;
	const struct progress *progress;
};

/*
 * *ret is NULL when the image does not start through a shell. What cannot be carried over is in
 * (*ret)->left, and the form is START_KEPT then. Fails for want of memory and where containers
 * cannot run at all.
 */
int entrypoint_compile(const struct entrypoint_input *input, struct start **ret, struct err *err);
