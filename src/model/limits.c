/* SPDX-License-Identifier: Apache-2.0 */
#include "model/limits.h"

void
limits_free(struct limits *limits)
{
	if (limits)
		arena_free(limits->arena); /* holds *limits itself */
}

void
limits_cleanup(struct limits **limits)
{
	limits_free(*limits);
	*limits = NULL;
}

const char *
limit_name(enum limit limit)
{
	static const char *const names[LIMITS] = {
		[LIMIT_NO_NEW_PRIVILEGES] = "no_new_privileges",
		[LIMIT_CAPABILITIES] = "capabilities",
		[LIMIT_READ_ONLY] = "read_only_root_filesystem",
		[LIMIT_SECCOMP] = "seccomp",
	};

	return limit < LIMITS ? names[limit] : "unknown";
}

const char *
limits_method_name(enum limits_method method)
{
	static const char *const names[] = {
		[CAPABILITIES_BY_KERNEL] = "kernel",
		[CAPABILITIES_BY_CALLS] = "calls",
		[CAPABILITIES_NONE] = "not-root",
	};

	return method < sizeof(names) / sizeof(names[0]) ? names[method] : "unknown";
}

const char *
limits_outcome_name(enum limits_outcome outcome)
{
	static const char *const names[] = {
		[LIMITS_NOT_TRIED] = "not tried",
		[LIMITS_PASSED] = "passed",
		[LIMITS_FAILED] = "failed",
	};

	return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}
