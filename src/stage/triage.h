/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings -> which of them count: what VEX documents state, what an ignore file accepts, what has
 * no fix, what an earlier scan had. In this order: the first ground found is the one that is told.
 * docs/reports.md
 */
#pragma once

#include "codec/evidence_json.h"
#include "codec/ignore_yaml.h"
#include "codec/vex_document.h"
#include "model/triage.h"

/* A VEX document and where it is from. */
struct triage_vex {
	struct span path;
	struct vex_document document;
};

/* What is being scanned, as far as a statement can be about it. */
struct triage_subject {
	const struct image *image; /* NULL: a bill of materials, which no product of an image is */
	const struct inventory *inventory;
	struct span repository; /* "docker.io/library/nginx"; empty: of no registry */
	struct span tag;	/* may be empty */
};

struct triage_request {
	const struct triage_vex *vex;
	size_t vex_count;
	const struct ignore_file *ignore;
	size_t ignore_count;
	const struct evidence_baseline *baseline; /* NULL: none */
	bool only_fixable;
	int64_t now; /* seconds since 1970: what has expired by then does not count */
};

/*
 * The findings must outlive the record; subject and request need not. A statement that is malformed
 * in its package URLs applies to nothing. ERR_MEMORY.
 */
int triage_run(const struct findings *findings, const struct triage_subject *subject,
	       const struct triage_request *request, struct triage **ret, struct err *err);
