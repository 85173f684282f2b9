/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which findings of a scan count, and which were set aside, by whom and why. Nothing is lost:
 * `counted` and `asides` together are all findings. docs/reports.md
 */
#pragma once

#include "model/findings.h"

enum aside_kind {
	ASIDE_STATED,  /* a VEX document says that it does not affect the product, or is fixed */
	ASIDE_IGNORED, /* an entry of an ignore file */
	ASIDE_NO_FIX,  /* only what can be fixed was asked for */
	ASIDE_KNOWN,   /* an earlier scan had it */
	ASIDE_KINDS,
};

const char *aside_name(enum aside_kind kind);  /* "stated": for machines */
const char *aside_title(enum aside_kind kind); /* "stated not to apply": for people */

struct aside {
	struct finding finding;
	enum aside_kind kind;
	struct span reason;
	struct span source;	 /* who says so: a file, with a line or an author */
	struct span approved_by; /* of ASIDE_IGNORED */
	int64_t expires;	 /* seconds since 1970; 0: it does not */
};

struct triage {
	struct arena *arena;
	struct findings counted; /* what still counts, counted anew; its arena is NULL */
	struct aside *asides;	 /* in the order of the findings */
	size_t aside_count;
	uint32_t by_kind[ASIDE_KINDS];
	struct span_list notes; /* what was given and did not work: expired, about something else */
};

void triage_free(struct triage *triage);
