/* SPDX-License-Identifier: Apache-2.0 */
#include "model/confidence.h"

#include <stdlib.h>

void
confidence_free(struct confidence *confidence)
{
	if (confidence)
		arena_free(confidence->arena);
}

void
confidence_cleanup(struct confidence **confidence)
{
	confidence_free(*confidence);
	*confidence = NULL;
}
