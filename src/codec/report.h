/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of a scan in the formats that other programs take. Pure: the same record gives the same
 * bytes. Only findings that count are reported as such; those set aside are there, marked, where
 * the format has a word for it. docs/reports.md
 */
#pragma once

#include "model/evidence.h"
#include "model/sbom.h"

struct report {
	const struct evidence *evidence; /* tool, created, before, triage */
	const struct sbom *sbom;	 /* of the same image; for formats that want one */
	enum severity least;		 /* milder ones are counted and not listed */
};

/* Text with a final newline, in `arena`. ERR_MEMORY, ERR_LIMIT. */
typedef int report_writer(const struct report *report, struct arena *arena, struct span *ret,
			  struct err *err);

struct report_format {
	const char *name;
	bool sbom; /* wants one where there is an image */
	report_writer *write;
};

/* Adding a format: one file and one line in report.c. Ends with a NULL name. */
extern const struct report_format report_formats[];

/* NULL: there is none of this name. */
const struct report_format *report_find(struct span name);

/* The names, for a message: "table, json, sarif". */
struct span report_names(struct arena *arena);

/*
 * Who speaks for the component of a finding: the distribution ("debian") for its own packages, the
 * ecosystem ("npm") for all others. Empty for packages of a distribution that is not known.
 */
struct span report_speaker(const struct inventory *inventory, const struct finding *finding);

/*
 * Where people read of a vulnerability: the tracker of the distribution whose package has it, else
 * the page of those who gave it its id; empty for an id that has none. In `arena`, or empty without
 * memory.
 */
struct span report_link(const struct inventory *inventory, const struct finding *finding,
			struct arena *arena);

/* The writers, each in a file of its own. */
report_writer report_json;
report_writer report_sarif;
report_writer report_junit;
report_writer report_markdown;
report_writer report_cyclonedx;
report_writer report_gitlab;
report_writer report_annotations; /* GitHub workflow commands */
