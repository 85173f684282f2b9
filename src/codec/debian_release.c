/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/debian_release.h"

static const struct {
	struct span version;
	struct span codename;
} releases[] = {
	{SPAN_INIT("10"), SPAN_INIT("buster")},	  {SPAN_INIT("11"), SPAN_INIT("bullseye")},
	{SPAN_INIT("12"), SPAN_INIT("bookworm")}, {SPAN_INIT("13"), SPAN_INIT("trixie")},
	{SPAN_INIT("14"), SPAN_INIT("forky")},
};

struct span
debian_codename(struct span version)
{
	struct span rest = version;
	struct span major = rest.n ? span_cut(&rest, '.') : rest;

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		if (span_equal(major, releases[i].version))
			return releases[i].codename;
	}
	return SPAN("");
}
