/* SPDX-License-Identifier: Apache-2.0 */
/* struct evidence -> evidence.json (data/schema/evidence.json). docs/evidence.md */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "codec/json.h"
#include "model/evidence.h"

#define EVIDENCE_SCHEMA "https://mohs.dev/schema/evidence/v1"

/*
 * The document: indented, sorted keys, a final newline; the same records give the same bytes.
 * A step that was not done is null, never an empty list. ERR_MISMATCH: plan or inventory do not
 * belong to the image. ERR_MEMORY.
 */
int evidence_write(const struct evidence *evidence, struct arena *arena, struct span *ret,
		   struct err *err);

/*
 * A proof on its own, and what was judged by it (NULL: nothing was), as one object with the members
 * that evidence has: a new reference. ERR_MEMORY.
 */
int evidence_proof_json(const struct proof *proof, const struct verdict *verdict,
			const struct policy *policy, json_t **ret, struct err *err);

/* What it takes to go the way of a run again: same input, same plan. */
struct evidence_recall {
	struct span reference; /* of the image before */
	struct digest digest;
	struct span hardened; /* reference of the image after; empty: none was built */
	struct digest hardened_digest;
	bool planned; /* false: no plan was made (a scan) */
	bool whole_packages;
	bool stubs;
	struct span_list keep;
	struct span_list drop;
};

/* Whether this is evidence, well-formed or not. */
bool evidence_likely(struct span text);

/*
 * Strings go to `arena`. ERR_INVALID, ERR_UNSUPPORTED (another schema), ERR_MISMATCH (of a bill of
 * materials: there is no image).
 */
int evidence_read_recall(struct span text, struct arena *arena, struct evidence_recall *ret,
			 struct err *err);

/* A finding that an earlier scan had. */
struct evidence_finding {
	struct span id;
	struct span package;
	struct span purl; /* may be empty */
};

struct evidence_baseline {
	struct evidence_finding *items; /* that counted then, or were known before */
	size_t count;
};

/*
 * The findings of a scan's document; of a run's, those of the hardened image, or where it was not
 * scanned, of the image before. Strings go to `arena`. ERR_INVALID, ERR_UNSUPPORTED (another
 * schema), ERR_MISMATCH (nothing was scanned, or the scan matched nothing: all would be new).
 */
int evidence_read_baseline(struct span text, struct arena *arena, struct evidence_baseline *ret,
			   struct err *err);
