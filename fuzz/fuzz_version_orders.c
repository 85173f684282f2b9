/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int value)
{
	return (value > 0) - (value < 0);
}

static void
check(const struct version_order *order, struct span a, struct span b, struct span c)
{
	int ab = sign(order->compare(a, b));
	int bc = sign(order->compare(b, c));
	int ac = sign(order->compare(a, c));
	struct err err = ERR_INIT;

	uint64_t first;
	uint64_t second;

	if (order->numeric && version_order_number(a, &first)) {
		if (order->check(a, &err) < 0)
			abort();
		if (version_order_number(b, &second) && (first > second) - (first < second) != ab)
			abort();
	}
	if (order->compare(a, a) != 0 || sign(order->compare(b, a)) != -ab)
		abort();
	if (ab == bc && ac != ab)
		abort();
	if ((ab == 0 && ac != bc) || (bc == 0 && ac != ab))
		abort();
	if (order->check(a, &err) < 0 && err.text[0] == '\0')
		abort();
	if (a.n == 0 && order->check(a, &err) == 0)
		abort();
}

/* Three lines are three versions: every order must be one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct span names[] = {
		SPAN_INIT("rpm"),      SPAN_INIT("pypi"),  SPAN_INIT("semver"),
		SPAN_INIT("maven"),    SPAN_INIT("gem"),   SPAN_INIT("golang"),
		SPAN_INIT("composer"), SPAN_INIT("nuget"), SPAN_INIT("generic"),
	};
	struct span rest = {(const char *)data, size};
	struct span a = span_cut(&rest, '\n');
	struct span b = rest.p ? span_cut(&rest, '\n') : SPAN("");
	struct span c = rest.p ? span_cut(&rest, '\n') : SPAN("");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(version_order_find(names[i]), a, b, c);
	return 0;
}
