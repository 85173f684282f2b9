/* SPDX-License-Identifier: Apache-2.0 */
/* What the reports share. */
#pragma once

#include "base/buf.h"
#include "codec/json.h"
#include "codec/report.h"

#define REPORT_SITE "https://mohs.dev"

/* A finding that counts or, with `aside`, one that does not. */
struct report_item {
	const struct finding *finding;
	const struct component *component;
	const struct aside *aside;
};

/*
 * Walks what is to be listed: what counts, of at least the severity asked for, then what a person
 * or a document has set aside. *state is 0 before the first. False at the end.
 */
bool report_next(const struct report *report, size_t *state, struct report_item *ret);

/* Also those in the baseline or without a fix. */
size_t report_aside_count(const struct report *report);

struct span report_target(const struct report *report);	 /* the image's reference, the document's */
struct span report_version(const struct report *report); /* of the tool: begins with a digit */

/* " (guessed)" behind a version that no record states, else "". */
const char *report_doubt(const struct component *component);

/* "libssl3 3.0.11-1: fixed in 3.0.15-1~deb12u1", "...: no fix yet". Empty without memory. */
struct span report_sentence(const struct report_item *item, struct arena *arena);

/* "fixed in 1.2", "no fix yet", "no fix planned (postponed)". */
struct span report_fix(const struct report_item *item, struct arena *arena);

/* All gaps, one after the other; *state is 0 before the first. */
const struct gap *report_next_gap(const struct report *report, size_t *state);

/* Puts the text in the arena. */
int report_take(const struct buf *buf, struct arena *arena, struct span *ret, struct err *err);

/* Ceiling of a report that is made of lines. */
#define REPORT_TEXT_MAX (256UL * 1024 * 1024)
