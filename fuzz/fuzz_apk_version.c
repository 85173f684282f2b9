/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/apk_version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int value)
{
	return (value > 0) - (value < 0);
}

/* Three lines are three versions: the order must be one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct span a = span_cut(&rest, '\n');
	struct span b = rest.p ? span_cut(&rest, '\n') : SPAN("");
	struct span c = rest.p ? span_cut(&rest, '\n') : SPAN("");
	int ab = sign(apk_version_compare(a, b));
	int bc = sign(apk_version_compare(b, c));
	int ac = sign(apk_version_compare(a, c));
	struct err err = ERR_INIT;

	if (apk_version_compare(a, a) != 0 || sign(apk_version_compare(b, a)) != -ab)
		abort();
	if (ab == bc && ac != ab)
		abort();
	if ((ab == 0 && ac != bc) || (bc == 0 && ac != ab))
		abort();
	if (apk_version_check(a, &err) == 0 && apk_version_compare(a, SPAN("")) <= 0 &&
	    !span_contains(a, SPAN("_")))
		abort();
	if (a.n == 0 && apk_version_check(a, &err) == 0)
		abort();
	return 0;
}
