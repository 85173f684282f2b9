/* SPDX-License-Identifier: Apache-2.0 */
/*
 * https://go.dev/ref/mod#versions, and the toolchain's own: "go1.22.3", "1.21rc2". What follows a
 * blank there (experiments, a vendor) and other letters behind the numbers ("go1.18.1b7") do not
 * count.
 */
#include "codec/version_order/labels.h"
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"

static struct labelled
read(struct span text)
{
	struct span rest = span_trim(text);

	if (!part_skip_text(&rest, SPAN("go")))
		(void)part_skip(&rest, "v");
	struct labelled version = labels_read(span_slice(rest, 0, span_find(rest, ' ')), 0, false);
	version.splits = version.loose;
	if (version.loose && !version.wrong && !span_starts_with(version.labels, SPAN("alpha")) &&
	    !span_starts_with(version.labels, SPAN("beta")) &&
	    !span_starts_with(version.labels, SPAN("rc")))
		version.is_labelled = false;
	if (!version.is_labelled)
		version.labels.n = 0;
	return version;
}

int
golang_order_compare(struct span a, struct span b)
{
	struct labelled left = read(a);
	struct labelled right = read(b);

	return labels_compare(&left, a, &right, b);
}

int
golang_order_check(struct span text, struct err *err)
{
	struct labelled version = read(text);

	if (span_trim(text).n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	return version.wrong ? err_set(err, ERR_INVALID, "version: %s", version.wrong) : 0;
}
