/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as NuGet normalises them: one to four numbers, labels in any case. */
#include "codec/version_order/labels.h"
#include "codec/version_order/schemes.h"

enum { NUMBERS = 4 };

static struct labelled
read(struct span text)
{
	struct labelled version = labels_read(span_trim(text), NUMBERS, true);

	if (version.loose && !version.wrong)
		version.wrong = "no hyphen stands before the label";
	return version;
}

int
nuget_order_compare(struct span a, struct span b)
{
	struct labelled left = read(a);
	struct labelled right = read(b);

	return labels_compare(&left, a, &right, b);
}

int
nuget_order_check(struct span text, struct err *err)
{
	struct labelled version = read(text);

	if (span_trim(text).n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	return version.wrong ? err_set(err, ERR_INVALID, "version: %s", version.wrong) : 0;
}
