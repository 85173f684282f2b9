/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match/matcher.h"

#include "codec/apk_version.h"
#include "codec/deb_version.h"
#include "codec/debian_release.h"

/* Old images have VERSION_ID only. */
static struct span
debian_release(const struct os_identity *os, struct arena *arena)
{
	(void)arena;
	return os->codename.n > 0 ? os->codename : debian_codename(os->version_id);
}

static int
debian_check(struct span version, struct err *err)
{
	struct deb_version parsed;

	return deb_version_parse(version, &parsed, err);
}

/* "3.24.1" is v3.24; edge has the version of the next release with "_alpha" and a date. */
static struct span
alpine_release(const struct os_identity *os, struct arena *arena)
{
	struct span rest = os->version_id;

	if (span_ends_with(os->pretty_name, SPAN(" edge")) || span_contains(rest, SPAN("_alpha")))
		return SPAN("edge");
	struct span major = rest.n ? span_cut(&rest, '.') : rest;
	if (major.n == 0 || rest.n == 0)
		return SPAN("");
	struct span minor = span_cut(&rest, '.');
	return minor.n ? arena_printf(arena, "v%.*s.%.*s", SPAN_ARG(major), SPAN_ARG(minor))
		       : SPAN("");
}

/* One that never ends: the feed names none. */
static struct span
rolling_release(const struct os_identity *os, struct arena *arena)
{
	(void)os;
	(void)arena;
	return SPAN("rolling");
}

static const struct matcher matchers[] = {
	{
		.distribution = SPAN_INIT("alpine"),
		.ecosystem = SPAN_INIT("apk"),
		.release = alpine_release,
		.check = apk_version_check,
		.compare = apk_version_compare,
	},
	{
		.distribution = SPAN_INIT("chainguard"),
		.ecosystem = SPAN_INIT("apk"),
		.release = rolling_release,
		.check = apk_version_check,
		.compare = apk_version_compare,
	},
	{
		.distribution = SPAN_INIT("debian"),
		.ecosystem = SPAN_INIT("dpkg"),
		.release = debian_release,
		.check = debian_check,
		.compare = deb_version_compare,
	},
	{
		.distribution = SPAN_INIT("wolfi"),
		.ecosystem = SPAN_INIT("apk"),
		.release = rolling_release,
		.check = apk_version_check,
		.compare = apk_version_compare,
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
