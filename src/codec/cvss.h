/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS base scores from vectors: v3.0 and v3.1 (FIRST, "Common Vulnerability Scoring System v3.1:
 * Specification Document", sections 7.1, 7.4 and appendix A) and v2 ("A Complete Guide to
 * CVSS 2.0", section 3.2.1).
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum cvss_version {
	CVSS_UNKNOWN,
	CVSS_2,
	CVSS_30,
	CVSS_31,
	CVSS_40,
};

/* By prefix; a vector without "CVSS:" is v2. CVSS_UNKNOWN for a version that is not known here. */
enum cvss_version cvss_version_of(struct span vector);

/*
 * The base score; temporal and environmental metrics are checked for shape and not used. Metrics
 * may come in any order, each once, the base ones all of them. ERR_INVALID; ERR_UNSUPPORTED for
 * v4.0 (its score is a table of expert judgement, given by who made the vector) and others.
 */
int cvss_base_score(struct span vector, double *ret, struct err *err);
