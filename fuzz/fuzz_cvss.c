/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cvss.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	double score = 0;

	(void)cvss_base_score((struct span){(const char *)data, size}, &score, &err);
	if (!(score >= 0 && score <= 10))
		abort();
	return 0;
}
