/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match/matcher.h"

#include "codec/debian_release.h"

/* Old images have VERSION_ID only. */
static struct span
debian_release(const struct os_identity *os, struct arena *arena)
{
	(void)arena;
	return os->codename.n > 0 ? os->codename : debian_codename(os->version_id);
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

/* "9" of "9.4". */
static struct span
major_release(const struct os_identity *os, struct arena *arena)
{
	struct span rest = os->version_id;

	(void)arena;
	return rest.n ? span_cut(&rest, '.') : rest;
}

/* "22.04", "2023", "15.6" */
static struct span
whole_release(const struct os_identity *os, struct arena *arena)
{
	(void)arena;
	return os->version_id.p ? os->version_id : SPAN("");
}

/* Tumbleweed's VERSION_ID is the date of a snapshot. */
static struct span
opensuse_release(const struct os_identity *os, struct arena *arena)
{
	return span_equal(os->id, SPAN("opensuse-tumbleweed")) ? SPAN("tumbleweed")
							       : whole_release(os, arena);
}

/* A language's libraries and single programs have no releases of a distribution. */
static struct span
no_release(const struct os_identity *os, struct arena *arena)
{
	(void)os;
	(void)arena;
	return SPAN("all");
}

#define RPM_MATCHER(name, release_of, ...)                                                         \
	{                                                                                          \
		.distribution = SPAN_INIT(name), .ecosystem = SPAN_INIT("rpm"),                    \
		.systems = {__VA_ARGS__}, .order = SPAN_INIT("rpm"), .release = release_of,        \
		.by_binary = true,                                                                 \
	}

#define UNIVERSAL_MATCHER(name, ecosystem_name, order_name)                                        \
	{                                                                                          \
		.distribution = SPAN_INIT(name), .ecosystem = SPAN_INIT(ecosystem_name),           \
		.order = SPAN_INIT(order_name), .release = no_release,                             \
	}

static const struct matcher matchers[] = {
	{
		.distribution = SPAN_INIT("alpine"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("alpine")},
		.order = SPAN_INIT("apk"),
		.release = alpine_release,
	},
	{
		.distribution = SPAN_INIT("chainguard"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("chainguard")},
		.order = SPAN_INIT("apk"),
		.release = rolling_release,
	},
	{
		.distribution = SPAN_INIT("debian"),
		.ecosystem = SPAN_INIT("dpkg"),
		.systems = {SPAN_INIT("debian")},
		.order = SPAN_INIT("dpkg"),
		.release = debian_release,
	},
	{
		.distribution = SPAN_INIT("ubuntu"),
		.ecosystem = SPAN_INIT("dpkg"),
		.systems = {SPAN_INIT("ubuntu")},
		.order = SPAN_INIT("dpkg"),
		.release = whole_release,
	},
	{
		.distribution = SPAN_INIT("wolfi"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("wolfi")},
		.order = SPAN_INIT("apk"),
		.release = rolling_release,
	},
	RPM_MATCHER("almalinux", major_release, SPAN_INIT("almalinux")),
	RPM_MATCHER("amazon", whole_release, SPAN_INIT("amzn")),
	RPM_MATCHER("azurelinux", whole_release, SPAN_INIT("azurelinux"), SPAN_INIT("mariner")),
	RPM_MATCHER("opensuse", opensuse_release, SPAN_INIT("opensuse-leap"),
		    SPAN_INIT("opensuse-tumbleweed")),
	RPM_MATCHER("oracle", major_release, SPAN_INIT("ol")),
	RPM_MATCHER("redhat", major_release, SPAN_INIT("rhel"), SPAN_INIT("centos")),
	RPM_MATCHER("rocky", major_release, SPAN_INIT("rocky")),
	RPM_MATCHER("suse", whole_release, SPAN_INIT("sles"), SPAN_INIT("sled"),
		    SPAN_INIT("sle_hpc"), SPAN_INIT("sles_sap")),
	UNIVERSAL_MATCHER("bitnami", "generic", "generic"),
	UNIVERSAL_MATCHER("cargo", "cargo", "semver"),
	UNIVERSAL_MATCHER("composer", "composer", "composer"),
	UNIVERSAL_MATCHER("gem", "gem", "gem"),
	UNIVERSAL_MATCHER("golang", "golang", "golang"),
	UNIVERSAL_MATCHER("maven", "maven", "maven"),
	UNIVERSAL_MATCHER("npm", "npm", "semver"),
	UNIVERSAL_MATCHER("nuget", "nuget", "nuget"),
	UNIVERSAL_MATCHER("pypi", "pypi", "pypi"),
};

enum { MATCHERS = sizeof(matchers) / sizeof(matchers[0]) };

static bool
is_for(const struct matcher *matcher, struct span system)
{
	bool found = matcher_is_universal(matcher);

	for (size_t i = 0; i < MATCHER_SYSTEMS && matcher->systems[i].n > 0; i++)
		found |= span_equal(matcher->systems[i], system);
	return found;
}

const struct matcher *
matcher_find(struct span ecosystem, struct span system)
{
	for (size_t i = 0; i < MATCHERS; i++) {
		if (span_equal(matchers[i].ecosystem, ecosystem) && is_for(&matchers[i], system))
			return &matchers[i];
	}
	return NULL;
}

const struct matcher *
matcher_of_system(struct span system)
{
	for (size_t i = 0; i < MATCHERS; i++) {
		if (!matcher_is_universal(&matchers[i]) && is_for(&matchers[i], system))
			return &matchers[i];
	}
	return NULL;
}

const struct matcher *
matcher_of_feed(struct span distribution)
{
	for (size_t i = 0; i < MATCHERS; i++) {
		if (span_equal(matchers[i].distribution, distribution))
			return &matchers[i];
	}
	return NULL;
}

bool
matcher_is_of_system(struct span ecosystem)
{
	for (size_t i = 0; i < MATCHERS; i++) {
		if (span_equal(matchers[i].ecosystem, ecosystem))
			return !matcher_is_universal(&matchers[i]);
	}
	return false;
}
