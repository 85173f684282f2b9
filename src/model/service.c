/* SPDX-License-Identifier: Apache-2.0 */
#include "model/service.h"

void
service_free(struct service *service)
{
	if (service)
		arena_free(service->arena); /* holds *service itself */
}

void
service_cleanup(struct service **service)
{
	service_free(*service);
	*service = NULL;
}

void
policy_free(struct policy *policy)
{
	if (policy)
		arena_free(policy->arena); /* holds *policy itself */
}

void
policy_cleanup(struct policy **policy)
{
	policy_free(*policy);
	*policy = NULL;
}

static const struct {
	struct span name;
	const char *title;
} checks[CHECKS] = {
	[CHECK_BASELINE] = {SPAN_INIT("baseline"), "CVE baseline"},
	[CHECK_PROFILE] = {SPAN_INIT("profile"), "Profile"},
	[CHECK_REDUCTION] = {SPAN_INIT("reduction"), "CVE reduction"},
	[CHECK_TESTS] = {SPAN_INIT("tests"), "Tests"},
	[CHECK_SHELL] = {SPAN_INIT("shell"), "No shell"},
	[CHECK_SIGNATURE] = {SPAN_INIT("signature"), "Signed, attested"},
	[CHECK_SBOM] = {SPAN_INIT("sbom"), "SBOM"},
};

const char *
check_name(enum check check)
{
	return check < CHECKS ? checks[check].name.p : "unknown";
}

const char *
check_title(enum check check)
{
	return check < CHECKS ? checks[check].title : "unknown";
}

bool
check_parse(struct span name, enum check *ret)
{
	for (enum check i = 0; i < CHECKS; i++) {
		if (!span_equal(name, checks[i].name))
			continue;
		*ret = i;
		return true;
	}
	return false;
}
