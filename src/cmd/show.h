/* SPDX-License-Identifier: Apache-2.0 */
/* Records as text for people: one function each, to stdout. */
#pragma once

#include "cmd/table.h"
#include "model/triage.h"

enum table_style show_severity_style(enum severity severity);

/* What the image is, or, with a NULL image, the document; in a few lines. */
void show_image(const struct image *image, const struct inventory *inventory);

/*
 * Findings and distinct CVEs by severity; with `after`, both sides and the reduction.
 * Nothing but the reason when nothing could be matched.
 */
int show_counts(const struct findings *before, const struct findings *after, struct err *err);

/* One row a finding, of at least this severity; those that are in no count apart. */
int show_findings(const struct findings *findings, const struct inventory *inventory,
		  enum severity least, struct err *err);

/*
 * "N not counted: 3 ignored, 12 in the baseline", those that somebody spoke of with the reason, and
 * what was given and did not work. Nothing for NULL.
 */
int show_asides(const struct triage *triage, const struct inventory *inventory, struct err *err);

int show_packages(const struct inventory *inventory, struct err *err);

/* "Gaps:" and a line each; nothing when there is none. `of` says whose. */
void show_gaps(const struct gap_list *gaps, const char *of);

/* "216.4 MB" in powers of ten. */
const char *show_bytes(uint64_t bytes, char text[24]);
