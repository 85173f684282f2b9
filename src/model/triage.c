/* SPDX-License-Identifier: Apache-2.0 */
#include "model/triage.h"

static const struct {
	const char *name;
	const char *title;
} kinds[ASIDE_KINDS] = {
	[ASIDE_STATED] = {"stated", "stated not to apply"},
	[ASIDE_IGNORED] = {"ignored", "ignored"},
	[ASIDE_NO_FIX] = {"no-fix", "without a fix"},
	[ASIDE_KNOWN] = {"known", "in the baseline"},
};

const char *
aside_name(enum aside_kind kind)
{
	return kinds[kind].name;
}

const char *
aside_title(enum aside_kind kind)
{
	return kinds[kind].title;
}

void
triage_free(struct triage *triage)
{
	if (triage)
		arena_free(triage->arena); /* holds *triage itself */
}
