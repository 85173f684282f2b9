/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/distribution.h"

#define RPM(title, naming, ...)                                                                    \
	{                                                                                          \
		.name = SPAN_INIT(title), .ecosystem = SPAN_INIT("rpm"), .systems = {__VA_ARGS__}, \
		.order = SPAN_INIT("rpm"), .releases = naming, .by_binary = true,                  \
	}

#define LANGUAGE(title, kind, versions)                                                            \
	{                                                                                          \
		.name = SPAN_INIT(title), .ecosystem = SPAN_INIT(kind),                            \
		.order = SPAN_INIT(versions), .releases = RELEASE_ALL,                             \
	}

static const struct distribution distributions[] = {
	{
		.name = SPAN_INIT("alpine"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("alpine")},
		.order = SPAN_INIT("apk"),
		.releases = RELEASE_BRANCH,
	},
	{
		.name = SPAN_INIT("chainguard"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("chainguard")},
		.order = SPAN_INIT("apk"),
		.releases = RELEASE_ROLLING,
	},
	{
		.name = SPAN_INIT("debian"),
		.ecosystem = SPAN_INIT("dpkg"),
		.systems = {SPAN_INIT("debian")},
		.order = SPAN_INIT("dpkg"),
		.releases = RELEASE_CODENAME,
	},
	{
		.name = SPAN_INIT("ubuntu"),
		.ecosystem = SPAN_INIT("dpkg"),
		.systems = {SPAN_INIT("ubuntu")},
		.order = SPAN_INIT("dpkg"),
		.releases = RELEASE_WHOLE,
	},
	{
		.name = SPAN_INIT("wolfi"),
		.ecosystem = SPAN_INIT("apk"),
		.systems = {SPAN_INIT("wolfi")},
		.order = SPAN_INIT("apk"),
		.releases = RELEASE_ROLLING,
	},
	RPM("almalinux", RELEASE_MAJOR, SPAN_INIT("almalinux")),
	RPM("amazon", RELEASE_WHOLE, SPAN_INIT("amzn")),
	RPM("azurelinux", RELEASE_WHOLE, SPAN_INIT("azurelinux"), SPAN_INIT("mariner")),
	RPM("opensuse", RELEASE_WHOLE, SPAN_INIT("opensuse-leap"),
	    SPAN_INIT("opensuse-tumbleweed")),
	RPM("oracle", RELEASE_MAJOR, SPAN_INIT("ol")),
	RPM("redhat", RELEASE_MAJOR, SPAN_INIT("rhel"), SPAN_INIT("centos")),
	RPM("rocky", RELEASE_MAJOR, SPAN_INIT("rocky")),
	RPM("suse", RELEASE_WHOLE, SPAN_INIT("sles"), SPAN_INIT("sled"), SPAN_INIT("sle_hpc"),
	    SPAN_INIT("sles_sap")),
	LANGUAGE("bitnami", "generic", "generic"),
	LANGUAGE("cargo", "cargo", "semver"),
	LANGUAGE("composer", "composer", "composer"),
	LANGUAGE("gem", "gem", "gem"),
	LANGUAGE("golang", "golang", "golang"),
	LANGUAGE("maven", "maven", "maven"),
	LANGUAGE("npm", "npm", "semver"),
	LANGUAGE("nuget", "nuget", "nuget"),
	LANGUAGE("pypi", "pypi", "pypi"),
};

enum { DISTRIBUTIONS = sizeof(distributions) / sizeof(distributions[0]) };

static bool
is_language(const struct distribution *distribution)
{
	return distribution->systems[0].n == 0;
}

static bool
is_for(const struct distribution *distribution, struct span system)
{
	bool found = is_language(distribution);

	for (size_t i = 0; i < DISTRIBUTION_SYSTEMS && distribution->systems[i].n > 0; i++)
		found |= span_equal(distribution->systems[i], system);
	return found;
}

const struct distribution *
distribution_find(struct span name)
{
	for (size_t i = 0; i < DISTRIBUTIONS; i++) {
		if (span_equal(distributions[i].name, name))
			return &distributions[i];
	}
	return NULL;
}

