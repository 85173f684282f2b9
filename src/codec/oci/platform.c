/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms: GOOS and GOARCH names, their other spellings, and what runs on what. */
#include "codec/oci.h"

#include <stdio.h>
#include <sys/utsname.h>

/* Other spellings of architectures, and the variant that goes without saying. */
static const struct {
	struct span name;
	struct span architecture;
	struct span variant;
} spellings[] = {
	{SPAN_INIT("x86_64"), SPAN_INIT("amd64"), SPAN_INIT("")},
	{SPAN_INIT("x86-64"), SPAN_INIT("amd64"), SPAN_INIT("")},
	{SPAN_INIT("i386"), SPAN_INIT("386"), SPAN_INIT("")},
	{SPAN_INIT("i486"), SPAN_INIT("386"), SPAN_INIT("")},
	{SPAN_INIT("i586"), SPAN_INIT("386"), SPAN_INIT("")},
	{SPAN_INIT("i686"), SPAN_INIT("386"), SPAN_INIT("")},
	{SPAN_INIT("aarch64"), SPAN_INIT("arm64"), SPAN_INIT("")},
	{SPAN_INIT("armhf"), SPAN_INIT("arm"), SPAN_INIT("v7")},
	{SPAN_INIT("armv8l"), SPAN_INIT("arm"), SPAN_INIT("v7")},
	{SPAN_INIT("armv7l"), SPAN_INIT("arm"), SPAN_INIT("v7")},
	{SPAN_INIT("armel"), SPAN_INIT("arm"), SPAN_INIT("v6")},
	{SPAN_INIT("armv6l"), SPAN_INIT("arm"), SPAN_INIT("v6")},
	{SPAN_INIT("armv5tel"), SPAN_INIT("arm"), SPAN_INIT("v5")},
	{SPAN_INIT("mips64el"), SPAN_INIT("mips64le"), SPAN_INIT("")},
	{SPAN_INIT("loongarch64"), SPAN_INIT("loong64"), SPAN_INIT("")},
};

/* The variant an architecture has when none is stated. Higher ones run lower ones. */
static const struct {
	struct span architecture;
	unsigned level;
} defaults[] = {
	{SPAN_INIT("amd64"), 1},
	{SPAN_INIT("arm64"), 8},
	{SPAN_INIT("arm"), 7},
};

static void
normalise(struct oci_platform *platform)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (!span_equal(platform->architecture, spellings[i].name))
			continue;
		platform->architecture = spellings[i].architecture;
		if (platform->variant.n == 0)
			platform->variant = spellings[i].variant;
		return;
	}
}

static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		      c == '.'))
			return false;
	}
	return s.n > 0;
}

int
oci_platform_parse(struct span text, struct arena *arena, struct oci_platform *ret, struct err *err)
{
	struct span rest = arena_copy(arena, text);
	struct oci_platform platform = {{NULL, 0}};

	if (!rest.p)
		return err_memory(err);
	platform.os = span_cut(&rest, '/');
	if (rest.p)
		platform.architecture = span_cut(&rest, '/');
	bool has_variant = rest.p != NULL;
	if (has_variant)
		platform.variant = rest;
	if (!is_word(platform.os) || !is_word(platform.architecture) ||
	    (has_variant && !is_word(platform.variant)))
		return err_set(err, ERR_USAGE,
			       "\"%.*s\" is no platform; wanted is OS/ARCH[/VARIANT], "
			       "for example linux/arm64",
			       text.n > 80 ? 80 : (int)text.n, text.p);
	normalise(&platform);
	*ret = platform;
	return 0;
}

struct oci_platform
oci_platform_host(const char *machine)
{
	/* the few architectures that uname(2) and Go spell alike */
	static const struct span same[] = {SPAN_INIT("s390x"), SPAN_INIT("ppc64le"),
					   SPAN_INIT("riscv64"), SPAN_INIT("mips64")};
	struct oci_platform platform = {.os = SPAN_INIT("linux")};
	struct utsname host;

	if (!machine)
		machine = uname(&host) == 0 ? host.machine : "";
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (span_equal(same[i], span_from(machine)))
			platform.architecture = same[i];
	}
	if (!platform.architecture.p) {
		platform.architecture = span_from(machine);
		normalise(&platform);
		if (platform.architecture.p == machine)
			platform.architecture = SPAN("unknown");
	}
	return platform;
}

struct span
oci_platform_text(const struct oci_platform *platform, struct arena *arena)
{
	struct span os = platform->os.n ? platform->os : SPAN("unknown");
	struct span architecture =
		platform->architecture.n ? platform->architecture : SPAN("unknown");

	return arena_printf(arena, "%.*s/%.*s%s%.*s", SPAN_ARG(os), SPAN_ARG(architecture),
			    platform->variant.n ? "/" : "", (int)platform->variant.n,
			    platform->variant.p ? platform->variant.p : "");
}

/* "v7" and "7" to 7; 0 when it is no such thing. */
static unsigned
level_of(struct span variant)
{
	uint64_t level;

	if (variant.n > 0 && variant.p[0] == 'v')
		variant = span_slice(variant, 1, variant.n);
	return span_to_u64(variant, &level) && level < 100 ? (unsigned)level : 0;
}

unsigned
oci_platform_rank(const struct oci_platform *wanted, const struct oci_platform *offered)
{
	enum { EXACT = 200 };
	struct oci_platform want = *wanted;
	struct oci_platform offer = *offered;
	unsigned base = 0;

	normalise(&want);
	normalise(&offer);
	if (!span_equal(want.os, offer.os) || !span_equal(want.architecture, offer.architecture))
		return 0;
	if (span_equal(want.variant, offer.variant))
		return EXACT;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (span_equal(defaults[i].architecture, want.architecture))
			base = defaults[i].level;
	}
	unsigned want_level = want.variant.n ? level_of(want.variant) : base;
	unsigned offer_level = offer.variant.n ? level_of(offer.variant) : base;
	if (want_level == 0 || offer_level == 0)
		return 0;
	if (want_level == offer_level)
		return EXACT - 1;
	return offer_level < want_level ? offer_level : 0;
}
