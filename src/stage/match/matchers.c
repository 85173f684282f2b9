/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match/matcher.h"

#include "codec/deb_version.h"

/* Old images have VERSION_ID only. https://www.debian.org/releases/ */
static const struct {
	struct span version;
	struct span codename;
} debian_releases[] = {
	{SPAN_INIT("10"), SPAN_INIT("buster")},	  {SPAN_INIT("11"), SPAN_INIT("bullseye")},
	{SPAN_INIT("12"), SPAN_INIT("bookworm")}, {SPAN_INIT("13"), SPAN_INIT("trixie")},
	{SPAN_INIT("14"), SPAN_INIT("forky")},
};

static struct span
debian_release(const struct os_identity *os)
{
	struct span rest = os->version_id;
	struct span major = rest.n ? span_cut(&rest, '.') : rest;

	if (os->codename.n > 0)
		return os->codename;
	for (size_t i = 0; i < sizeof(debian_releases) / sizeof(debian_releases[0]); i++) {
		if (span_equal(major, debian_releases[i].version))
			return debian_releases[i].codename;
	}
	return (struct span){"", 0};
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
