/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that refer to images, and the lists of them: what is written is read again. */
#include "codec/oci_referrers.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span text = {(const char *)data, size};
	struct oci_referrer referrer;
	struct span index = {NULL, 0};
	struct err err = ERR_INIT;
	bool changed = false;

	if (!arena)
		return 0;
	(void)oci_is_referrers_tag(text);
	if (oci_referrer_read(text, SPAN(""), arena, &referrer, &err) == 0 &&
	    oci_write_listed(SPAN(""), &referrer.descriptor, SPAN(""), arena, &index, &changed,
			     &err) == 0) {
		if (oci_write_listed(index, &referrer.descriptor, SPAN(""), arena, &index, &changed,
				     &err) == 0 &&
		    changed && !starved())
			abort(); /* jansson, starved, reads strings with bytes missing */
		(void)oci_write_listed(text, &referrer.descriptor, SPAN("v1"), arena, &index,
				       &changed, &err);
	}
	arena_free(arena);
	return 0;
}