const struct distribution *
distribution_for(struct span ecosystem, struct span system)
{
	for (size_t i = 0; i < DISTRIBUTIONS; i++) {
		if (span_equal(distributions[i].ecosystem, ecosystem) &&
		    is_for(&distributions[i], system))
			return &distributions[i];
	}
	return NULL;
}

const struct distribution *
distribution_of_system(struct span system)
{
	for (size_t i = 0; i < DISTRIBUTIONS; i++) {
		if (!is_language(&distributions[i]) && is_for(&distributions[i], system))
			return &distributions[i];
	}
	return NULL;
}

bool
distribution_is_of_system(struct span ecosystem)
{
	for (size_t i = 0; i < DISTRIBUTIONS; i++) {
		if (span_equal(distributions[i].ecosystem, ecosystem))
			return !is_language(&distributions[i]);
	}
	return false;
}

/* ---- releases ---- */

static const struct {
	struct span version;
	struct span codename;
} debian[] = {
	{SPAN_INIT("10"), SPAN_INIT("buster")},	  {SPAN_INIT("11"), SPAN_INIT("bullseye")},
	{SPAN_INIT("12"), SPAN_INIT("bookworm")}, {SPAN_INIT("13"), SPAN_INIT("trixie")},
	{SPAN_INIT("14"), SPAN_INIT("forky")},
};

struct span
debian_codename(struct span version)
{
	struct span rest = version;
	struct span major = rest.n ? span_cut(&rest, '.') : rest;

	for (size_t i = 0; i < sizeof(debian) / sizeof(debian[0]); i++) {
		if (span_equal(major, debian[i].version))
			return debian[i].codename;
	}
	return SPAN("");
}

/* "3.24.1" is v3.24. */
static struct span
branch_of(struct span version, struct arena *arena)
{
	struct span rest = version;
	struct span major = span_cut(&rest, '.');
	struct span minor = rest.n > 0 ? span_cut(&rest, '.') : SPAN("");

	if (span_equal(version, SPAN("edge")))
		return SPAN("edge");
	return major.n > 0 && minor.n > 0
		       ? arena_printf(arena, "v%.*s.%.*s", SPAN_ARG(major), SPAN_ARG(minor))
		       : SPAN("");
}

static struct span
release_of(const struct distribution *distribution, struct span version, struct arena *arena)
{
	if (distribution->releases == RELEASE_ROLLING)
		return SPAN("rolling");
	if (distribution->releases == RELEASE_ALL)
		return SPAN("all");
	if (version.n == 0)
		return SPAN("");
	if (distribution->releases == RELEASE_CODENAME)
		return debian_codename(version);
	if (distribution->releases == RELEASE_BRANCH)
		return branch_of(version, arena);
	return distribution->releases == RELEASE_MAJOR
		       ? span_slice(version, 0, span_find(version, '.'))
		       : version;
}

struct span
distribution_release_named(const struct distribution *distribution, struct span version,
			   struct arena *arena)
{
	bool part = distribution->releases == RELEASE_MAJOR && span_find(version, '.') < version.n;

	return part ? SPAN("") : release_of(distribution, version, arena);
}

struct span
distribution_release(const struct distribution *distribution, const struct os_identity *os,
		     struct arena *arena)
{
	/* Old images of Debian have VERSION_ID only. */
	if (distribution->releases == RELEASE_CODENAME && os->codename.n > 0)
		return os->codename;
	/* Alpine's edge has the version of the next release with "_alpha" and a date. */
	if (distribution->releases == RELEASE_BRANCH &&
	    (span_ends_with(os->pretty_name, SPAN(" edge")) ||
	     span_contains(os->version_id, SPAN("_alpha"))))
		return SPAN("edge");
	/* Tumbleweed's VERSION_ID is the date of a snapshot. */
	if (distribution->releases == RELEASE_WHOLE &&
	    span_equal(os->id, SPAN("opensuse-tumbleweed")))
		return SPAN("tumbleweed");
	return release_of(distribution, os->version_id, arena);
}
