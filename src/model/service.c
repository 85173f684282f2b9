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
	const char *name;
	const char *title;
} checks[CHECKS] = {
	[CHECK_BASELINE] = {"baseline", "CVE baseline"},
	[CHECK_PROFILE] = {"profile", "Profile"},
	[CHECK_REDUCTION] = {"reduction", "CVE reduction"},
	[CHECK_TESTS] = {"tests", "Tests"},
	[CHECK_SHELL] = {"shell", "No shell"},
	[CHECK_SIGNATURE] = {"signature", "Signed, attested"},
	[CHECK_SBOM] = {"sbom", "SBOM"},
};

const char *
check_name(enum check check)
{
	return check < CHECKS ? checks[check].name : "unknown";
}

const char *
check_title(enum check check)
{
	return check < CHECKS ? checks[check].title : "unknown";
}
