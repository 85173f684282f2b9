/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/range_text.h"

#include "base/limits.h"
#include "codec/affected.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_in(struct span affected, const struct version_order *order, struct span version)
{
	struct err err = ERR_INIT;
	struct span fixed;
	bool hit = false;

	if (affected_judge(affected, order, version, &hit, &fixed, &err) < 0)
		abort();
	return hit;
}

static void
check(struct span ecosystem, struct span one, struct span other, struct span version)
{
	bool is_semver = span_equal(ecosystem, SPAN("npm")) || span_equal(ecosystem, SPAN("cargo"));
	const struct version_order *order =
		version_order_find(is_semver ? SPAN("semver") : ecosystem);
	struct buf all = BUF_INIT(MIB);
	struct buf good = BUF_INIT(MIB);
	struct buf left = BUF_INIT(MIB);
	struct err err = ERR_INIT;

	if (range_text_read(one, ecosystem, &all, &err) == 0 &&
	    range_text_read(other, ecosystem, &good, &err) == 0 &&
	    range_text_without(buf_span(&all), buf_span(&good), ecosystem, &left, &err) == 0 &&
	    is_in(buf_span(&left), order, version) != (is_in(buf_span(&all), order, version) &&
						       !is_in(buf_span(&good), order, version)))
		abort();
	buf_cleanup(&all);
	buf_cleanup(&good);
	buf_cleanup(&left);
}

/* An ecosystem, two ranges and a version, a line each. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct span lines[4];

	for (size_t i = 0; i < 4; i++)
		lines[i] = rest.p ? span_cut(&rest, '\n') : SPAN("");
	check(lines[0], lines[1], lines[2], lines[3]);
	return 0;
}
