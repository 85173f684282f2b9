/* SPDX-License-Identifier: Apache-2.0 */
/* One advisory of Trivy's database: of a system, of Red Hat, or of a language. */
#include "stage/update/from_trivy.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/affected.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RELEASES = 100 };

/* What is handed on can be read again. */
static void
judge(const struct join *join)
{
	for (size_t i = 0; i < join->rows.count; i++) {
		const struct advisory *advisory = &join->rows.items[i].advisory;
		struct span rest = advisory->affected;
		struct affected affected;
		struct err err = ERR_INIT;
		int r = 0;

		while (advisory->state == ADVISORY_RANGES &&
		       (r = affected_next(&rest, &affected, &err)) > 0)
			;
		if (r < 0 || (advisory->state == ADVISORY_RANGES && advisory->affected.n == 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct span kinds[] = {
		SPAN_INIT("rocky"), SPAN_INIT("redhat"), SPAN_INIT("gem"),   SPAN_INIT("npm"),
		SPAN_INIT("pypi"),  SPAN_INIT("maven"),	 SPAN_INIT("cargo"), SPAN_INIT("nuget"),
	};
	static uint32_t releases[RELEASES];
	CLEANUP(join_cleanup) struct join join = {.arena = NULL};
	struct others_feed feed = {.name = SPAN("x")};
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	size_t kind = data[0] % (sizeof(kinds) / sizeof(kinds[0]));
	const struct trivy_advisory context = {
		.feed = &feed,
		.join = &join,
		.of = distribution_find(kinds[kind]),
		.release = SPAN("9"),
		.releases = kind == 1 ? releases : NULL,
		.release_count = RELEASES,
	};
	const struct span text = {(const char *)data + 1, size - 1};

	for (uint32_t i = 0; i < RELEASES; i++)
		releases[i] = i;
	if (join_start(&join, context.of, &err) < 0)
		return 0;
	/* Twice, so that rows are united. */
	for (int i = 0; i < 2; i++) {
		int r = kind < 2 ? trivy_advisory_add(&context, SPAN("RHSA-1"), text, &err)
				 : trivy_range_add(&context, SPAN("CVE-2026-1001"), text, &err);
		if (r < 0)
			return 0;
	}
	judge(&join);
	return 0;
}
