/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/policy_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct policy *policy = NULL;

	if (policy_parse((struct span){(const char *)data, size}, SPAN("policy.yaml"), &policy,
			 &err) == 0) {
		if (policy->reduction_min < 0 || policy->reduction_min > 1)
			__builtin_trap();
		for (size_t i = 0; i < policy->waiver_count; i++) {
			if (policy->waivers[i].reason.n == 0 ||
			    policy->waivers[i].approved_by.n == 0)
				__builtin_trap();
		}
	}
	policy_free(policy);
	return 0;
}
