/* SPDX-License-Identifier: Apache-2.0 */
/* https://semver.org/spec/v2.0.0.html */
#include "codec/version_order/labels.h"
#include "codec/version_order/schemes.h"

#include "codec/version_order/parts.h"

static struct labelled
read(struct span text)
{
	struct span rest = span_trim(text);

	while (part_skip(&rest, "=vV "))
		;
	return labels_read(rest, 0, false);
}

int
semver_order_compare(struct span a, struct span b)
{
	struct labelled left = read(a);
	struct labelled right = read(b);

	return labels_compare(&left, a, &right, b);
}

int
semver_order_check(struct span text, struct err *err)
{
	struct labelled version = read(text);

	if (span_trim(text).n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	return version.wrong ? err_set(err, ERR_INVALID, "version: %s", version.wrong) : 0;
}
