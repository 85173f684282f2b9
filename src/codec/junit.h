/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML as test runners write it: <testsuites>, <testsuite>, <testcase classname name time>
 * with <failure>, <error> or <skipped> inside. Documents with a DTD are refused.
 */
#pragma once

#include "base/vec.h"
#include "model/suite.h"

typedef VEC(struct suite_case) junit_cases;

/*
 * Appends one case per <testcase>, all with `suite` as their suite; texts go to `arena`.
 * ERR_INVALID (line named; nothing is appended for it), ERR_LIMIT over JUNIT_MAX,
 * XML_DEPTH_MAX, SUITE_CASES_MAX.
 */
int junit_read(struct span xml, struct span suite, struct arena *arena, junit_cases *cases,
	       struct err *err);
