/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a test suite run against a container. */
#pragma once

#include "model/profile.h"

enum case_state { CASE_PASSED, CASE_FAILED, CASE_ERROR, CASE_SKIPPED };

/* One test case: from JUnit XML when the test wrote one, else the command as a whole. */
struct suite_case {
	struct span suite; /* name of the test in mohs.yaml */
	struct span name;
	enum case_state state;
	struct span message; /* first line of the failure; may be empty */
	double seconds;
};

struct suite {
	struct arena *arena;
	struct suite_case *cases;
	size_t count;
	uint32_t passed;
	uint32_t failed; /* failures and errors */
	uint32_t skipped;
	bool started;		 /* false: the container did not become ready; no test ran */
	struct span start_error; /* why not */
	/* what was used, and with `removed` set what hardening took away; NULL: it is elsewhere */
	struct profile *run;
	struct gap_list gaps;
};

/* The container started, no case failed and no phase of its run did. */
bool suite_passed(const struct suite *suite);

void suite_free(struct suite *suite);
void suite_cleanup(struct suite **suite);
