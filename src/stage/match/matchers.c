/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match/matcher.h"

#include "codec/deb_version.h"
#include "codec/debian_release.h"

/* Old images have VERSION_ID only. */
static struct span
debian_release(const struct os_identity *os)
{
	return os->codename.n > 0 ? os->codename : debian_codename(os->version_id);
}

static int
debian_check(struct span version, struct err *err)
{
	struct deb_version parsed;

	return deb_version_parse(version, &parsed, err);
}

static const struct matcher matchers[] = {
	{
		.distribution = SPAN_INIT("debian"),
		.ecosystem = SPAN_INIT("dpkg"),
		.release = debian_release,
		.check = debian_check,
		.compare = deb_version_compare,
	},
};

const struct matcher *
matcher_find(struct span distribution)
{
	for (size_t i = 0; i < sizeof(matchers) / sizeof(matchers[0]); i++) {
		if (span_equal(matchers[i].distribution, distribution))
			return &matchers[i];
	}
	return NULL;
}
