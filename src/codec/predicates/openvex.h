/* SPDX-License-Identifier: Apache-2.0 */
/* What the evidence supports saying of each finding of the original image. docs/openvex.md */
#pragma once

#include "codec/openvex.h"
#include "codec/predicates/parts.h"

/* In this order within a vulnerability: a later statement outweighs an earlier one. */
enum vex_verdict {
	VEX_REMOVED,	  /* nothing of the component is left */
	VEX_DATA,	  /* no code of it is left */
	VEX_NOT_EXECUTED, /* code of it is left, and nothing of it was touched */
	VEX_UNDETERMINED, /* it is left, and nobody knows yet whether it is vulnerable */
	VEX_AFFECTED,
	VEX_VERDICTS,
};

struct vex_claim {
	uint32_t finding;   /* in evidence->before.findings */
	uint32_t component; /* in evidence->before.inventory */
	enum vex_verdict verdict;
};

struct vex_claims {
	struct vex_claim *items; /* by vulnerability, verdict, component */
	size_t count;
};

/* Claims of all findings; none where memory is short, which the writer notes. */
struct vex_claims vex_decide(struct predicate_writer *writer);

/* What was touched of the original image in the profile and in the tests. */
struct vex_usage;

/* In the writer's arena; NULL where the profile cannot carry such a claim, or without memory. */
struct vex_usage *vex_usage_new(struct predicate_writer *writer);

/*
 * Whether no file of the component was touched in any way, under any name, and nothing that stays
 * speaks for its being run at other times.
 */
bool vex_is_unused(const struct vex_usage *usage, uint32_t component);

/* Sentences for the statement made of `count` claims of one vulnerability and verdict. */
struct span vex_ground(struct predicate_writer *writer, const struct vex_claim *claims,
		       size_t count);
struct span vex_action(struct predicate_writer *writer, const struct vex_claim *claims,
		       size_t count);
