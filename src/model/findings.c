/* SPDX-License-Identifier: Apache-2.0 */
#include "model/findings.h"

void
findings_free(struct findings *findings)
{
	if (findings)
		arena_free(findings->arena); /* holds *findings itself */
}

void
findings_cleanup(struct findings **findings)
{
	findings_free(*findings);
	*findings = NULL;
}

static const struct span severities[SEVERITIES] = {
	[SEVERITY_UNKNOWN] = SPAN_INIT("unknown"), [SEVERITY_NEGLIGIBLE] = SPAN_INIT("negligible"),
	[SEVERITY_LOW] = SPAN_INIT("low"),	   [SEVERITY_MEDIUM] = SPAN_INIT("medium"),
	[SEVERITY_HIGH] = SPAN_INIT("high"),	   [SEVERITY_CRITICAL] = SPAN_INIT("critical"),
};

static const char *const statuses[FINDING_STATUSES] = {
	[FINDING_FIXABLE] = "fixable",
	[FINDING_OPEN] = "open",
	[FINDING_NO_DSA] = "no-dsa",
	[FINDING_UNIMPORTANT] = "unimportant",
	[FINDING_UNDETERMINED] = "undetermined",
};

const char *
severity_name(enum severity severity)
{
	return severity < SEVERITIES ? severities[severity].p : "unknown";
}

bool
severity_parse(struct span text, enum severity *ret)
{
	for (enum severity i = 0; i < SEVERITIES; i++) {
		if (!span_equal_nocase(text, severities[i]))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

enum severity
severity_of_score(double score)
{
	if (score >= 9.0)
		return SEVERITY_CRITICAL;
	if (score >= 7.0)
		return SEVERITY_HIGH;
	if (score >= 4.0)
		return SEVERITY_MEDIUM;
	return score > 0 ? SEVERITY_LOW : SEVERITY_NEGLIGIBLE;
}

const char *
finding_status_name(enum finding_status status)
{
	return status < FINDING_STATUSES ? statuses[status] : "unknown";
}
