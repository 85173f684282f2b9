/* SPDX-License-Identifier: Apache-2.0 */
/* JSON under construction; want of memory is noted and reported once, at the end. */
#pragma once

#include "codec/json.h"
#include "model/evidence.h"

struct writer {
	const struct evidence *evidence;
	json_t *gaps; /* of everything, as they come by */
	bool failed;
};

/*
 * Records that are read side by side must have the same number of items: before anything is
 * written. ERR_MISMATCH.
 */
int write_check(const struct evidence *evidence, struct err *err);

/* All take over `value`; NULL is want of memory. */
void write_member(struct writer *writer, json_t *object, const char *name, json_t *value);
void write_item(struct writer *writer, json_t *list, json_t *value);

void write_text(struct writer *writer, json_t *object, const char *name, struct span value);
void write_number(struct writer *writer, json_t *object, const char *name, uint64_t value);
void write_flag(struct writer *writer, json_t *object, const char *name, bool value);
void write_digest(struct writer *writer, json_t *object, const char *name,
		  const struct digest *value);
/* null when it is negative or no number. */
void write_real(struct writer *writer, json_t *object, const char *name, double value);

/* A member whose name comes from outside: bytes that are not UTF-8 become U+FFFD. */
void write_named(struct writer *writer, json_t *object, struct span name, json_t *value);

/* Seconds since 1970 as RFC 3339. */
void write_time(struct writer *writer, json_t *object, const char *name, int64_t seconds);

/* Adds to the document's list of gaps; `step` is who met them: "image", "rescan". */
void write_gaps(struct writer *writer, const char *step, const struct gap_list *gaps);

/* A list of texts. */
json_t *write_texts(struct writer *writer, const struct span_list *texts);

/* The parts; json_null() for what was not done. */
json_t *write_images(struct writer *writer);
json_t *write_inventory(struct writer *writer);
json_t *write_findings(struct writer *writer);
json_t *write_entrypoint(struct writer *writer);
json_t *write_commands(struct writer *writer);
json_t *write_profile(struct writer *writer);
json_t *write_plan(struct writer *writer);
json_t *write_confidence(struct writer *writer);
json_t *write_risks(struct writer *writer);
json_t *write_shells(struct writer *writer);
json_t *write_tests(struct writer *writer);
json_t *write_limits(struct writer *writer);
json_t *write_proof(struct writer *writer);
json_t *write_extension(struct writer *writer);
json_t *write_verdict(struct writer *writer);

/* The findings of one side; `step` is for its gaps. */
json_t *write_scan(struct writer *writer, const struct evidence_side *side, const char *step);
